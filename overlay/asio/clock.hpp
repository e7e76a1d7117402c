#pragma once

#include <chrono>

#include <kith/time.hpp>

namespace kith::overlay {

/// The two clocks of this machine, read together.
[[nodiscard]] inline Instant read_clocks() {
  using std::chrono::time_point_cast;
  const auto steady = time_point_cast<Duration>(std::chrono::steady_clock::now());
  const auto wall = time_point_cast<Duration>(std::chrono::system_clock::now());
  return {TimePoint(steady.time_since_epoch()), WallTime(wall.time_since_epoch())};
}

/// `time` as a timer of the system takes it.
[[nodiscard]] inline std::chrono::steady_clock::time_point to_steady(TimePoint time) {
  return std::chrono::steady_clock::time_point(time.time_since_epoch());
}

}  // namespace kith::overlay
