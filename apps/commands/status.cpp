#include <memory>

#include "apps/commands/command.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/json.hpp"

namespace kith::apps {
namespace {

ExitCode show_status(const Question& question) {
  const auto answer = question.ask(AskStatus{});
  write_answer(question.as_json, answer, [&] { return to_lines(answer); });
  return ExitCode::ok;
}

}  // namespace

void add_status(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "status",
      "How a running node is: whether it is ready, its sessions, what it holds for others");
  command->footer(
      "Examples:\n"
      "  kith status\n"
      "  kith status --control PATH                  of the node with this socket\n"
      "  kith status --json | jq -e .ready           for scripts that wait for a node\n");
  const auto question = std::make_shared<Question>();
  add_question(*command, *question);
  command->callback(
      [question, &chosen] { chosen = [question] { return show_status(*question); }; });
}

}  // namespace kith::apps
