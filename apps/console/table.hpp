#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kith::apps {

/// Rows of text in columns that are as wide as they must be, for people.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

  /// @pre as many cells as there are headings
  void add(std::vector<std::string> cells);

  /// All lines, each with its line break.  Cells are shown without control characters.
  [[nodiscard]] std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// `name  value` lines, the values below each other.
[[nodiscard]] std::string in_two_columns(
    const std::vector<std::pair<std::string, std::string>>& lines);

}  // namespace kith::apps
