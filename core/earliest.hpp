#pragma once

#include <initializer_list>
#include <optional>

#include <kith/time.hpp>

namespace kith {

/// The earliest of `deadlines`; nothing if there is none.
[[nodiscard]] constexpr std::optional<TimePoint> earliest(
    std::initializer_list<std::optional<TimePoint>> deadlines) {
  std::optional<TimePoint> first;
  for (const std::optional<TimePoint>& deadline : deadlines)
    if (deadline && (!first || *deadline < *first)) first = deadline;
  return first;
}

}  // namespace kith
