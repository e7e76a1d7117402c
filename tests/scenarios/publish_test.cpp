#include <algorithm>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/scenarios/town.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// A publisher and a subscriber of one subject, on nodes of their own.
struct Pair {
  std::string subject;
  HostIndex source;
  HostIndex sink;
  PublisherId publisher{};
  SubscriptionId subscription{};
  std::uint64_t published = 0;
};

std::vector<Pair> match_pairs(Town& town, std::size_t count) {
  std::vector<Pair> pairs;
  std::vector<HostIndex> taken;
  const auto take = [&] {
    taken.push_back(town.any_running(taken));
    return taken.back();
  };
  for (std::size_t i = 0; i < count; ++i) {
    Pair pair{.subject = "pair/" + std::to_string(i), .source = take(), .sink = take()};
    pair.subscription = town.subscribe(pair.sink, pair.subject);
    pair.publisher = town.advertise(pair.source, pair.subject);
    pairs.push_back(pair);
  }
  for (const Pair& pair : pairs) {
    EXPECT_TRUE(town.wait_for_receivers(pair.source, pair.publisher, 1, 10s)) << pair.subject;
  }
  return pairs;
}

std::vector<HostIndex> nodes_of(const std::vector<Pair>& pairs) {
  std::vector<HostIndex> nodes;
  for (const Pair& pair : pairs) {
    nodes.push_back(pair.source);
    nodes.push_back(pair.sink);
  }
  return nodes;
}

void publish_once(Town& town, std::vector<Pair>& pairs) {
  for (Pair& pair : pairs) {
    if (town.publish(pair.source, pair.publisher)) ++pair.published;
  }
}

void expect_everything_arrives(Town& town, const std::vector<Pair>& pairs, Duration most) {
  const auto all_arrived = [&] {
    return std::ranges::all_of(pairs, [&](const Pair& pair) {
      return town.received(pair.sink, pair.subscription, pair.source).size() >= pair.published;
    });
  };
  town.world.run_while_not(all_arrived, most);
  town.world.run_for(5s);  // What came twice would come now.
  for (const Pair& pair : pairs) {
    EXPECT_EQ(town.received(pair.sink, pair.subscription, pair.source),
              first_numbers(pair.published))
        << pair.subject;
  }
  EXPECT_EQ(town.expired, 0U);
}

TEST(Publish, LosesNothingWhileAFifthOfTheNodesCrash) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(kManyNodes);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(10s);
    std::vector<Pair> pairs = match_pairs(town, 10);
    constexpr std::size_t kRounds = 200;
    constexpr std::size_t kRoundsPerCrash = 5 * kRounds / kManyNodes;
    for (std::size_t i = 0; i < kRounds; ++i) {
      publish_once(town, pairs);
      if (i % kRoundsPerCrash == 0) town.world.crash(town.any_running(nodes_of(pairs)));
      town.world.run_for(100ms);
    }
    expect_everything_arrives(town, pairs, 30s);
    for (const Pair& pair : pairs) EXPECT_EQ(pair.published, kRounds);
  });
}

TEST(Publish, LosesNothingAndDoublesNothingWhileConnectionsBreak) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(30);
    ASSERT_TRUE(town.wait_until_ready());
    std::vector<Pair> pairs = match_pairs(town, 3);
    for (int i = 0; i < 300; ++i) {
      publish_once(town, pairs);
      if (i % 25 == 0) town.world.break_connections(pairs[town.random.below(3)].source);
      if (i % 40 == 0) town.world.break_connections(pairs[town.random.below(3)].sink);
      town.world.run_for(50ms);
    }
    expect_everything_arrives(town, pairs, 40s);
  });
}

TEST(Publish, DeliversEveryMessageAfterTheMatch) {
  for_each_town(20, [](Random& random) {
    Town town(random.next_u64());
    town.found(10);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex source = town.any_running();
    const HostIndex sink = town.any_running({source});
    const PublisherId publisher = town.advertise(source, "news");
    town.world.run_for(Duration(random.below(2'000'000)));
    const SubscriptionId subscription = town.subscribe(sink, "news");
    // Publishes in the very moment of the match.
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 10s));
    ASSERT_TRUE(town.publish(source, publisher));
    town.world.run_for(2s);
    EXPECT_EQ(town.received(sink, subscription, source), first_numbers(1));
  });
}

TEST(Publish, ReachesEverySubscriberInOrder) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(40);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex source = town.any_running();
    const PublisherId publisher = town.advertise(source, "news");
    std::vector<std::pair<HostIndex, SubscriptionId>> sinks;
    std::vector<HostIndex> taken{source};
    for (int i = 0; i < 10; ++i) {
      taken.push_back(town.any_running(taken));
      sinks.emplace_back(taken.back(), town.subscribe(taken.back(), "news"));
    }
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, sinks.size(), 10s));
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(town.publish(source, publisher));
    town.world.run_for(10s);
    for (const auto& [sink, subscription] : sinks) {
      EXPECT_EQ(town.received(sink, subscription, source), first_numbers(1000));
    }
  });
}

TEST(Publish, WorksBetweenClients) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(30);
    ASSERT_TRUE(town.wait_until_ready());
    const HostIndex source = town.add({.role = Participation::client});
    const HostIndex sink = town.add({.role = Participation::client});
    ASSERT_TRUE(town.wait_until_ready());
    const SubscriptionId subscription = town.subscribe(sink, "news");
    const PublisherId publisher = town.advertise(source, "news");
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 1, 10s));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(town.publish(source, publisher));
    town.world.run_for(10s);
    EXPECT_EQ(town.received(sink, subscription, source), first_numbers(100));
  });
}

}  // namespace
}  // namespace kith::test
