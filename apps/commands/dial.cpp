#include <algorithm>
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
#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/interrupts.hpp"
#include "apps/console/json.hpp"
#include "apps/console/narrator.hpp"
#include "apps/console/output.hpp"
#include "apps/console/wording.hpp"
#include "apps/control/client.hpp"
#include "apps/control/pick.hpp"
#include "apps/dial_advice.hpp"
#include "apps/node_settings.hpp"
#include "overlay/asio/addresses.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct DialOptions {
  Question question;
  /// An address, or the beginning of a contact's id.
  std::string whom;
  /// Nothing: `N`, of which the running node knows more than we do.
  std::optional<EntranceFlow> flow = EntranceFlow::hidden;
};

/// What came of one endpoint by one flow.
struct Attempt {
  std::string endpoint;
  EntranceFlow flow = EntranceFlow::hidden;
  std::optional<NodePeer> peer{};       ///< Who let us in.
  Bytes token{};                        ///< Its token.
  std::optional<DialFailure> failed{};  ///< Nothing, without a peer either: time was up before.
};

/// Where to go, and what we know of who is there.
struct Aim {
  std::string endpoint;
  std::optional<Fingerprint> node{};
  EntranceFlow flow = EntranceFlow::hidden;
  std::vector<Bytes> known_tokens{};
};

/// Enters through one endpoint alone.
Attempt attempt_at(const Aim& aim, const Settings& settings, const Interrupts& interrupts) {
  const Narrator clock(true);
  Attempt attempt{.endpoint = aim.endpoint, .flow = aim.flow};
  NodeConfig config = client_config(
      settings, {aim.node ? fmt::format("kith://{}@{}", aim.node->to_string(), aim.endpoint)
                          : fmt::format("tcp://{}", aim.endpoint)});
  config.entrance_flow = aim.flow;
  config.known_tokens = aim.known_tokens;
  const Node node(std::move(config));
  while (clock.elapsed() < settings.join_timeout && !interrupts.wait_for(kLookInterval)) {
    if (auto peers = node.peers(); !peers.empty()) {
      attempt.peer = std::move(peers.front());
      attempt.token = node.token_of(attempt.peer->node).value_or(Bytes());
      break;
    }
    const NodeStatus status = node.status();
    if (!status.join_failure) continue;
    attempt.failed = {.step = *status.join_step, .why = *status.join_failure};
    break;
  }
  if (!attempt.peer && !attempt.failed && interrupts.requested())
    throw Failure(ExitCode::error, "interrupted");
  return attempt;
}

/// All that is tried at one endpoint: for `C`, first `H`, by which one learns what `C` needs.
std::vector<Attempt> try_endpoint(const DialOptions& options, const Settings& settings,
                                  const Endpoint& endpoint, const Interrupts& interrupts) {
  const bool is_two_step = options.flow == EntranceFlow::connection;
  Aim aim{.endpoint = endpoint.to_string(), .node = Address::parse(options.whom)->node};
  if (!is_two_step) aim.flow = *options.flow;
  std::vector<Attempt> attempts{attempt_at(aim, settings, interrupts)};
  const Attempt& first = attempts.front();
  if (!is_two_step || !first.peer) return attempts;
  aim.node = first.peer->node;
  aim.flow = EntranceFlow::connection;
  aim.known_tokens = {first.token};
  attempts.push_back(attempt_at(aim, settings, interrupts));
  return attempts;
}

std::string_view reached(const Attempt& attempt) {
  if (attempt.peer) return "joined";
  return attempt.failed ? step_before(attempt.failed->step) : "resolved";
}

std::string explanation(const Attempt& attempt) {
  if (!attempt.failed) return "time was up; --join-timeout waits longer";
  return advice_on(*attempt.failed, attempt.flow);
}

json::object to_json(const Attempt& attempt) {
  json::object object;
  object["endpoint"] = attempt.endpoint;
  object["flow"] = std::string(1, letter_of(attempt.flow));
  object["reached"] = reached(attempt);
  if (attempt.peer) {
    object["node"] = attempt.peer->node.to_string();
  } else {
    object["error"] = name(attempt.failed ? attempt.failed->why : Errc::timed_out);
    object["explanation"] = explanation(attempt);
  }
  return object;
}

void tell(const Attempt& attempt) {
  std::string line =
      fmt::format("{} by {}: {}", attempt.endpoint, letter_of(attempt.flow), reached(attempt));
  if (attempt.peer) {
    line += fmt::format(" through {}", attempt.peer->node.to_string());
  } else {
    line += fmt::format(", then: {}: {}",
                        describe(attempt.failed ? attempt.failed->why : Errc::timed_out),
                        explanation(attempt));
  }
  write_line(without_controls(line));
}

ExitCode code_of(const Attempt& attempt) {
  if (attempt.peer) return ExitCode::ok;
  return attempt.failed ? code_of(*attempt.failed) : ExitCode::timed_out;
}

/// Where the address leads, as the system's resolver says.
std::vector<Endpoint> resolve(const DialOptions& options) {
  try {
    return overlay::resolve("address", options.whom);
  } catch (const StartError& error) {
    if (options.question.as_json)
      write_json(json::object{{"address", options.whom}, {"attempts", json::array()}});
    throw Failure(ExitCode::no_node, error.what());
  }
}

Settings settings_of(const DialOptions& options) {
  // A session has 10 s for each step; then the node says at which it failed.
  return load_client_settings(options.question.flags,
                              {.join_timeout = std::chrono::seconds(35), .log_level = {}});
}

ExitCode dial(const DialOptions& options) {
  Interrupts interrupts;
  interrupts.listen({});
  const Settings settings = settings_of(options);
  json::array all;
  ExitCode code = ExitCode::no_node;
  for (const Endpoint& endpoint : resolve(options)) {
    for (const Attempt& attempt : try_endpoint(options, settings, endpoint, interrupts)) {
      code = code_of(attempt);
      if (options.question.as_json)
        all.push_back(to_json(attempt));
      else
        tell(attempt);
    }
    if (code == ExitCode::ok) break;
  }
  if (options.question.as_json)
    write_json(json::object{{"address", options.whom}, {"attempts", std::move(all)}});
  return code;
}

/// A contact as the running node knows it.
json::object ask_for(const Question& question, std::string_view whom) {
  const auto answer = question.ask(AskContacts{});
  return pick(answer.at("contacts").as_array(), "contact", whom, "contact");
}

/// Has the running node make sure of a session with a contact; what failed, if that did.
std::optional<NodeFailure> connect_to(const Question& question, const ConnectContact& request) {
  try {
    static_cast<void>(question.ask(request));
  } catch (const NodeFailure& failure) {
    return failure;
  }
  return std::nullopt;
}

/// How the running node went about that, as it says afterwards: its last dial of the contact,
/// unless it had a session, or got one in another way.
json::object attempt_at(const json::object& contact, const std::optional<NodeFailure>& failed) {
  const std::string_view reached = failed ? "resolved" : "related";
  json::object attempt{{"endpoint", nullptr}, {"flow", nullptr}, {"reached", reached}};
  const json::object* dial = contact.at("last_dial").if_object();
  if (dial != nullptr && (failed || dial->at("reached").as_string() == reached))
    for (const auto& entry : *dial) attempt[entry.key()] = entry.value();
  attempt["node"] = contact.at("node");
  if (failed) {
    attempt["error"] = failed->error();
    attempt["explanation"] = failed->what();
  }
  return attempt;
}

void tell(const std::string& contact, const json::object& attempt) {
  const auto text = [&](const char* key) { return std::string(attempt.at(key).as_string()); };
  std::string line = contact;
  if (attempt.at("flow").is_string())
    line += fmt::format(" by {} at {}", text("flow"), text("endpoint"));
  line += fmt::format(": {}", text("reached"));
  line += attempt.contains("error") ? fmt::format(", then: {}", text("explanation"))
                                    : fmt::format(" with {}", text("node"));
  write_line(without_controls(line));
}

ExitCode dial_contact(const DialOptions& options) {
  const Duration asked = settings_of(options).join_timeout;
  if (asked > kOthersTimeoutMax && options.question.flags.say("join-timeout"))
    throw Failure(ExitCode::usage, "with --flow N, --join-timeout is at most 60 seconds");
  const Duration timeout = std::min(asked, kOthersTimeoutMax);
  const std::string id(ask_for(options.question, options.whom).at("contact").as_string());
  const auto failed =
      connect_to(options.question, {.contact = parse_uuid(id).value(), .timeout = timeout});
  json::object attempt = attempt_at(ask_for(options.question, id), failed);
  if (options.question.as_json)
    write_json(json::object{{"address", id}, {"attempts", json::array{std::move(attempt)}}});
  else
    tell(id, attempt);
  return failed ? failed->code() : ExitCode::ok;
}

std::optional<EntranceFlow> parse_flow(const std::string& letter) {
  if (letter == "H") return EntranceFlow::hidden;
  if (letter == "S") return EntranceFlow::sealed;
  if (letter == "O") return EntranceFlow::open;
  if (letter == "C") return EntranceFlow::connection;
  if (letter == "N" || letter == "K") return std::nullopt;
  if (letter == "I")
    throw CLI::ValidationError("--flow",
                               "I would spend the ticket; that is what 'kith ticket redeem' does");
  throw CLI::ValidationError("--flow", "must be H, S, O, C or N (or K)");
}

/// Throws unless it is clear whom to dial.
void check_whom(const DialOptions& options) {
  if (!options.flow) return;
  const auto address = Address::parse(options.whom);
  if (!address || address->port == 0)
    throw CLI::ValidationError(
        "NODE", "must be an address like kith://FINGERPRINT@127.0.0.1:3141 or tcp://host:port");
}

constexpr const char* kDialFooter =
    R"(Joins as a client would, says how far that came for each endpoint of the address, and leaves:

  resolved    the address is known; no connection came about
  connected   somebody listens there; the two have not proven themselves to each other
  proven      it is a node and has seen our token; it did not let us join
  joined      all is well
  related     the same of a contact, with --flow N (or K, another name of it)

Why the other side said no it tells nobody: its own log does, with --log-level debug.

What each flow needs:
  H   an address; we show ourselves to who has proven itself
  S   an address with a fingerprint; whoever answers there must know us (--key)
  O   an address; we show ourselves to the whole network
  C   an address that answers H, too: by that one learns the token that C needs
  N   a contact of the running node, in place of NODE; that one makes sure of a session:
      by one that there is, by N, or else by C or H; the last of them is what it says
  I   a ticket, which it spends: that is 'kith ticket redeem'

Examples:
  kith dial kith://FINGERPRINT@192.0.2.7:3141
  kith dial --flow S --key node.key kith://FINGERPRINT@192.0.2.7:3141
  kith dial --flow N 4f2a
  kith dial --json 192.0.2.7:3141 | jq -r '.attempts[-1].reached'
)";

}  // namespace

void add_dial(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("dial", "Whether a node can be reached and joined");
  command->footer(kDialFooter);
  const auto options = std::make_shared<DialOptions>();
  command->add_option("NODE", options->whom, "The address of the node; with --flow N, a contact")
      ->required();
  command
      ->add_option_function<std::string>(
          "--flow", [options](const std::string& letter) { options->flow = parse_flow(letter); },
          "How to go about it: H, S, O, C or N (or K), see below; H if not given")
      ->type_name("FLOW");
  command->add_flag("--json", options->question.as_json, "Print one JSON object");
  add_settings(*command, options->question.flags,
               {"key", "identity", "identity-token", "realm", "realm-leader", "policy", "known",
                "exempt", "join-timeout", "control", "log-level"});
  command->callback([options, &chosen] {
    check_whom(*options);
    chosen = [options] { return options->flow ? dial(*options) : dial_contact(*options); };
  });
}

}  // namespace kith::apps
