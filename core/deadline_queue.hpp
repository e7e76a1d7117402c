#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include <kith/time.hpp>

namespace kith {

/// What is due when: at most one deadline a key.  Keys with equal deadlines come in key order, so
/// that the same inputs give the same outputs.  Every operation is O(log n).
template <class Key>
class DeadlineQueue {
 public:
  /// Sets or moves the deadline of `key`.
  void set(const Key& key, TimePoint deadline) {
    auto [it, added] = deadlines_.try_emplace(key, deadline);
    if (!added) {
      if (it->second == deadline) return;
      order_.erase({it->second, key});
      it->second = deadline;
    }
    order_.emplace(deadline, key);
  }

  void cancel(const Key& key) {
    auto it = deadlines_.find(key);
    if (it == deadlines_.end()) return;
    order_.erase({it->second, key});
    deadlines_.erase(it);
  }

  /// The earliest deadline, or nothing.
  [[nodiscard]] std::optional<TimePoint> next() const {
    if (order_.empty()) return std::nullopt;
    return order_.begin()->first;
  }

  /// Takes out the first key whose deadline is at or before `now`, or nothing.
  [[nodiscard]] std::optional<Key> pop_due(TimePoint now) {
    if (order_.empty() || order_.begin()->first > now) return std::nullopt;
    Key key = order_.begin()->second;
    order_.erase(order_.begin());
    deadlines_.erase(key);
    return key;
  }

  [[nodiscard]] std::optional<TimePoint> deadline_of(const Key& key) const {
    auto it = deadlines_.find(key);
    if (it == deadlines_.end()) return std::nullopt;
    return it->second;
  }

  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  std::map<Key, TimePoint> deadlines_;
  std::set<std::pair<TimePoint, Key>> order_;
};

}  // namespace kith
