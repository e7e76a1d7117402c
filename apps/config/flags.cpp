#include "apps/config/flags.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

#include "apps/config/config_file.hpp"
#include "apps/config/environment.hpp"
#include "apps/failure.hpp"

namespace kith::apps {
namespace {

/// The value of an outcome; a failure of usage otherwise.
template <class T>
T or_fail(std::expected<T, Complaint> outcome) {
  if (!outcome) throw Failure(ExitCode::usage, outcome.error());
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

std::string read_config(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kConfigBytesMax + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file && file.gcount() == 0 && !file.eof()))
    throw Failure(ExitCode::usage,
                  fmt::format("cannot read the configuration {}: {}", path, std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string config_path(const Flags& flags) {
  if (flags.config) {
    if (flags.config->empty())
      throw Failure(ExitCode::usage, "--config must be a file name, not ''");
    return *flags.config;
  }
  const char* path = std::getenv("KITH_CONFIG");
  return path == nullptr ? "" : path;
}

std::vector<Assignment> assignments_of(const Flags& flags) {
  std::vector<Assignment> assignments;
  for (const auto& [name, values] : flags.values) {
    if (values.empty()) continue;
    assignments.push_back(
        {.setting = find_setting(name), .values = values, .origin = fmt::format("--{}", name)});
  }
  return assignments;
}

}  // namespace

bool Flags::say(std::string_view name) const {
  const auto found = values.find(name);
  return found != values.end() && !found->second.empty();
}

Settings load_settings(const Flags& flags, Settings settings) {
  if (const std::string path = config_path(flags); !path.empty())
    or_fail(apply_source(or_fail(parse_config(read_config(path), path)), settings));
  std::vector<std::string_view> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) entries.emplace_back(*entry);
  or_fail(apply_source(or_fail(parse_environment(entries)), settings));
  or_fail(apply_source(assignments_of(flags), settings));
  or_fail(check_together(settings));
  return settings;
}

}  // namespace kith::apps
