#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <kith/address.hpp>
#include <kith/node.hpp>

#include "apps/client_node.hpp"
#include "apps/command.hpp"
#include "apps/config/flags.hpp"
#include "apps/console/interrupts.hpp"
#include "apps/console/json.hpp"
#include "apps/console/output.hpp"
#include "apps/console/wording.hpp"
#include "apps/dial_advice.hpp"
#include "apps/node_settings.hpp"
#include "overlay/asio/addresses.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct DialOptions {
  Flags flags;
  std::string address;
  EntranceFlow flow = EntranceFlow::hidden;
  bool as_json = false;
};

/// What came of one endpoint.
struct Attempt {
  std::string endpoint;
  std::optional<NodePeer> peer{};       ///< Who let us in.
  std::optional<DialFailure> failed{};  ///< Nothing, without a peer either: time was up before.
};

/// Enters through `endpoint` alone.
Attempt try_endpoint(const DialOptions& options, const Settings& settings, const Endpoint& endpoint,
                     const Interrupts& interrupts) {
  const Narrator clock(true);
  Attempt attempt{.endpoint = endpoint.to_string()};
  NodeConfig config = node_config(settings, Participation::client);
  const auto node_named = Address::parse(options.address)->node;
  config.join = {node_named ? fmt::format("kith://{}@{}", node_named->to_string(), attempt.endpoint)
                            : fmt::format("tcp://{}", attempt.endpoint)};
  config.entrance_flow = options.flow;
  const Node node(std::move(config));
  while (clock.elapsed() < settings.join_timeout && !interrupts.wait_for(kLookInterval)) {
    if (auto peers = node.peers(); !peers.empty()) {
      attempt.peer = std::move(peers.front());
      break;
    }
    const NodeStatus status = node.status();
    if (!status.join_failure) continue;
    attempt.failed = {.step = *status.join_step, .why = *status.join_failure};
    break;
  }
  return attempt;
}

std::string_view reached(const Attempt& attempt) {
  if (attempt.peer) return "joined";
  return attempt.failed ? step_before(attempt.failed->step) : "resolved";
}

std::string explanation(const DialOptions& options, const Attempt& attempt) {
  if (!attempt.failed) return "time was up; --join-timeout waits longer";
  return advice_on(*attempt.failed, options.flow);
}

json::object to_json(const DialOptions& options, const Attempt& attempt) {
  json::object object;
  object["endpoint"] = attempt.endpoint;
  object["reached"] = reached(attempt);
  if (attempt.peer) {
    object["node"] = attempt.peer->node.to_string();
  } else {
    object["error"] = name(attempt.failed ? attempt.failed->why : Errc::timed_out);
    object["explanation"] = explanation(options, attempt);
  }
  return object;
}

void tell(const DialOptions& options, const Attempt& attempt) {
  std::string line = fmt::format("{}: {}", attempt.endpoint, reached(attempt));
  if (attempt.peer)
    line += fmt::format(" through {}", attempt.peer->node.to_string());
  else
    line += fmt::format(", then: {}: {}",
                        describe(attempt.failed ? attempt.failed->why : Errc::timed_out),
                        explanation(options, attempt));
  write_line(without_controls(line));
}

ExitCode code_of(const Attempt& attempt) {
  if (attempt.peer) return ExitCode::ok;
  return attempt.failed ? code_of(*attempt.failed) : ExitCode::timed_out;
}

/// Where the address leads, as the system's resolver says.
std::vector<Endpoint> resolve(const DialOptions& options) {
  try {
    return overlay::resolve("address", options.address);
  } catch (const StartError& error) {
    if (options.as_json)
      write_json(json::object{{"address", options.address}, {"attempts", json::array()}});
    throw Failure(ExitCode::no_node, error.what());
  }
}

ExitCode dial(const DialOptions& options) {
  Interrupts interrupts;
  interrupts.listen({});
  // A session has 10 s for each step; then the node says at which it failed.
  const Settings settings =
      load_settings(options.flags, {.join_timeout = std::chrono::seconds(35), .log_level = {}});
  json::array attempts;
  ExitCode code = ExitCode::no_node;
  for (const Endpoint& endpoint : resolve(options)) {
    const Attempt attempted = try_endpoint(options, settings, endpoint, interrupts);
    code = code_of(attempted);
    if (options.as_json)
      attempts.push_back(to_json(options, attempted));
    else
      tell(options, attempted);
    if (code == ExitCode::ok || interrupts.requested()) break;
  }
  if (options.as_json)
    write_json(json::object{{"address", options.address}, {"attempts", std::move(attempts)}});
  return code;
}

EntranceFlow parse_flow(const std::string& letter) {
  if (letter == "H") return EntranceFlow::hidden;
  if (letter == "S") return EntranceFlow::sealed;
  if (letter == "O") return EntranceFlow::open;
  throw CLI::ValidationError("--flow", "must be H, S or O");
}

constexpr const char* kFooter =
    R"(Joins as a client would, says how far that came for each endpoint of the address, and leaves:

  resolved    the address is known; no connection came about
  connected   somebody listens there; the two have not proven themselves to each other
  proven      it is a node and has seen our token; it did not let us join
  joined      all is well

Why the other side said no it tells nobody: its own log does.

Examples:
  kith dial kith://FINGERPRINT@192.0.2.7:3141
  kith dial --flow S --key node.key kith://FINGERPRINT@192.0.2.7:3141
  kith dial --json 192.0.2.7:3141 | jq -r '.attempts[-1].reached'
)";

}  // namespace

void add_dial(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("dial", "Whether a node can be reached and joined");
  command->footer(kFooter);
  const auto options = std::make_shared<DialOptions>();
  command->add_option("NODE", options->address, "The address of the node")
      ->required()
      ->check([](const std::string& text) {
        const auto address = Address::parse(text);
        return address && address->port != 0
                   ? ""
                   : "must be an address like kith://FINGERPRINT@127.0.0.1:3141 or tcp://host:port";
      });
  command
      ->add_option_function<std::string>(
          "--flow", [options](const std::string& letter) { options->flow = parse_flow(letter); },
          "How to go about it: H (show ourselves to who has proven itself), S (both must know each "
          "other) or O (show ourselves to the whole network); H if not given")
      ->type_name("FLOW");
  command->add_flag("--json", options->as_json, "Print one JSON object");
  add_settings(*command, options->flags,
               {"key", "identity", "identity-token", "realm", "realm-leader", "policy", "known",
                "exempt", "join-timeout", "log-level"});
  command->callback([options, &chosen] { chosen = [options] { return dial(*options); }; });
}

}  // namespace kith::apps
