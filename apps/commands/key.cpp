#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <kith/node.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/console/json.hpp"
#include "apps/console/output.hpp"
#include "apps/console/table.hpp"
#include "apps/failure.hpp"
#include "apps/key_file.hpp"
#include "overlay/asio/keys.hpp"
#include "tokens/verify.hpp"

namespace kith::apps {
namespace {

struct KeyOptions {
  std::string file;
  bool replace = false;
  bool as_json = false;
};

/// The public half of the node key, which is also that of its own identity.
Fingerprint public_key(const NodeKeys& keys) {
  return Fingerprint(overlay::signing_key(keys.node_seed).public_key);
}

void show(const KeyOptions& options, const NodeKeys& keys) {
  const std::string node = keys.node().to_string();
  const std::string identity = keys.identity().to_string();
  const std::string key = public_key(keys).to_string();
  if (options.as_json) {
    write_json(boost::json::object{
        {"file", options.file}, {"node", node}, {"identity", identity}, {"public_key", key}});
    return;
  }
  write_output(in_two_columns({{"node", node}, {"identity", identity}, {"public key", key}}));
}

ExitCode make_key(const KeyOptions& options) {
  const NodeKeys keys = NodeKeys::generate();
  write_key_file(options.file, keys, options.replace);
  show(options, keys);
  return ExitCode::ok;
}

ExitCode show_key(const KeyOptions& options) {
  show(options, read_key_file(options.file));
  return ExitCode::ok;
}

struct VouchOptions {
  KeyOptions leader;
  std::string public_key;
  std::optional<std::string> node;
  std::uint64_t days = 30;
};

Fingerprint parse_key(std::string_view what, const std::string& text) {
  const auto parsed = Fingerprint::parse(text);
  if (parsed) return *parsed;
  throw Failure(
      ExitCode::usage,
      fmt::format("{} must be 52 characters of base32, as 'kith key show' prints them", what));
}

ExitCode vouch_for(const VouchOptions& options) {
  Vouching what;
  what.public_key = parse_key("PUBLIC_KEY", options.public_key).bytes();
  what.node =
      !options.node ? node_fingerprint(what.public_key) : parse_key("--node", *options.node);
  what.life = std::chrono::hours(24 * static_cast<int>(options.days));
  const std::string token = to_base32(vouch(read_key_file(options.leader.file).node_seed, what));
  if (options.leader.as_json)
    write_json(boost::json::object{{"identity_token", token}});
  else
    write_output(token + "\n");
  return ExitCode::ok;
}

CLI::App* add_verb(CLI::App& command, const std::string& name, const std::string& help,
                   KeyOptions& options) {
  CLI::App* verb = command.add_subcommand(name, help);
  verb->add_option("FILE", options.file, "The key file")
      ->required()
      ->check(complaint_about_no_name);
  verb->add_flag("--json", options.as_json, "Print one JSON object");
  return verb;
}

}  // namespace

void add_key(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "key", "Make or look at a key file: whoever has it is the node, and acts as its identity");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  kith key new node.key              a node of its own, the same one after each start\n"
      "  kith up --key node.key\n"
      "  kith key show node.key             who that is; no secrets are shown\n"
      "  kith key show --json node.key | jq -r .node\n"
      "  kith key vouch leader.key KEY      lets the node with that public key into the realm\n");
  const auto options = std::make_shared<KeyOptions>();
  CLI::App* make = add_verb(*command, "new", "Make new keys, and write them to FILE", *options);
  make->footer("Examples:\n  kith key new node.key\n");
  make->add_flag("--force", options->replace, "Replace FILE: who it was until now is lost");
  make->callback([options, &chosen] { chosen = [options] { return make_key(*options); }; });
  CLI::App* look =
      add_verb(*command, "show", "Show the fingerprints of the keys in FILE", *options);
  look->footer("Examples:\n  kith key show --json node.key | jq -r .node\n");
  look->callback([options, &chosen] { chosen = [options] { return show_key(*options); }; });

  const auto vouching = std::make_shared<VouchOptions>();
  CLI::App* speak =
      add_verb(*command, "vouch", "Print an --identity-token, signed by the realm's leader",
               vouching->leader);
  speak->footer("Examples:\n  kith key vouch leader.key PUBLIC_KEY --days 7\n");
  speak
      ->add_option("PUBLIC_KEY", vouching->public_key,
                   "Whom to vouch for, as 'kith key show' prints it")
      ->required();
  speak
      ->add_option("--node", vouching->node,
                   "The node where that identity is used; without it, its own")
      ->type_name("FINGERPRINT");
  add_count(*speak, "--days", vouching->days, {1, 365}, "How long from now; 30 if not given");
  speak->callback([vouching, &chosen] { chosen = [vouching] { return vouch_for(*vouching); }; });
}

}  // namespace kith::apps
