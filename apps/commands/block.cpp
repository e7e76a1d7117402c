#include <chrono>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/json.hpp"
#include "apps/console/table.hpp"
#include "apps/control/pick.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct BlockCommand {
  Question question;
  Fingerprint who;
  std::string given;  ///< The beginning of a fingerprint.
  std::uint64_t days = 365;
};

ExitCode done(const BlockCommand& command, std::string_view what, const std::string& who) {
  write_answer(command.question.as_json, json::object{{what, who}},
               [&] { return fmt::format("{} {}\n", what, who); });
  return ExitCode::ok;
}

ExitCode add(const BlockCommand& command) {
  const auto life = std::chrono::hours(24 * static_cast<std::int64_t>(command.days));
  static_cast<void>(command.question.ask(AddBlock{.who = command.who, .life = life}));
  return done(command, "blocked", command.who.to_string());
}

ExitCode list(const BlockCommand& command) {
  const auto answer = command.question.ask(AskBlocks{});
  write_answer(command.question.as_json, answer, [&] {
    Table table({"WHO", "UNTIL"});
    const auto& blocks = answer.at("blocks").as_array();
    for (const auto& element : blocks) {
      const auto& block = element.as_object();
      table.add({std::string(block.at("who").as_string()),
                 std::string(block.at("expires_at").as_string())});
    }
    return blocks.empty() ? "nobody is blocked\n" : table.to_string();
  });
  return ExitCode::ok;
}

ExitCode remove(const BlockCommand& command) {
  const auto answer = command.question.ask(AskBlocks{});
  const auto& block = pick(answer.at("blocks").as_array(), "who", command.given, "block");
  const std::string who(block.at("who").as_string());
  static_cast<void>(command.question.ask(RemoveBlock{Fingerprint::parse(who).value()}));
  return done(command, "unblocked", who);
}

/// Adds `name` to `group`, with a state of its own.
std::pair<CLI::App*, std::shared_ptr<BlockCommand>> add_verb(CLI::App& group, const char* name,
                                                             const char* help, Command& chosen,
                                                             ExitCode (*run)(const BlockCommand&)) {
  const auto command = std::make_shared<BlockCommand>();
  CLI::App* verb = group.add_subcommand(name, help);
  verb->callback([command, run, &chosen] { chosen = [command, run] { return run(*command); }; });
  return {verb, command};
}

}  // namespace

void add_block(CLI::App& program, Command& chosen) {
  CLI::App* group = program.add_subcommand(
      "block", "Nodes and identities that a running node has nothing to do with");
  group->require_subcommand(1);
  group->footer(
      "With a store ('kith up --store FILE') they stay blocked when the node is started again.\n\n"
      "Examples:\n"
      "  kith block add FINGERPRINT --days 30\n"
      "  kith block list\n"
      "  kith block remove 3xk5a\n");

  const auto [added, adding] =
      add_verb(*group, "add", "No session with it, and no to what it asks", chosen, &add);
  added->footer(
      "A node is blocked in all it does; an identity when it joins, publishes, subscribes or\n"
      "wants to become a contact.  Sessions that it has end at once.\n\n"
      "Examples:\n"
      "  kith block add FINGERPRINT                  for a year\n"
      "  kith block add $(kith peers --json | jq -r '.peers[0].node') --days 1\n");
  add_fingerprint(*added, "FINGERPRINT", adding->who, "A node or an identity")->required();
  add_count(*added, "--days", adding->days, {1, 36'500}, "For how long; 365 if not given");
  add_question(*added, adding->question);

  const auto [listed, listing] =
      add_verb(*group, "list", "Who is blocked, and until when", chosen, &list);
  listed->footer("Examples:\n  kith block list --json | jq -r '.blocks[].who'\n");
  add_question(*listed, listing->question);

  const auto [removed, removing] =
      add_verb(*group, "remove", "Whoever was blocked is a stranger again", chosen, &remove);
  removed->footer("Examples:\n  kith block remove 3xk5a\n");
  removed
      ->add_option("FINGERPRINT", removing->given,
                   "The one in 'kith block list': as much of it as no other one begins with")
      ->required();
  add_question(*removed, removing->question);
}

}  // namespace kith::apps
