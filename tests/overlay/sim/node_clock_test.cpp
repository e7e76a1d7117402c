#include "overlay/sim/node_clock.hpp"

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

TEST(NodeClock, ShowsVirtualTimeIfItIsRight) {
  const NodeClock clock;
  EXPECT_EQ(clock.at(TimePoint(90s)).time, TimePoint(90s));
  EXPECT_EQ(clock.virtual_time_of(TimePoint(90s)), TimePoint(90s));
}

TEST(NodeClock, RunsFastByItsDrift) {
  const NodeClock clock(100);
  EXPECT_EQ(clock.at(TimePoint(10'000s)).time, TimePoint(10'001s));
}

TEST(NodeClock, KeepsTimersWhenTheDateJumps) {
  NodeClock clock;
  const Instant before = clock.at(TimePoint(5s));
  clock.set_offset(-10h);
  const Instant after = clock.at(TimePoint(5s));
  EXPECT_EQ(after.time, before.time);
  EXPECT_EQ(after.wall, before.wall - 10h);
}

TEST(NodeClock, FindsTheFirstVirtualTimeOfALocalOne) {
  test::for_each_seed(1000, [](Random& random) {
    const auto drift = static_cast<std::int32_t>(random.below(2'001)) - 1'000;
    const NodeClock clock(drift);
    const TimePoint local(Duration(1 + random.below(1'000'000'000'000)));
    const TimePoint found = clock.virtual_time_of(local);
    ASSERT_GE(clock.at(found).time, local);
    ASSERT_LT(clock.at(found - 1us).time, local);
  });
}

}  // namespace
}  // namespace kith::sim
