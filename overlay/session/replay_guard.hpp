#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <utility>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

/// Remembers the greatest time per dialer's static key, so that a recorded first message opens
/// nothing twice (docs/protocol.md §4.4).  Only who has confirmed a session is remembered: others
/// cost a connection each, and say whatever they like.  When it is full it forgets the key with the
/// least time; whose time is forgotten is as good as unknown, and an unknown key is admitted.  That
/// harms nobody, as who replays can confirm nothing.
class ReplayGuard {
 public:
  /// @pre keys_max > 0
  explicit ReplayGuard(std::size_t keys_max = 16'384);

  /// Whether `time` is greater than what is remembered: `Errc::replayed` if not.
  /// `Errc::out_of_range` if it is more than `kClockSkewMax` ahead of `now`.
  [[nodiscard]] Result<void> check(const crypto::DhPublicKey& key, WallTime time,
                                   WallTime now) const;

  /// Remembers `time`, once the session that began with it is confirmed.
  void remember(const crypto::DhPublicKey& key, WallTime time);

  [[nodiscard]] std::size_t size() const { return greatest_.size(); }

 private:
  std::size_t keys_max_;
  std::map<crypto::DhPublicKey, WallTime> greatest_;
  std::set<std::pair<WallTime, crypto::DhPublicKey>> by_time_;
};

}  // namespace kith::overlay
