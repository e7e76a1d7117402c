#include <memory>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "apps/command.hpp"
#include "apps/console/json.hpp"
#include "apps/console/output.hpp"
#include "apps/console/table.hpp"
#include "apps/control/client.hpp"

namespace kith::apps {
namespace {

std::string words_of(const boost::json::value& value) {
  if (value.is_bool()) return value.as_bool() ? "yes" : "no";
  if (value.is_string()) return std::string(value.as_string());
  if (!value.is_array()) return boost::json::serialize(value);
  std::string words;
  for (const auto& element : value.as_array())
    words += (words.empty() ? "" : " ") + words_of(element);
  return words;
}

std::string heading_of(std::string_view name) {
  std::string heading(name);
  std::ranges::replace(heading, '_', ' ');
  return heading;
}

ExitCode show_status(const Question& question) {
  const auto answer = question.ask(AskStatus{});
  if (question.as_json) {
    write_json(answer);
    return ExitCode::ok;
  }
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& entry : answer)
    lines.emplace_back(heading_of(entry.key()), words_of(entry.value()));
  write_output(in_two_columns(lines));
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
