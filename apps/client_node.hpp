#pragma once

#include <chrono>
#include <string>

#include <CLI/CLI.hpp>
#include <kith/node.hpp>

#include "apps/config/flags.hpp"
#include "apps/failure.hpp"

/// What `kith pub` and `kith sub` have in common: a short-lived node of their own, a client of the
/// overlay.
namespace kith::apps {

void add_client_settings(CLI::App& command, Flags& flags);

/// What `flags` say.  Where they name no node to join through, the one that runs on this machine is
/// taken.  Throws `Failure` if there is none.
/// With `quiet` the log has errors only, unless they say otherwise.
[[nodiscard]] Settings load_client_settings(const Flags& flags, bool quiet);

/// How often somebody who waits to be taken in looks whether it is hopeless.
inline constexpr Duration kLookInterval = std::chrono::milliseconds(100);

/// Whether the only node to join through has said no, or is another one.
[[nodiscard]] bool is_hopeless(const Node& node, const Settings& settings);

/// Why the overlay has not taken the node in within `waited`, as the end of a command.
[[nodiscard]] Failure not_taken_in(const Node& node, const Settings& settings, Duration waited);

/// A line for the user on standard error about how it goes, unless `quiet`.
class Narrator {
 public:
  explicit Narrator(bool quiet) : quiet_(quiet) {}

  void tell(const std::string& line) const;
  /// How long ago the command began.
  [[nodiscard]] Duration elapsed() const;

 private:
  bool quiet_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace kith::apps
