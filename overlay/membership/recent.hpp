#pragma once

#include <cstddef>
#include <deque>
#include <set>
#include <utility>

#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

namespace kith::overlay {

/// The last tokens that went through our hands, each by its node and uuid, so that each is passed
/// on once.  By the node too, for whoever issues a token may give it the uuid of another's.
/// Bounded: the oldest is forgotten first.
class RecentlySeen {
 public:
  explicit RecentlySeen(std::size_t most) : most_(most) {}

  /// Whether the token is seen for the first time, as far as we remember.
  bool add(const Fingerprint& node, const Uuid& uuid) {
    if (!seen_.emplace(node, uuid).second) return false;
    order_.emplace_back(node, uuid);
    if (order_.size() > most_) {
      seen_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

  /// The token will count as new once more.
  void forget(const Fingerprint& node, const Uuid& uuid) {
    const Name name(node, uuid);
    if (seen_.erase(name) > 0) std::erase(order_, name);
  }

 private:
  using Name = std::pair<Fingerprint, Uuid>;

  std::size_t most_;
  std::set<Name> seen_;
  std::deque<Name> order_;
};

}  // namespace kith::overlay
