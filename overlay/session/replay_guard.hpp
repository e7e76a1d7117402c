#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

/// How far a dialer's time may be ahead of ours.  Without a limit a few keys could fill the guard
/// with times that never get old.
inline constexpr Duration kDialTimeAheadMost = std::chrono::hours(24);

/// Remembers the greatest time per dialer's static key, so that a recorded first message opens
/// nothing twice (docs/protocol.md §4.4).  When it is full it forgets the key with the least time,
/// and admits no unknown key whose time is not greater: it may refuse a slow clock, it never admits
/// a replay.
class ReplayGuard {
 public:
  /// @pre keys_most > 0
  explicit ReplayGuard(std::size_t keys_most = 16'384);

  /// Remembers `time` if it is greater than any before it.  `Errc::replayed` if not,
  /// `Errc::out_of_range` if it is too far ahead of `now`.
  [[nodiscard]] Result<void> admit(const crypto::DhPublicKey& key, WallTime time, WallTime now);

  [[nodiscard]] std::size_t size() const { return greatest_.size(); }

 private:
  [[nodiscard]] WallTime least_of_unknown() const;
  void forget_least();

  std::size_t keys_most_;
  std::map<crypto::DhPublicKey, WallTime> greatest_;
  std::set<std::pair<WallTime, crypto::DhPublicKey>> by_time_;
  /// The greatest time that was forgotten.
  WallTime forgotten_ = WallTime::min();
};

}  // namespace kith::overlay
