#include "routing/health.hpp"

#include <algorithm>

namespace kith::routing {
namespace {

constexpr Duration kRttMin{1};
constexpr Duration kRttMax{16'000'000};
// What a busy machine may add; RFC 6298 calls it the clock granularity.
constexpr Duration kTimeoutMargin{10'000};
constexpr std::uint32_t kMissedMax = 0xff;

}  // namespace

void Health::on_rtt(Duration sample) {
  const auto measured = static_cast<std::int64_t>(std::clamp(sample, kRttMin, kRttMax).count());
  auto smoothed = static_cast<std::int64_t>(rtt_us_);
  auto variation = static_cast<std::int64_t>(variation_us_);
  if (rtt_us_ == 0) {
    smoothed = measured;
    variation = measured / 2;
  } else {
    const std::int64_t error = measured - smoothed;
    variation += ((error < 0 ? -error : error) - variation) / 4;
    smoothed = std::max<std::int64_t>(smoothed + error / 8, kRttMin.count());
  }
  rtt_us_ = static_cast<std::uint32_t>(smoothed);
  variation_us_ = static_cast<std::uint32_t>(variation) & 0xff'ffffU;
  missed_ = 0;
}

void Health::on_missed_ping() {
  if (missed_ < kMissedMax) missed_ = (missed_ + 1U) & kMissedMax;
}

std::optional<Duration> Health::rtt() const {
  if (rtt_us_ == 0) return std::nullopt;
  return Duration(rtt_us_);
}

Duration Health::timeout(Duration unmeasured) const {
  if (rtt_us_ == 0) return unmeasured;
  return Duration(rtt_us_) + std::max(4 * variation(), kTimeoutMargin);
}

}  // namespace kith::routing
