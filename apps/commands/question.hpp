#pragma once

#include <chrono>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>

#include "apps/config/flags.hpp"
#include "apps/control/protocol.hpp"

namespace kith::apps {

/// What the subcommands that ask a running node have in common.
struct Question {
  Flags flags;
  bool as_json = false;
  std::string subject;
  Duration timeout = std::chrono::seconds(5);

  [[nodiscard]] boost::json::object ask(const ControlRequest& request) const;
};

/// Adds `--control`, `--config` and `--json` to `command`.
void add_question(CLI::App& command, Question& question);
/// Adds SUBJECT and `--timeout`.
void add_subject(CLI::App& command, Question& question);

}  // namespace kith::apps
