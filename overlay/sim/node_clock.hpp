#pragma once

#include <cstdint>

#include <kith/time.hpp>

#include "core/assert.hpp"

namespace kith::sim {

/// The clocks of one node, made from virtual time.  Its timers run fast or slow by `drift_ppm`; its
/// wall clock stands wrong by `offset` besides, which may jump.
class NodeClock {
 public:
  explicit NodeClock(std::int32_t drift_ppm = 0, Duration offset = {})
      : drift_ppm_(drift_ppm), offset_(offset) {
    KITH_ASSERT(drift_ppm > -kMillion && drift_ppm < kMillion);
  }

  [[nodiscard]] Instant at(TimePoint virtual_time) const {
    const TimePoint local(local_time(virtual_time.time_since_epoch()));
    return {.time = local, .wall = WallTime(kStart + local.time_since_epoch() + offset_)};
  }

  /// The first virtual time at which this node's timers show `local` or later.
  [[nodiscard]] TimePoint virtual_time_of(TimePoint local) const {
    const Duration wanted = local.time_since_epoch();
    if (drift_ppm_ == 0) return local;
    Duration time = wanted - Duration(wanted.count() / (kMillion + drift_ppm_) * drift_ppm_);
    while (local_time(time) >= wanted) time -= Duration(1);
    while (local_time(time) < wanted) time += Duration(1);
    return TimePoint(time);
  }

  void set_offset(Duration offset) { offset_ = offset; }

 private:
  static constexpr std::int32_t kMillion = 1'000'000;
  /// 2025-01-01 00:00 UTC.
  static constexpr Duration kStart = std::chrono::seconds(1'735'689'600);

  [[nodiscard]] Duration local_time(Duration time) const {
    // Divided first, so that centuries do not overflow.
    const std::int64_t seconds = time.count() / kMillion;
    const std::int64_t rest = time.count() % kMillion;
    return time + Duration(seconds * drift_ppm_ + rest * drift_ppm_ / kMillion);
  }

  std::int32_t drift_ppm_;
  Duration offset_;
};

}  // namespace kith::sim
