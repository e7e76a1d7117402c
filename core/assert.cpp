#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace kith {

void assertion_failed(const char* rule, const char* file, int line) {
  std::fprintf(stderr, "kith: broken rule at %s:%d: %s\n", file, line, rule);
  std::abort();
}

}  // namespace kith
