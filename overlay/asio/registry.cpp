#include "overlay/asio/registry.hpp"

#include "overlay/exchange/limits.hpp"

namespace kith::overlay {

Result<void> Registry::add_subscription(const Wish& wish, const Fingerprint& audience) {
  const std::lock_guard lock(mutex_);
  if (handles_ >= handles_max_) return std::unexpected(Errc::limit_reached);
  const auto [it, is_new] = subscribed_.try_emplace(wish, Shared{audience});
  if (!is_new && it->second.audience != audience) return std::unexpected(Errc::wrong_audience);
  if (it->second.subscriptions >= kChannelsPerPublisherAndPeerMax)
    return std::unexpected(Errc::limit_reached);
  ++it->second.subscriptions;
  ++handles_;
  return {};
}

void Registry::remove_subscription(const Wish& wish) {
  const std::lock_guard lock(mutex_);
  const auto it = subscribed_.find(wish);
  if (it == subscribed_.end()) return;
  --handles_;
  if (--it->second.subscriptions == 0) subscribed_.erase(it);
}

Result<void> Registry::add_publisher(const Wish& wish) {
  const std::lock_guard lock(mutex_);
  if (handles_ >= handles_max_) return std::unexpected(Errc::limit_reached);
  if (!published_.insert(wish).second) return std::unexpected(Errc::limit_reached);
  ++handles_;
  return {};
}

void Registry::remove_publisher(const Wish& wish) {
  const std::lock_guard lock(mutex_);
  if (published_.erase(wish) > 0) --handles_;
}

}  // namespace kith::overlay
