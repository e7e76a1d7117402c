#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <kith/node.hpp>

#include "apps/config/flags.hpp"
#include "apps/failure.hpp"

/// What `kith pub`, `kith sub` and `kith dial` have in common: a short-lived node of their own, a
/// client of the overlay.
namespace kith::apps {

/// As `load_settings`, but for where to listen only flags count: file and environment may be those
/// of a node that runs here.
[[nodiscard]] Settings load_client_settings(const Flags& flags, Settings defaults);

/// The same.  Where nothing names a node to join through, the one that runs on this machine is
/// taken.  Throws `Failure` if there is none.
/// With `quiet` the log has errors only, unless they say otherwise.
[[nodiscard]] Settings load_joining_settings(const Flags& flags, bool quiet);

/// A client that enters through `entrances`.  Throws `Failure`, also if its key is that of one of
/// them.
[[nodiscard]] NodeConfig client_config(const Settings& settings,
                                       std::vector<std::string> entrances);

/// How often somebody who waits to be taken in looks whether it is hopeless.
inline constexpr Duration kLookInterval = std::chrono::milliseconds(100);

/// Whether the only node to join through has said no, or is another one.
[[nodiscard]] bool is_hopeless(const Node& node, const Settings& settings);

/// Why the overlay has not taken the node in within `waited`, as the end of a command.
[[nodiscard]] Failure not_taken_in(const Node& node, const Settings& settings, Duration waited);

}  // namespace kith::apps
