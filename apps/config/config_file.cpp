#include "apps/config/config_file.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "apps/config/nearest.hpp"

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_HEADER_ONLY 1
#include <toml++/impl/preprocessor.h>
// toml++ 3.3 asserts, or takes for granted, what a file need not keep to: "[=" ends the program.
// The code behind these places reports an error as it should.
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_ASSERT_ASSUME(expression) static_assert(true)
#include <toml++/toml.h>

namespace kith::apps {
namespace {

using Type = Setting::Type;

/// Text of a file, fit to stand in one line of an error.
std::string printable(std::string_view text) {
  constexpr std::size_t kBytesMax = 80;
  std::string shown(text.substr(0, kBytesMax));
  std::ranges::replace_if(shown, [](char c) { return c >= 0 && (c < ' ' || c == '\x7F'); }, '?');
  return shown;
}

/// The line of the first character that is not ASCII, counted from 1, or nothing.  Where such a one
/// stands outside of a string, toml++ 3.3 runs into what its compiler may take to be unreachable.
std::optional<std::ptrdiff_t> line_of_foreign_character(std::string_view text) {
  const auto foreign = std::ranges::find_if(text, [](char c) { return (c & 0x80) != 0; });
  if (foreign == text.end()) return std::nullopt;
  return 1 + std::count(text.begin(), foreign, '\n');
}

Complaint unknown_key(std::string_view key) {
  std::vector<std::string_view> names;
  for (const Setting& setting : all_settings()) names.push_back(setting.name);
  std::string complaint = fmt::format("unknown key '{}'", printable(key));
  if (const auto meant = nearest(key, names))
    return complaint + fmt::format(": did you mean '{}'?", *meant);
  return complaint + fmt::format("; known are {}", fmt::join(names, ", "));
}

std::optional<std::vector<std::string>> texts_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return std::vector{text->get()};
  const auto* list = node.as_array();
  if (list == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& element : *list) {
    const auto* text = element.as_string();
    if (text == nullptr) return std::nullopt;
    texts.push_back(text->get());
  }
  return texts;
}

std::optional<std::string> seconds_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{:f}", number->get());
  return std::nullopt;
}

/// The values of `node` if it is of the type that `setting` has.
std::expected<std::vector<std::string>, Complaint> values_of(const Setting& setting,
                                                             const toml::node& node) {
  switch (setting.type) {
    case Type::text:
      if (const auto* text = node.as_string()) return std::vector{text->get()};
      return std::unexpected("must be text in quotes");
    case Type::texts:
      if (auto texts = texts_of(node)) return std::move(*texts);
      return std::unexpected("must be text in quotes, or a list of such: [\"…\", \"…\"]");
    case Type::seconds:
      if (auto seconds = seconds_of(node)) return std::vector{std::move(*seconds)};
      return std::unexpected("must be a number of seconds, or text like \"200ms\"");
  }
  std::unreachable();
}

}  // namespace

std::expected<std::vector<Assignment>, Complaint> parse_config(std::string_view text,
                                                               std::string_view file_name) {
  const auto fail = [&](const toml::source_region& where, std::string_view what) {
    return std::unexpected(fmt::format("{}:{}: {}", file_name, where.begin.line, what));
  };
  if (text.size() > kConfigBytesMax)
    return std::unexpected(
        fmt::format("{}:1: longer than 1 MiB: this is no configuration", file_name));
  if (const auto line = line_of_foreign_character(text)) {
    return std::unexpected(fmt::format(
        "{}:{}: holds a character that is not ASCII; in text it can be written as \\uXXXX",
        file_name, *line));
  }
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) return fail(parsed.error().source(), printable(parsed.error().description()));

  std::vector<Assignment> assignments;
  for (const auto& [key, node] : parsed.table()) {
    const Setting* setting = find_setting(key.str());
    if (setting == nullptr) return fail(key.source(), unknown_key(key.str()));
    auto values = values_of(*setting, node);
    if (!values) return fail(node.source(), fmt::format("{} {}", key.str(), values.error()));
    assignments.push_back(
        {.setting = setting,
         .values = std::move(*values),
         .origin = fmt::format("{}:{}: {}", file_name, node.source().begin.line, key.str())});
  }
  return assignments;
}

}  // namespace kith::apps
