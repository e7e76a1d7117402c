#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/config/settings.hpp"

namespace kith::apps {

/// What was said on the command line.  Must stay where it is while the command line is read.
struct Flags {
  std::optional<std::string> config;
  std::map<std::string_view, std::vector<std::string>> values;

  /// Whether the setting `name` was said there.
  [[nodiscard]] bool say(std::string_view name) const;
};

/// Flags over environment (`KITH_*`) over the configuration file over `settings`.  Throws
/// `Failure`.
[[nodiscard]] Settings load_settings(const Flags& flags, Settings settings = {});

}  // namespace kith::apps
