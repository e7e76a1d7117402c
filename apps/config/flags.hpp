#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/config/settings.hpp"

namespace kith::apps {

/// What was said on the command line.  Must stay where it is while the command line is read.
struct Flags {
  std::optional<std::string> config;
  std::map<std::string_view, std::vector<std::string>> values;

  /// Whether the setting `name` was said there.
  [[nodiscard]] bool say(std::string_view name) const;
};

/// Adds `--config` and the flags of the settings `names` to `command`.
void add_settings(CLI::App& command, Flags& flags, std::initializer_list<std::string_view> names);

/// Flags over environment (`KITH_*`) over the configuration file over `settings`.  Throws
/// `Failure`.
[[nodiscard]] Settings load_settings(const Flags& flags, Settings settings = {});

/// Adds an option that takes a span of time, of `most` at most.
CLI::Option* add_duration(CLI::App& command, const std::string& name, Duration& value,
                          const std::string& help, Duration most = Duration::max());

/// Adds an option that takes a fingerprint, or a public key, which is written in the same way.
CLI::Option* add_fingerprint(CLI::App& command, const std::string& name, Fingerprint& value,
                             const std::string& help);

/// Adds an option that takes `host:port` or `tcp://host:port`.
CLI::Option* add_address(CLI::App& command, const std::string& name, std::string& value,
                         const std::string& help);

struct CountRange {
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};

/// Adds an option that takes a whole number.
CLI::Option* add_count(CLI::App& command, const std::string& name, std::uint64_t& value,
                       CountRange range, const std::string& help);

/// Which flag stands without its value.
[[nodiscard]] std::string complaint_about_number(const CLI::ArgumentMismatch& error);

/// What the subcommand that `program` has read cannot do without.
[[nodiscard]] std::string complaint_about_gap(const CLI::App& program,
                                              const CLI::RequiredError& error);

/// Refuses an empty name of a file; empty if there is one.
[[nodiscard]] std::string complaint_about_no_name(const std::string& file);

/// Refuses what is no name of a subject; empty if it is one.
[[nodiscard]] std::string complaint_about_subject(const std::string& name);
/// The same of one that we want to send or receive on.
[[nodiscard]] std::string complaint_about_own_subject(const std::string& name);

/// What is not a flag of the subcommand that `program` has read, with what was perhaps meant;
/// empty if there is nothing of the kind.
[[nodiscard]] std::string complaint_about_strangers(const CLI::App& program);

}  // namespace kith::apps
