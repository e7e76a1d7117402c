#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include <kith/node.hpp>

namespace kith::apps {

/// What a node may call with its log lines: they go to standard error, with the time, if they are
/// of `least` or above.  Nothing: no line at all.
[[nodiscard]] std::function<void(LogLevel, std::string_view)> log_to_stderr(
    std::optional<LogLevel> least);

}  // namespace kith::apps
