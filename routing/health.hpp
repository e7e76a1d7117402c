#pragma once

#include <cstdint>
#include <optional>

#include <kith/time.hpp>

namespace kith::routing {

/// How well a peer answers: its round trip, smoothed as RFC 6298 §2 does, and the pings it missed
/// since it last gave a sign of life.  Eight bytes, for there are many.
class Health {
 public:
  /// A round trip took `sample`; it is clamped to [1 µs, 16 s].  Also a sign of life.
  void on_rtt(Duration sample);
  void on_alive() { missed_ = 0; }
  void on_missed_ping();

  /// The smoothed round trip, if there ever was one.
  [[nodiscard]] std::optional<Duration> rtt() const;
  /// The smoothed deviation of the round trip from its mean.
  [[nodiscard]] Duration variation() const { return Duration(variation_us_); }
  /// How long to wait for an answer; `unmeasured` if no round trip is known.
  [[nodiscard]] Duration timeout(Duration unmeasured) const;

  [[nodiscard]] std::uint32_t missed_pings() const { return missed_; }
  /// To be avoided while others can do its work.
  [[nodiscard]] bool is_suspect() const { return missed_ > 0; }

 private:
  std::uint32_t rtt_us_ = 0;  // 0: never measured.
  std::uint32_t variation_us_ : 24 = 0;
  std::uint32_t missed_ : 8 = 0;
};
static_assert(sizeof(Health) == 8);

}  // namespace kith::routing
