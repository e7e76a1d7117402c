#pragma once

namespace kith {

/// Prints the broken rule to stderr and ends the program.  For our own mistakes only.
[[noreturn]] void assertion_failed(const char* rule, const char* file, int line);

}  // namespace kith

/// Ends the program if `rule` does not hold.  On in every build.  Never for what a peer, a user or
/// the system may cause: that is a `Result`.
#define KITH_ASSERT(rule) \
  ((rule) ? static_cast<void>(0) : ::kith::assertion_failed(#rule, __FILE__, __LINE__))
