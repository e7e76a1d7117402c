#include "apps/commands/command_line.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "apps/commands/command.hpp"
#include "apps/config/nearest.hpp"
#include "apps/console/output.hpp"

namespace kith::apps {
namespace {

/// What was said to `command` and means nothing to it.  The -- in front of an argument does: only a
/// command that has commands of its own takes none.
std::vector<std::string> strangers_to(const CLI::App& command) {
  auto strangers = command.remaining();
  if (command.get_subcommands({}).empty()) std::erase(strangers, "--");
  return strangers;
}

/// Which flag stands without its value.
std::string complaint_about_number(const CLI::ArgumentMismatch& error) {
  constexpr std::string_view kMissing = " missing";
  const std::string_view text = error.what();
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos || !text.ends_with(kMissing)) return std::string(text);
  const auto rest = text.substr(0, text.size() - kMissing.size());
  return fmt::format("{0} needs a value: {0} {1}", text.substr(0, colon),
                     rest.substr(rest.rfind(' ') + 1));
}

/// What the subcommand that `program` has read cannot do without.
std::string complaint_about_gap(const CLI::App& program, const CLI::RequiredError& error) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::vector<std::string> verbs;
  for (const CLI::App* verb : command->get_subcommands({})) verbs.push_back(verb->get_name());
  if (verbs.empty()) return error.what();
  return fmt::format("say what to do with it: {}", fmt::join(verbs, ", "));
}

/// What is not a flag of the subcommand that `program` has read, with what was perhaps meant;
/// empty if there is nothing of the kind.
std::string complaint_about_strangers(const CLI::App& program) {
  const CLI::App* command = &program;
  auto strangers = strangers_to(*command);
  while (strangers.empty() && !command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    strangers = strangers_to(*command);
  }
  if (strangers.empty()) return {};
  const std::string stranger = strangers.front().substr(0, strangers.front().find('='));

  std::vector<std::string> known;
  if (stranger.starts_with('-')) {
    for (const CLI::Option* option : command->get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  } else if (command->get_subcommands().empty()) {
    for (const CLI::App* sub : command->get_subcommands({})) known.push_back(sub->get_name());
  }
  const std::vector<std::string_view> names(known.begin(), known.end());
  std::string complaint = stranger.starts_with('-') ? fmt::format("unknown option {}", stranger)
                          : known.empty() ? fmt::format("'{}' is one argument too many", stranger)
                                          : fmt::format("unknown command '{}'", stranger);
  if (const auto meant = nearest(stranger, names))
    complaint += fmt::format(": did you mean {}?", *meant);
  return complaint;
}

constexpr const char* kFooter = R"(The first five minutes:
  kith up --listen tcp://127.0.0.1:3141                a node; it prints its address
  kith up --join kith://FINGERPRINT@127.0.0.1:3141     another one, in another terminal
  kith sub news/weather                                receives; on this machine --join is found
  kith pub news/weather 'sunny'                        sends

Settings come from --config FILE (TOML; or KITH_CONFIG names it), KITH_* in the environment
(KITH_LOG_LEVEL is --log-level), and flags; the latter win.  An empty variable counts as not set.

Exit codes: 0 ok, 1 error, 2 wrong usage, 3 no node, 4 not authorized, 5 nobody matches,
6 time is up, 7 damaged store.
)";

void add_commands(CLI::App& program, Command& chosen) {
  add_up(program, chosen);
  add_sub(program, chosen);
  add_pub(program, chosen);
  add_peers(program, chosen);
  add_route(program, chosen);
  add_trace(program, chosen);
  add_status(program, chosen);
  add_key(program, chosen);
  add_token(program, chosen);
  add_ticket(program, chosen);
  add_contact(program, chosen);
  add_block(program, chosen);
  add_dial(program, chosen);
  add_sim(program, chosen);
  add_version(program, chosen);
}

/// The innermost subcommand that the command line names, with all names on the way.
std::string name_of_chosen(const CLI::App& program) {
  std::string name = "kith";
  for (const CLI::App* command = &program; !command->get_subcommands().empty();) {
    command = command->get_subcommands().front();
    name += " " + command->get_name();
  }
  return name;
}

Failure wrong_usage(const CLI::App& program, const std::string& what) {
  return {ExitCode::usage, fmt::format("{} (see: {} --help)", what, name_of_chosen(program))};
}

}  // namespace

ExitCode run_command_line(int argument_count, char** arguments) {
  CLI::App program("Publish and subscribe without a broker, on an encrypted overlay.", "kith");
  program.footer(kFooter);
  program.get_formatter()->column_width(34);
  program.allow_extras();
  // Otherwise a message or a subject that is called like a command would be run as one.
  program.require_subcommand(0, 1);
  // What is said last holds, so that an alias of a shell can be corrected.
  program.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  Command chosen;
  add_commands(program, chosen);
  try {
    program.parse(argument_count, arguments);
  } catch (const CLI::CallForHelp&) {
    write_output(program.help());
    return ExitCode::ok;
  } catch (const CLI::ArgumentMismatch& error) {
    throw wrong_usage(program, complaint_about_number(error));
  } catch (const CLI::RequiredError& error) {
    const auto stranger = complaint_about_strangers(program);
    throw wrong_usage(program, stranger.empty() ? complaint_about_gap(program, error) : stranger);
  } catch (const CLI::ParseError& error) {
    if (const auto stranger = complaint_about_strangers(program); !stranger.empty())
      throw wrong_usage(program, stranger);
    throw wrong_usage(program, error.what());
  }
  if (const auto stranger = complaint_about_strangers(program); !stranger.empty())
    throw wrong_usage(program, stranger);
  if (!chosen) throw wrong_usage(program, "say what to do, for instance: kith up");
  return chosen();
}

}  // namespace kith::apps
