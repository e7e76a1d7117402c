#include "overlay/session/replay_guard.hpp"

#include "core/assert.hpp"

namespace kith::overlay {

ReplayGuard::ReplayGuard(std::size_t keys_most) : keys_most_(keys_most) {
  KITH_ASSERT(keys_most > 0);
}

Result<void> ReplayGuard::admit(const crypto::DhPublicKey& key, WallTime time, WallTime now) {
  if (time > now + kDialTimeAheadMost) return std::unexpected(Errc::out_of_range);
  const auto known = greatest_.find(key);
  if (time <= (known != greatest_.end() ? known->second : least_of_unknown())) {
    return std::unexpected(Errc::replayed);
  }
  if (known != greatest_.end()) {
    by_time_.erase({known->second, key});
    known->second = time;
  } else {
    if (greatest_.size() == keys_most_) forget_least();
    greatest_.emplace(key, time);
  }
  by_time_.emplace(time, key);
  return {};
}

/// What the time of an unknown key must be greater than: every time that is forgotten, or will be
/// to make room for it.
WallTime ReplayGuard::least_of_unknown() const {
  return greatest_.size() < keys_most_ ? forgotten_ : by_time_.begin()->first;
}

void ReplayGuard::forget_least() {
  const auto least = by_time_.begin();
  forgotten_ = least->first;
  greatest_.erase(least->second);
  by_time_.erase(least);
}

}  // namespace kith::overlay
