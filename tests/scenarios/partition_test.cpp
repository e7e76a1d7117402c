#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/scenarios/town.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

std::vector<HostIndex> first_half(const Town& town) {
  std::vector<HostIndex> half;
  for (HostIndex node = 0; node < town.world.nodes() / 2; ++node) half.push_back(node);
  return half;
}

TEST(Partition, LosesNothingThatWasAcceptedMeanwhile) {
  for_each_seed(5, [](Random& random) {
    Town town(random.next_u64());
    town.found(40);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex source = 3;
    const HostIndex sink = 33;
    const SubscriptionId subscription = town.subscribe(sink, "news");
    const PublisherId publisher = town.advertise(source, "news");
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 10s));
    town.world.separate(first_half(town));
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(town.publish(source, publisher));
      town.world.run_for(1s);
    }
    town.world.heal();
    town.world.run_for(35s);
    EXPECT_EQ(town.received(sink, subscription, source), first_numbers(20));
    EXPECT_EQ(town.expired, 0U);
  });
}

TEST(Partition, LosesNothingOfAnOldPairThatWasApartForLong) {
  for_each_seed(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(20);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex source = 3;
    const HostIndex sink = 13;
    overlay::PublishOptions long_lived;
    long_lived.time_to_live = 10min;
    const SubscriptionId subscription = town.subscribe(sink, "news");
    const PublisherId publisher = town.advertise(source, "news", long_lived);
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 10s));
    // The intents shown at the match are over by then.
    town.world.run_for(15min);
    town.world.separate(first_half(town));
    for (int i = 0; i < 12; ++i) {
      ASSERT_TRUE(town.publish(source, publisher));
      town.world.run_for(10s);
    }
    town.world.heal();
    town.world.run_for(3min);
    ASSERT_TRUE(town.publish(source, publisher));
    town.world.run_for(10s);
    EXPECT_EQ(town.received(sink, subscription, source), first_numbers(13));
    EXPECT_EQ(town.expired, 0U);
  });
}

TEST(Partition, MatchesInsideEachIsland) {
  for_each_seed(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(40);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(10s);
    town.world.separate(first_half(town));
    town.world.run_for(2min);
    town.subscribe(2, "left");
    town.subscribe(22, "right");
    const PublisherId left = town.advertise(7, "left");
    const PublisherId right = town.advertise(27, "right");
    EXPECT_TRUE(town.wait_for_receivers(7, left, 1, 10s));
    EXPECT_TRUE(town.wait_for_receivers(27, right, 1, 10s));
  });
}

}  // namespace
}  // namespace kith::test
