#pragma once

#include <cstdint>
#include <cstdlib>

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace kith::test {

/// Runs `law(random)` once for each of `count` seeds, and names the seed of a failure.
/// `KITH_TEST_SEED=n` runs that seed alone.
template <class Law>
void for_each_seed(std::uint64_t count, Law law) {
  std::uint64_t first = 1;
  if (const char* only = std::getenv("KITH_TEST_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    count = 1;
  }
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE(testing::Message() << "KITH_TEST_SEED=" << seed);
    SeededRandom random(seed);
    law(random);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace kith::test
