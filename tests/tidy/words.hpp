#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/rules.hpp"

namespace kith::tidy {

[[nodiscard]] bool is_digit(char c);
/// A letter, a digit or an underscore.
[[nodiscard]] bool is_word(char c);

/// Whether `line` holds `phrase` as whole words.  A star at its end stands for any end of the last
/// word, one at its beginning for any beginning of the first.
[[nodiscard]] bool holds_phrase(std::string_view line, std::string_view phrase);

/// Adds a finding for each line that holds one of `phrases`.
void forbid_phrases(const Subject& subject, const std::vector<std::string>& lines,
                    std::span<const std::string_view> phrases, Findings& findings);

/// Adds a finding for each `#include` whose name begins with one of `prefixes`; one that ends in
/// `$` must match whole.
void forbid_includes(const Subject& subject, std::span<const std::string_view> prefixes,
                     Findings& findings);

}  // namespace kith::tidy
