#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <kith/time.hpp>

#include "overlay/engine_output.hpp"

namespace kith::overlay {

/// What the log says of those that are turned away: a line for each, but no more than ten a second,
/// so that strangers do not fill a disk.
class TurnedAwayLog {
 public:
  /// The lines that are due.
  [[nodiscard]] std::vector<std::string> on(const TurnedAway& turned, TimePoint now);

 private:
  TimePoint since_;
  /// From then on, within a second.
  std::uint64_t count_ = 0;
};

}  // namespace kith::overlay
