#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "apps/config/settings.hpp"

namespace kith::apps {

inline constexpr std::size_t kConfigBytesMax = std::size_t{1} << 20;

/// Reads the text of a configuration file: TOML, flat, the keys being names of settings.  Checks
/// keys and types; `apply` checks the values.  On failure one line: "file:line: what is wrong".
[[nodiscard]] std::expected<std::vector<Assignment>, Complaint> parse_config(
    std::string_view text, std::string_view file_name);

}  // namespace kith::apps
