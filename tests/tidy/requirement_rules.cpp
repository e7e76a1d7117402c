#include "tests/tidy/requirement_rules.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/tidy/places.hpp"
#include "tests/tidy/words.hpp"

namespace kith::tidy {
namespace {

constexpr std::string_view kPage = "docs/protocol.md";

/// The numbers that the test is named after, by "Suite.Name" without them; a suite alone has those
/// of all its tests.
using Tests = std::map<std::string, std::set<int>, std::less<>>;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(mark);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// The number of "R17", if `text` begins like that; takes it away.
std::optional<int> take_number(std::string_view& text) {
  if (text.size() < 2 || text.front() != 'R' || !is_digit(text[1])) return std::nullopt;
  int number = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::string_view word_at(std::string_view text) {
  return text.substr(
      0, static_cast<std::size_t>(std::ranges::find_if_not(text, is_word) - text.begin()));
}

void add_test(std::string_view suite, std::string_view name, Tests& tests) {
  std::set<int> numbers;
  std::string_view rest = name;
  while (const auto number = take_number(rest)) {
    if (!rest.starts_with('_')) break;
    rest.remove_prefix(1);
    numbers.insert(*number);
    name = rest;
  }
  tests[std::string(suite)].insert(numbers.begin(), numbers.end());
  tests[std::string(suite) + '.' + std::string(name)] = std::move(numbers);
}

/// `TEST(Suite, Name)` and its kin; the names may stand on the next line.
void add_cpp_tests(std::string_view text, Tests& tests) {
  for (auto at = text.find("\nTEST"); at != std::string_view::npos; at = text.find("\nTEST", at)) {
    at += 1;
    const auto open = text.find('(', at);
    const auto close = text.find(')', at);
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
    const auto names = split(text.substr(open + 1, close - open - 1), ',');
    if (names.size() == 2)
      add_test(word_at(names[0]), word_at(names[1].substr(names[1].find_first_not_of("\n "))),
               tests);
  }
}

/// The methods `test_…` of each class.
void add_python_tests(const std::vector<std::string>& lines, Tests& tests) {
  std::string suite;
  for (const std::string& line : lines) {
    std::string_view rest = line;
    if (rest.starts_with("class ")) suite = word_at(rest.substr(6));
    rest = trimmed(rest);
    if (rest.starts_with("async ")) rest.remove_prefix(6);
    if (rest.starts_with("def test_")) add_test(suite, word_at(rest.substr(4)), tests);
  }
}

Tests tests_of(const Tree& tree) {
  Tests tests;
  for (const SourceFile& file : tree.files) {
    if (!is_test(file.path)) continue;
    if (file.path.ends_with(".cpp")) add_cpp_tests("\n" + file.text, tests);
    if (file.path.ends_with(".py")) add_python_tests(views_of(file.text).raw, tests);
  }
  return tests;
}

/// One row of the page: number, what, where in the protocol, files, tests.
void check_row(const Tree& tree, const Tests& tests, int number, std::string_view row, int line,
               Findings& findings) {
  const auto complain = [&](std::string what) {
    findings.push_back({std::string(kPage), line, std::move(what)});
  };
  const auto cells = split(row, '|');
  if (cells.size() != 7) return complain("is no row of five columns");
  for (std::size_t i = 2; i < 6; ++i)
    if (cells[i].empty()) complain("has an empty column");
  for (std::string_view name : split(cells[4], ',')) {
    std::string path(name);
    std::erase(path, '`');
    if (tree.find(path) == nullptr) complain("names the file " + path + ", which is not there");
  }
  bool is_named = false;
  for (const std::string_view name : split(cells[5], ',')) {
    const auto found = tests.find(name);
    if (found == tests.end())
      complain("names the test " + std::string(name) + ", which is not there");
    else
      is_named = is_named || found->second.contains(number);
  }
  if (!is_named) complain("names no test that bears the number");
}

}  // namespace

void check_requirements(const Tree& tree, Findings& findings) {
  const SourceFile* page = tree.find(kPage);
  if (page == nullptr) return findings.push_back({std::string(kPage), 0, "is not there"});
  const Tests tests = tests_of(tree);
  std::map<int, int> rows;
  const std::vector<std::string> lines = views_of(page->text).raw;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view rest = lines[i];
    if (!rest.starts_with("| R")) continue;
    rest.remove_prefix(2);
    const auto number = take_number(rest);
    if (!number) continue;
    ++rows[*number];
    check_row(tree, tests, *number, lines[i], static_cast<int>(i) + 1, findings);
  }
  for (int number = 1; number <= kRequirements; ++number)
    if (rows[number] != 1)
      findings.push_back(
          {std::string(kPage), 0,
           "has " + std::to_string(rows[number]) + " rows for R" + std::to_string(number)});
  if (!rows.empty() && rows.rbegin()->first > kRequirements)
    findings.push_back({std::string(kPage), 0, "has a row beyond the last requirement"});
}

}  // namespace kith::tidy
