#include <memory>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/json.hpp"
#include "apps/console/table.hpp"

namespace kith::apps {
namespace {

ExitCode show_route(const Question& question) {
  const auto trace =
      question.ask(AskTrace{.subject = question.subject, .timeout = question.timeout});
  const auto& hops = trace.at("hops").as_array();
  const bool is_here = hops.size() == 1;
  boost::json::object route;
  route["subject"] = question.subject;
  route["key"] = trace.at("key");
  route["coordinator"] = hops.at(hops.size() - 1);
  route["is_this_node"] = is_here;
  if (is_here)
    route["next_hop"] = nullptr;
  else
    route["next_hop"] = hops.at(1);
  route["hops"] = hops.size() - 1;
  write_answer(question.as_json, route, [&] {
    return in_two_columns(
        {{"subject", question.subject},
         {"key", std::string(route.at("key").as_string())},
         {"coordinator", fmt::format("{}{}", std::string_view(route.at("coordinator").as_string()),
                                     is_here ? " (this node)" : "")},
         {"next hop", is_here ? "-" : std::string(route.at("next_hop").as_string())},
         {"hops", fmt::format("{}", hops.size() - 1)}});
  });
  return ExitCode::ok;
}

}  // namespace

void add_route(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "route", "Which node coordinates a subject, and the first hop on the way to it");
  command->footer(
      "The coordinator is the node whose fingerprint is closest to the key, the hash of the "
      "subject:\n"
      "there publishers and subscribers of the subject are matched.\n\n"
      "Examples:\n"
      "  kith route news/weather\n"
      "  kith route news/weather --json | jq -r .coordinator\n");
  const auto question = std::make_shared<Question>();
  add_subject(*command, *question);
  add_question(*command, *question);
  command->callback([question, &chosen] { chosen = [question] { return show_route(*question); }; });
}

}  // namespace kith::apps
