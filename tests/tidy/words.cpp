#include "tests/tidy/words.hpp"

#include <cctype>

namespace kith::tidy {
namespace {

bool names(std::string_view include, std::string_view prefix) {
  if (prefix.ends_with('$')) return include == prefix.substr(0, prefix.size() - 1);
  return include.starts_with(prefix);
}

}  // namespace

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool holds_phrase(std::string_view line, std::string_view phrase) {
  const bool any_beginning = phrase.starts_with('*');
  if (any_beginning) phrase.remove_prefix(1);
  const bool any_end = phrase.ends_with('*');
  if (any_end) phrase.remove_suffix(1);

  for (auto at = line.find(phrase); at != std::string_view::npos; at = line.find(phrase, at + 1)) {
    const auto end = at + phrase.size();
    const bool begins =
        any_beginning || at == 0 || !is_word(phrase.front()) || !is_word(line[at - 1]);
    const bool ends =
        any_end || end == line.size() || !is_word(phrase.back()) || !is_word(line[end]);
    if (begins && ends) return true;
  }
  return false;
}

void forbid_phrases(const Subject& subject, const std::vector<std::string>& lines,
                    std::span<const std::string_view> phrases, Findings& findings) {
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (const std::string_view phrase : phrases)
      if (holds_phrase(lines[i], phrase))
        findings.push_back(
            {subject.file.path, static_cast<int>(i) + 1, "names " + std::string(phrase)});
}

void forbid_includes(const Subject& subject, std::span<const std::string_view> prefixes,
                     Findings& findings) {
  for (const Include& include : subject.views.includes)
    for (const std::string_view prefix : prefixes)
      if (names(include.name, prefix))
        findings.push_back({subject.file.path, include.line, "includes " + include.name});
}

}  // namespace kith::tidy
