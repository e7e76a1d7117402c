#include <memory>
#include <string>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/question.hpp"
#include "apps/console/json.hpp"
#include "apps/console/table.hpp"
#include "apps/control/pick.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct ContactCommand {
  Question question;
  std::string given;  ///< The beginning of an id.
};

ExitCode list(const ContactCommand& command) {
  const auto answer = command.question.ask(AskContacts{});
  write_answer(command.question.as_json, answer, [&] {
    Table table({"CONTACT", "STATE", "IDENTITY", "NODE", "SINCE", "EXPIRES"});
    const auto& contacts = answer.at("contacts").as_array();
    for (const auto& element : contacts) {
      const auto& contact = element.as_object();
      const auto text = [&](const char* key) {
        const auto* known = contact.at(key).if_string();
        return known == nullptr ? std::string() : std::string(*known);
      };
      table.add({text("contact"), text("state"), text("identity").substr(0, 10),
                 text("node").substr(0, 10), text("issued_at"), text("expires_at")});
    }
    return contacts.empty() ? "no contacts\n" : table.to_string();
  });
  return ExitCode::ok;
}

json::object find(const ContactCommand& command) {
  const auto answer = command.question.ask(AskContacts{});
  return pick(answer.at("contacts").as_array(), "contact", command.given, "contact");
}

ExitCode show(const ContactCommand& command) {
  const json::object contact = find(command);
  write_answer(command.question.as_json, contact, [&] { return to_lines(contact); });
  return ExitCode::ok;
}

ExitCode end(const ContactCommand& command) {
  const std::string id(find(command).at("contact").as_string());
  static_cast<void>(command.question.ask(EndContact{parse_uuid(id).value()}));
  write_answer(command.question.as_json, json::object{{"ended", id}},
               [&] { return fmt::format("ended {}\n", id); });
  return ExitCode::ok;
}

struct ContactVerb {
  const char* name;
  const char* help;
  const char* footer;
  ExitCode (*run)(const ContactCommand&);
  bool takes_id = true;
};

void add_verb(CLI::App& group, const ContactVerb& what, Command& chosen) {
  const auto command = std::make_shared<ContactCommand>();
  CLI::App* verb = group.add_subcommand(what.name, what.help);
  verb->footer(what.footer);
  if (what.takes_id) {
    verb->add_option("ID", command->given,
                     "The contact in 'kith contact list': as much of it as no other one begins "
                     "with")
        ->required();
  }
  add_question(*verb, command->question);
  verb->callback(
      [command, run = what.run, &chosen] { chosen = [command, run] { return run(*command); }; });
}

}  // namespace

void add_contact(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand(
      "contact", "Those with whom a running node has a relationship, signed by both");
  command->require_subcommand(1);
  command->footer(
      "The node keeps them in its store: start it with 'kith up --store FILE'.  They come about by "
      "'kith ticket'.\n\n"
      "Examples:\n"
      "  kith contact list\n"
      "  kith contact show 4f2a\n"
      "  kith contact end 4f2a\n");
  add_verb(*command,
           {.name = "list",
            .help = "All of them",
            .footer = "Examples:\n  kith contact list --json | jq -r '.contacts[].identity'\n",
            .run = &list,
            .takes_id = false},
           chosen);
  add_verb(*command,
           {.name = "show",
            .help = "One of them",
            .footer = "Examples:\n  kith contact show 4f2a --json\n",
            .run = &show},
           chosen);
  add_verb(*command,
           {.name = "end",
            .help = "Nothing goes to the contact or comes from it from now on",
            .footer = "Examples:\n  kith contact end 4f2a\n",
            .run = &end},
           chosen);
}

}  // namespace kith::apps
