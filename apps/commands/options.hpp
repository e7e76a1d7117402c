#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "apps/config/flags.hpp"

/// Options that more than one command takes.
namespace kith::apps {

/// Adds `--config` and the flags of the settings `names` to `command`.
void add_settings(CLI::App& command, Flags& flags, std::initializer_list<std::string_view> names);

/// Those of a command that starts a client (`apps/client_node.hpp`).
void add_client_settings(CLI::App& command, Flags& flags);

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

/// Refuses an empty name of a file; empty if there is one.
[[nodiscard]] std::string complaint_about_no_name(const std::string& file);

/// Refuses what is no name of a subject; empty if it is one.
[[nodiscard]] std::string complaint_about_subject(const std::string& name);
/// The same of one that we want to send or receive on.
[[nodiscard]] std::string complaint_about_own_subject(const std::string& name);

}  // namespace kith::apps
