#include "apps/commands/question.hpp"

#include "apps/commands/options.hpp"
#include "apps/control/client.hpp"

namespace kith::apps {

boost::json::object Question::ask(const ControlRequest& request) const {
  return ask_node(load_settings(flags).control, request);
}

void add_question(CLI::App& command, Question& question) {
  add_settings(command, question.flags, {"control"});
  command.add_flag("--json", question.as_json, "Print one JSON object");
}

void add_subject(CLI::App& command, Question& question) {
  command.add_option("SUBJECT", question.subject, "A subject, like news/weather")
      ->required()
      ->check(complaint_about_subject);
  add_duration(command, "--timeout", question.timeout,
               "How long to wait for the answer, at most 60; 5 if not given", kOthersTimeoutMax);
}

}  // namespace kith::apps
