#pragma once

#include <chrono>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

namespace kith {

/// A node or an identity that a node has nothing to do with, and until when.
struct Blocked {
  Fingerprint who;
  WallTime until;

  friend bool operator==(const Blocked&, const Blocked&) = default;
};

/// The longest that somebody is blocked at once.
inline constexpr Duration kBlockLifeMax = std::chrono::hours(24 * 365 * 100);

}  // namespace kith
