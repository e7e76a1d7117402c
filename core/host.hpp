#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kith {

inline constexpr std::size_t kHostBytesMax = 253;

/// Whether `text` can be the host of an address: a name, an IPv4 address, or an IPv6 address
/// without brackets.  It need not exist.
[[nodiscard]] constexpr bool is_host(std::string_view text) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  };
  return !text.empty() && text.size() <= kHostBytesMax && !text.starts_with('-') &&
         std::ranges::all_of(text, is_allowed);
}

}  // namespace kith
