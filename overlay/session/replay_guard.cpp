#include "overlay/session/replay_guard.hpp"

#include <kith/token.hpp>

#include "core/assert.hpp"

namespace kith::overlay {

ReplayGuard::ReplayGuard(std::size_t keys_max) : keys_max_(keys_max) { KITH_ASSERT(keys_max > 0); }

Result<void> ReplayGuard::check(const crypto::DhPublicKey& key, WallTime time, WallTime now) const {
  if (time > now + kClockSkewMax) return std::unexpected(Errc::out_of_range);
  const auto known = greatest_.find(key);
  if (known != greatest_.end() && time <= known->second) return std::unexpected(Errc::replayed);
  return {};
}

void ReplayGuard::remember(const crypto::DhPublicKey& key, WallTime time) {
  const auto [known, is_new] = greatest_.try_emplace(key, time);
  if (!is_new) {
    if (time <= known->second) return;
    by_time_.erase({known->second, key});
    known->second = time;
  }
  by_time_.emplace(time, key);
  if (greatest_.size() <= keys_max_) return;
  const auto least = by_time_.begin();
  greatest_.erase(least->second);
  by_time_.erase(least);
}

}  // namespace kith::overlay
