#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace kith::apps {

/// How many letters must be added, removed, changed or swapped with their neighbour to make `b` of
/// `a`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `known` that is most like `word`: what was meant by a typing error.  Nothing if none
/// is like it at all.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> known);

}  // namespace kith::apps
