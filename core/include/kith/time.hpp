#pragma once

#include <chrono>
#include <cstdint>

namespace kith {

/// All spans of time are counted in microseconds.
using Duration = std::chrono::microseconds;

/// The clock of timers: it never goes back and says nothing of the date.  It has no `now()`: time
/// is an argument, and only a driver may read a clock.
struct ProtocolClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<ProtocolClock, Duration>;
  static constexpr bool is_steady = true;
};

/// The clock of token dates: microseconds since 1970 UTC.  It may jump.
struct WallClock {
  using rep = Duration::rep;
  using period = Duration::period;
  using duration = Duration;
  using time_point = std::chrono::time_point<WallClock, Duration>;
  static constexpr bool is_steady = false;
};

using TimePoint = ProtocolClock::time_point;
using WallTime = WallClock::time_point;

/// What a driver tells with every input: the two clocks read together.
struct Instant {
  TimePoint time;
  WallTime wall;
};

}  // namespace kith
