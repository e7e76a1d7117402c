#pragma once

#include <deque>
#include <optional>
#include <utility>

namespace kith {

/// Takes out the first of `queue`; nothing if it is empty.
template <class T>
[[nodiscard]] std::optional<T> take_front(std::deque<T>& queue) {
  if (queue.empty()) return std::nullopt;
  std::optional<T> first(std::move(queue.front()));
  queue.pop_front();
  return first;
}

}  // namespace kith
