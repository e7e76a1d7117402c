#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include <fmt/format.h>
#include <kith/node.hpp>

#include "apps/command.hpp"
#include "apps/config/flags.hpp"
#include "apps/console/output.hpp"

namespace kith::apps {
namespace {

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

ExitCode run(int argument_count, char** arguments) {
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

/// Runs the program; whatever goes wrong ends here, as one line and an exit code.
ExitCode run_or_complain(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const ReaderGone&) {
    return ExitCode::ok;
  } catch (const Failure& failure) {
    complain(failure.what());
    return failure.code();
  } catch (const StoreDamaged& damage) {
    complain(damage.what());
    return ExitCode::store_damaged;
  } catch (const std::exception& error) {
    complain(error.what());
    return ExitCode::error;
  }
}

/// Of the streams that we were started without nobody else gets the numbers: what is said there
/// would go into whatever we open first.  Nothing can be read or written there.
void occupy_standard_streams() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // It gets the lowest number that is free.
    static_cast<void>(::open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace
}  // namespace kith::apps

int main(int argument_count, char** arguments) {
  // A reader that goes away is seen by the write that fails.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a limit of what files may hold.
  std::signal(SIGXFSZ, SIG_IGN);
  kith::apps::occupy_standard_streams();
  return static_cast<int>(kith::apps::run_or_complain(argument_count, arguments));
}
