#pragma once

#include <kith/time.hpp>
#include <kith/token.hpp>

namespace kith::overlay {

/// Gives the attempts of a dialer their times: the wall clock's, but each greater than the one
/// before, so that a clock set back a little locks nobody out (docs/protocol.md §4.4).  It never
/// runs further ahead of the wall clock than listeners bear: after a great step back it starts
/// anew, as what it said before the step was too far ahead for whoever's clock is right.  Strict
/// per static key: one clock for all dials of a node.
class DialClock {
 public:
  DialClock() = default;
  /// Goes on after `last`, the time of an attempt before this start.
  explicit DialClock(WallTime last) : last_(last) {}

  [[nodiscard]] WallTime next(WallTime now) {
    const WallTime following = last_ + Duration(1);
    last_ = following > now && following <= now + kClockSkewMax ? following : now;
    return last_;
  }

 private:
  WallTime last_{};
};

}  // namespace kith::overlay
