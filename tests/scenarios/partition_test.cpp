#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <kith/subject.hpp>

#include "tests/scenarios/town.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

std::vector<HostIndex> first_half(const Town& town) {
  std::vector<HostIndex> half;
  for (HostIndex node = 0; node < town.world.nodes() / 2; ++node) half.push_back(node);
  return half;
}

TEST(Partition, LosesNothingThatWasAcceptedMeanwhile) {
  for_each_town(5, [](Random& random) {
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
  for_each_town(3, [](Random& random) {
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
  for_each_town(3, [](Random& random) {
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

/// The half of the nodes that lie in the first of the cities: what a broken ocean cable cuts off.
std::vector<HostIndex> half_by_site(const Town& town) {
  std::vector<HostIndex> nodes;
  for (HostIndex node = 0; node < town.world.nodes(); ++node) nodes.push_back(node);
  std::ranges::sort(nodes, {},
                    [&](HostIndex node) { return std::pair(town.world.place(node).site, node); });
  nodes.resize(nodes.size() / 2);
  return nodes;
}

/// How many of all nodes name another node than the closest for some of `subjects` subjects, all
/// asked at once.
std::size_t count_who_err(Town& town, int subjects) {
  std::map<std::pair<HostIndex, overlay::TraceId>, HostIndex> truth;
  for (int i = 0; i < subjects; ++i) {
    const Fingerprint key = subject_id({}, "subject/" + std::to_string(i)).value();
    for (HostIndex node = 0; node < town.world.nodes(); ++node) {
      const auto trace = town.world.command(
          node, [&](overlay::Engine& engine, Instant now) { return engine.trace(key, now); });
      truth[{node, trace}] = town.world.closest_live(key);
    }
  }
  town.world.run_while_not(
      [&] {
        return std::ranges::all_of(
            truth, [&](const auto& asked) { return town.traces.contains(asked.first); });
      },
      10s);
  std::size_t erring = 0;
  for (const auto& [asked, closest] : truth) {
    const auto& hops = town.traces[asked];
    if (hops.empty() || hops.back() != town.world.id(closest)) ++erring;
  }
  return erring;
}

TEST(Partition, HealsToOneOverlay) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(60);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(10s);
    town.world.separate(half_by_site(town));
    town.world.run_for(10min);
    ASSERT_GT(count_who_err(town, 20), 0U) << "the halves are not cut off from each other";
    town.world.heal();
    town.world.run_for(15s);
    EXPECT_EQ(count_who_err(town, 50), 0U);
  });
}

}  // namespace
}  // namespace kith::test
