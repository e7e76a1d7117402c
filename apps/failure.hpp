#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace kith::apps {

/// How a command ends, as scripts see it.
enum class ExitCode : std::uint8_t {
  ok = 0,
  error = 1,
  usage = 2,
  no_node = 3,
  not_authorized = 4,
  no_match = 5,
  timed_out = 6,
  store_damaged = 7,
};

/// Ends a command.  `what()` is one line for the user: what is wrong, where, and what to do.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& what) : std::runtime_error(what), code_(code) {}

  [[nodiscard]] ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

/// Whoever read our output has gone: nothing is left to do, and nothing is wrong.
struct ReaderGone {};

}  // namespace kith::apps
