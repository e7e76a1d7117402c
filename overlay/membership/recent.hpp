#pragma once

#include <cstddef>
#include <deque>
#include <set>

#include <kith/token.hpp>

namespace kith::overlay {

/// The last tokens that went through our hands, by their uuid, so that each is passed on once.
/// Bounded: the oldest is forgotten first.
class RecentlySeen {
 public:
  explicit RecentlySeen(std::size_t most) : most_(most) {}

  /// Whether `uuid` is seen for the first time, as far as we remember.
  bool add(const Uuid& uuid) {
    if (!seen_.insert(uuid).second) return false;
    order_.push_back(uuid);
    if (order_.size() > most_) {
      seen_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }

  /// `uuid` will count as new once more.
  void forget(const Uuid& uuid) { seen_.erase(uuid); }

 private:
  std::size_t most_;
  std::set<Uuid> seen_;
  std::deque<Uuid> order_;
};

}  // namespace kith::overlay
