#pragma once

#include <kith/time.hpp>

namespace kith::overlay {

/// Peers and their sessions are looked at in steps, those of one step together: whoever has two
/// hundred would be woken every fifth of a second otherwise.
inline constexpr Duration kLookStep{500'000};

/// The first step at or after `time`.
[[nodiscard]] constexpr TimePoint at_step(TimePoint time) {
  const Duration since = time.time_since_epoch();
  return TimePoint((since + kLookStep - Duration(1)) / kLookStep * kLookStep);
}

}  // namespace kith::overlay
