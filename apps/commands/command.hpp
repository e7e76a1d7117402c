#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "apps/failure.hpp"

namespace kith::apps {

/// What the command line asks for.  Throws `Failure`, `StartError` or `ReaderGone`.
using Command = std::function<ExitCode()>;

// Each adds one subcommand to `program`, which is put into `chosen` if the command line names it.

void add_up(CLI::App& program, Command& chosen);
void add_sub(CLI::App& program, Command& chosen);
void add_pub(CLI::App& program, Command& chosen);
void add_peers(CLI::App& program, Command& chosen);
void add_route(CLI::App& program, Command& chosen);
void add_trace(CLI::App& program, Command& chosen);
void add_status(CLI::App& program, Command& chosen);
void add_key(CLI::App& program, Command& chosen);
void add_token(CLI::App& program, Command& chosen);
void add_ticket(CLI::App& program, Command& chosen);
void add_contact(CLI::App& program, Command& chosen);
void add_block(CLI::App& program, Command& chosen);
void add_dial(CLI::App& program, Command& chosen);
void add_sim(CLI::App& program, Command& chosen);
void add_version(CLI::App& program, Command& chosen);

}  // namespace kith::apps
