#include "apps/client_node.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <kith/address.hpp>

#include "apps/console/wording.hpp"
#include "apps/control/client.hpp"
#include "apps/dial_advice.hpp"
#include "apps/node_settings.hpp"

namespace kith::apps {
namespace {

constexpr const char* kNoEntrance =
    "no node to join through: say --join kith://FINGERPRINT@HOST:PORT (the line that 'kith up' "
    "prints), or start a node here with: kith up";

/// The addresses of the one node that runs here.
std::vector<std::string> local_entrances(const std::string& control) {
  boost::json::object status;
  try {
    status = ask_node(control, AskStatus{});
  } catch (const Failure& failure) {
    if (failure.code() == ExitCode::usage)
      throw Failure(ExitCode::usage,
                    fmt::format("{}; or --join the node of your choice", failure.what()));
    throw Failure(ExitCode::no_node, kNoEntrance);
  }
  std::vector<std::string> addresses;
  for (const auto& address : status.at("addresses").as_array())
    addresses.emplace_back(address.as_string());
  return addresses;
}

}  // namespace

Settings load_client_settings(const Flags& flags, Settings defaults) {
  Settings settings = load_settings(flags, std::move(defaults));
  if (!flags.say("listen")) settings.listen.clear();
  if (!flags.say("advertise")) settings.advertise.clear();
  return settings;
}

Settings load_joining_settings(const Flags& flags, bool quiet) {
  Settings settings =
      load_client_settings(flags, {.log_level = quiet ? LogLevel::error : LogLevel::warning});
  if (settings.join.empty()) settings.join = local_entrances(settings.control);
  return settings;
}

NodeConfig client_config(const Settings& settings, std::vector<std::string> entrances) {
  NodeConfig config = node_config(settings, Participation::client);
  config.join = std::move(entrances);
  for (const std::string& entrance : config.join) {
    const auto address = Address::parse(entrance);
    if (config.keys && address && address->node == config.keys->node()) {
      throw Failure(ExitCode::usage,
                    fmt::format("{} is the key of the very node to join through; a client needs "
                                "another key, or none: see --key, KITH_KEY and the configuration",
                                settings.key));
    }
  }
  return config;
}

bool is_hopeless(const Node& node, const Settings& settings) {
  const auto failure = node.status().join_failure;
  return settings.join.size() == 1 && (failure == Errc::refused || failure == Errc::wrong_key);
}

Failure not_taken_in(const Node& node, const Settings& settings, Duration waited) {
  const NodeStatus status = node.status();
  if (status.join_failure == Errc::refused && status.join_step == JoinStep::handshake) {
    return {
        ExitCode::not_authorized,
        fmt::format("{} answers, and does not take us in: {}", fmt::join(settings.join, ", "),
                    advice_on({*status.join_step, *status.join_failure}, EntranceFlow::hidden))};
  }
  if (status.join_failure == Errc::refused) {
    return {
        ExitCode::not_authorized,
        fmt::format("not authorized: {} does not let this identity in; --key or --identity names "
                    "one that it knows, --identity-token shows that the realm's leader does",
                    fmt::join(settings.join, ", "))};
  }
  if (status.join_failure == Errc::deferred) {
    return {ExitCode::not_authorized,
            fmt::format("not authorized yet: {} has asked the realm's leader whether to let this "
                        "identity in, and has no answer after {}; the leader's node may be "
                        "offline: try again later, or wait longer with --join-timeout",
                        fmt::join(settings.join, ", "), for_people(waited))};
  }
  if (status.join_failure == Errc::wrong_key) {
    return {ExitCode::no_node,
            fmt::format("another node than {} names answers there: its 'kith up' prints who it is, "
                        "and without --key that changes with each start",
                        fmt::join(settings.join, ", "))};
  }
  if (status.join_failure == Errc::changed_node) {
    return {ExitCode::no_node,
            fmt::format("another node answers at {} than the one that did at first; "
                        "kith://FINGERPRINT@HOST:PORT says which one is meant",
                        fmt::join(settings.join, ", "))};
  }
  return {ExitCode::no_node,
          fmt::format("no node took us in within {}: tried {}; is one running there?",
                      for_people(waited), fmt::join(settings.join, ", "))};
}

}  // namespace kith::apps
