#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include <kith/node.hpp>

#include "apps/commands/command_line.hpp"
#include "apps/console/output.hpp"

namespace kith::apps {
namespace {

/// Runs the program; whatever goes wrong ends here, as one line and an exit code.
ExitCode run_or_complain(int argument_count, char** arguments) {
  try {
    return run_command_line(argument_count, arguments);
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

/// A core would hold keys.  Who is to have one raises the limit of the process (`prlimit --core`).
void write_no_core() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  static_cast<void>(::setrlimit(RLIMIT_CORE, &limit));
}

}  // namespace
}  // namespace kith::apps

int main(int argument_count, char** arguments) {
  // A reader that goes away is seen by the write that fails.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a limit of what files may hold.
  std::signal(SIGXFSZ, SIG_IGN);
  kith::apps::occupy_standard_streams();
  kith::apps::write_no_core();
  return static_cast<int>(kith::apps::run_or_complain(argument_count, arguments));
}
