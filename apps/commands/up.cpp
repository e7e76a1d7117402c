#include <memory>
#include <thread>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <kith/address.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/config/flags.hpp"
#include "apps/console/interrupts.hpp"
#include "apps/console/json.hpp"
#include "apps/console/narrator.hpp"
#include "apps/console/output.hpp"
#include "apps/console/wording.hpp"
#include "apps/control/place.hpp"
#include "apps/control/server.hpp"
#include "apps/node_settings.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct UpOptions {
  Flags flags;
  bool as_json = false;
};

void announce(const UpOptions& options, const std::string& address, const std::string& control) {
  if (!options.as_json) return write_line(address);
  write_json(json::object{{"event", "address"}, {"address", address}, {"control", control}});
}

/// Tells scripts when the neighbours have confirmed the node.
void announce_ready(Node& node, const Narrator& clock) {
  if (!node.wait_until_ready(std::chrono::hours(24 * 365))) return;
  try {
    write_json(json::object{{"event", "ready"},
                            {"node", node.id().to_string()},
                            {"seconds", in_seconds(clock.elapsed())}});
  } catch (const ReaderGone&) {
    // Whoever started us wanted the address alone.
  } catch (const Failure& failure) {
    complain(failure.what());
  }
}

std::string control_path(const Settings& settings, const std::vector<std::string>& addresses) {
  if (!settings.control.empty()) return settings.control;
  const auto address = Address::parse(addresses.front());
  return usual_control_path(address ? address->port : kDefaultPort);
}

/// Takes leave on every way out, before what answers for the node goes.
class Leaving {
 public:
  explicit Leaving(Node& node) : node_(node) {}
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;
  ~Leaving() { node_.stop(); }

 private:
  Node& node_;
};

ExitCode run_node(const UpOptions& options) {
  const Narrator narrator(false);
  Interrupts interrupts;
  interrupts.listen({});
  const Settings settings = load_settings(options.flags);
  if (!settings.store.empty() && settings.key.empty()) {
    narrator.tell(
        "--store without --key: the node is another one after each start, and its contacts are "
        "lost; 'kith key new FILE' makes a key");
  }
  Node node(node_config(settings, Participation::member));
  const auto addresses = node.addresses();
  if (addresses.empty())
    throw Failure(ExitCode::error,
                  "this machine has no address; name one: --listen tcp://host:port");
  const std::string control = control_path(settings, addresses);
  ControlServer server(control, node);
  std::jthread watch;
  {
    const Leaving leaving(node);
    for (const std::string& address : addresses) announce(options, address, control);
    if (options.as_json) watch = std::jthread([&] { announce_ready(node, narrator); });
    interrupts.wait();
  }
  return ExitCode::ok;
}

constexpr const char* kUpFooter =
    R"(The address of the node is the first line on standard output: others --join it.  The log goes to
standard error.  Ctrl-C leaves the overlay in order; a second one ends at once.

Examples:
  kith up --listen tcp://127.0.0.1:3141
  kith up --join kith://FINGERPRINT@127.0.0.1:3141      any free port
  kith up --key node.key --listen tcp://[::]:3141       the same node after each start
  kith up --config node.toml                            where node.toml holds, for instance:

      listen = "tcp://0.0.0.0:3141"
      join = ["kith://FINGERPRINT@192.0.2.7:3141"]
      key = "node.key"
      log-level = "warning"
)";

}  // namespace

void add_up(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("up", "Run a node of the overlay until Ctrl-C");
  command->footer(kUpFooter);
  const auto options = std::make_shared<UpOptions>();
  add_settings(
      *command, options->flags,
      {"join", "listen", "advertise", "key", "identity", "identity-token", "realm", "realm-leader",
       "policy", "known", "exempt", "profile", "accept", "store", "control", "log-level"});
  command->add_flag("--json", options->as_json,
                    "One JSON object a line: the address, then that the node is ready");
  command->callback([options, &chosen] { chosen = [options] { return run_node(*options); }; });
}

}  // namespace kith::apps
