#pragma once

#include <algorithm>

#include <kith/time.hpp>

namespace kith::overlay {

/// Gives the attempts of a dialer their times: the wall clock's, but each greater than the one
/// before, so that a clock set back locks nobody out (docs/protocol.md §4.4).  Strict per static
/// key: one clock for all dials of a node.
class DialClock {
 public:
  DialClock() = default;
  /// Goes on after `last`, the time of an attempt before this start.
  explicit DialClock(WallTime last) : last_(last) {}

  [[nodiscard]] WallTime next(WallTime now) {
    last_ = std::max(now, last_ + Duration(1));
    return last_;
  }

 private:
  WallTime last_{};
};

}  // namespace kith::overlay
