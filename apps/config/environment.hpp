#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/config/settings.hpp"

namespace kith::apps {

/// Reads `NAME=value` entries: `KITH_LOG_LEVEL` sets `log-level`; lists are divided by commas.
/// A variable that is set to nothing counts as not set.
///
/// One that is almost a known one is an error, which names it; others that begin with `KITH_` may
/// mean something to somebody else.
[[nodiscard]] std::expected<std::vector<Assignment>, Complaint> parse_environment(
    std::span<const std::string_view> entries);

/// The variable of the setting `name`.
[[nodiscard]] std::string variable_of(std::string_view name);

}  // namespace kith::apps
