#include <gtest/gtest.h>

#include "tests/overlay/coordinator/region_world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using kith::test::for_each_seed;

/// A whole life of intents whose owner is gone, as the slowest clock sees it.
constexpr Duration kAllExpired = 10min + 2 * kClockSkewMax;

TEST(CoordinatorProperty, QuietNodesAreMatchedInSecondsAndExactly) {
  for_each_seed(1000, [](Random& random) {
    RegionWorld world(random, {.crashes = false, .partitions = false});
    for (int i = 0; i < 20; ++i) world.step();
    world.heal();
    world.run(10s);
    world.expect_all_matched();
    world.expect_nothing_else();
    world.expect_all_held();
  });
}

TEST(CoordinatorProperty, MatchingHealsAfterCrashesAndPartitions) {
  for_each_seed(1000, [](Random& random) {
    RegionWorld world(random, {});
    for (int i = 0; i < 30; ++i) world.step();
    world.heal();
    world.run(kAllExpired);
    world.expect_all_matched();
    world.expect_nothing_else();
    world.expect_all_held();
  });
}

TEST(CoordinatorProperty, MatchingHealsAfterLostMessages) {
  for_each_seed(500, [](Random& random) {
    RegionWorld world(random, {.loss_percent = 30});
    for (int i = 0; i < 20; ++i) world.step();
    world.heal();
    world.run(kAllExpired);
    world.expect_all_matched();
    world.expect_nothing_else();
    world.expect_all_held();
  });
}

}  // namespace
}  // namespace kith::overlay::test
