#include "apps/console/table.hpp"

#include <algorithm>
#include <cstddef>

#include "apps/console/output.hpp"
#include "core/assert.hpp"

namespace kith::apps {
namespace {

/// How many characters `text` shows, if it is UTF-8.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void append_padded(std::string& line, const std::string& cell, std::size_t columns) {
  line += cell;
  line.append(columns - std::min(columns, width(cell)), ' ');
}

}  // namespace

void Table::add(std::vector<std::string> cells) {
  KITH_ASSERT(cells.size() == rows_.front().size());
  for (std::string& cell : cells) cell = without_controls(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::to_string() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) append_padded(line, row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string in_two_columns(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t widest = 0;
  for (const auto& [name, value] : lines) widest = std::max(widest, width(name));
  std::string text;
  for (const auto& [name, value] : lines) {
    append_padded(text, name, widest + 2);
    text += without_controls(value) + '\n';
  }
  return text;
}

}  // namespace kith::apps
