#pragma once

#include <cstddef>
#include <string>

namespace kith::apps {

/// All that is in the file `path`, or comes on standard input if that is `-`.  Throws `Failure`,
/// also if it is more than `bytes_max`.
[[nodiscard]] std::string read_input(const std::string& path, std::size_t bytes_max);

/// `text` as it was given, or what comes on standard input if that is `-`, without spaces and line
/// breaks around it.  So a secret need not stand among the arguments, which others can see.
[[nodiscard]] std::string text_or_input(const std::string& text, std::size_t bytes_max);

/// Without spaces and line breaks around it.
[[nodiscard]] std::string trimmed(const std::string& text);

}  // namespace kith::apps
