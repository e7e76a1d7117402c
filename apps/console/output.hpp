#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kith::apps {

/// Writes all of `bytes` to standard output.  Throws `ReaderGone` if it is a pipe that nobody reads
/// any more, `Failure` if the system refuses (a full disk).
void write_output(std::string_view bytes);

/// The same, and a line break behind it.
void write_line(std::string_view line);

/// Writes `bytes` to standard error, as far as they can be.
void write_error(std::string_view bytes);

/// One line for the user on standard error, beginning with the program's name.
void complain(std::string_view line);

/// Whether a person looks at standard error, so that progress may be drawn there.
[[nodiscard]] bool is_terminal_for_progress();

/// How wide the terminal at standard error is; nothing if it is none, or does not know.
[[nodiscard]] std::optional<int> error_columns();

/// `text` without what a terminal would obey: control characters become `?`.
[[nodiscard]] std::string without_controls(std::string_view text);

}  // namespace kith::apps
