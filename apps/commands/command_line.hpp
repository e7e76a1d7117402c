#pragma once

#include "apps/failure.hpp"

namespace kith::apps {

/// Does what the command line asks for.  Throws `Failure`, `StartError` or `ReaderGone`.
[[nodiscard]] ExitCode run_command_line(int argument_count, char** arguments);

}  // namespace kith::apps
