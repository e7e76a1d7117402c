#include <memory>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/json.hpp"
#include "apps/console/table.hpp"
#include "apps/console/wording.hpp"

namespace kith::apps {
namespace {

std::string_view part_of(std::size_t hop, std::size_t hops) {
  if (hop + 1 == hops) return hops == 1 ? "this node, the coordinator" : "the coordinator";
  return hop == 0 ? "this node" : "";
}

ExitCode show_trace(const Question& question) {
  const auto trace =
      question.ask(AskTrace{.subject = question.subject, .timeout = question.timeout});
  write_answer(question.as_json, trace, [&] {
    const auto& hops = trace.at("hops").as_array();
    Table table({"HOP", "NODE", ""});
    for (std::size_t i = 0; i < hops.size(); ++i)
      table.add({fmt::format("{}", i), std::string(hops[i].as_string()),
                 std::string(part_of(i, hops.size()))});
    const double seconds = trace.at("round_trip_seconds").to_number<double>();
    return fmt::format("{}round trip {}\n", table.to_string(),
                       for_people(Duration(static_cast<Duration::rep>(seconds * 1e6))));
  });
  return ExitCode::ok;
}

}  // namespace

void add_trace(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "trace", "Every node on the way of a message to the coordinator of a subject, and back");
  command->footer(
      "Examples:\n"
      "  kith trace news/weather\n"
      "  kith trace news/weather --json | jq '.hops | length - 1'\n");
  const auto question = std::make_shared<Question>();
  add_subject(*command, *question);
  add_question(*command, *question);
  command->callback([question, &chosen] { chosen = [question] { return show_trace(*question); }; });
}

}  // namespace kith::apps
