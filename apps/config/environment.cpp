#include "apps/config/environment.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "apps/config/nearest.hpp"

namespace kith::apps {
namespace {

constexpr std::string_view kPrefix = "KITH_";
constexpr std::string_view kFileVariable = "KITH_CONFIG";
constexpr std::size_t kTypingErrorsMax = 1;

std::vector<std::string> divided(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    if (comma > 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

std::unexpected<Complaint> unknown(std::string_view variable, std::string_view meant) {
  return std::unexpected(fmt::format("unknown variable {}: did you mean {}?", variable, meant));
}

/// The variable that was meant by `variable`, if it was one of ours.
const Setting* meant_by(std::string_view variable) {
  const auto likeness = [&](const Setting& setting) {
    return edit_distance(variable, variable_of(setting.name));
  };
  const auto settings = all_settings();
  const auto best = std::ranges::min_element(settings, {}, likeness);
  return likeness(*best) <= kTypingErrorsMax ? &*best : nullptr;
}

}  // namespace

std::string variable_of(std::string_view name) {
  std::string variable(kPrefix);
  for (const char c : name)
    variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

std::expected<std::vector<Assignment>, Complaint> parse_environment(
    std::span<const std::string_view> entries) {
  std::vector<Assignment> assignments;
  for (const std::string_view entry : entries) {
    const auto equals = entry.find('=');
    if (!entry.starts_with(kPrefix) || equals == std::string_view::npos) continue;
    const std::string_view variable = entry.substr(0, equals);
    const std::string_view value = entry.substr(equals + 1);
    // The name of the file that stands below the environment: no setting, and read by then.
    if (variable == kFileVariable || value.empty()) continue;
    if (edit_distance(variable, kFileVariable) <= kTypingErrorsMax)
      return unknown(variable, kFileVariable);
    const Setting* meant = meant_by(variable);
    if (meant == nullptr) continue;
    const std::string known = variable_of(meant->name);
    if (variable != known) return unknown(variable, known);
    assignments.push_back({.setting = meant,
                           .values = meant->type == Setting::Type::texts
                                         ? divided(value)
                                         : std::vector{std::string(value)},
                           .origin = std::string(variable)});
  }
  return assignments;
}

}  // namespace kith::apps
