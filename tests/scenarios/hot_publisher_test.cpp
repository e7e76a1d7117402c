#include <chrono>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/scenarios/town.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

constexpr HostIndex kSource = 3;
constexpr std::size_t kMembers = 70;
constexpr std::size_t kClients = 20;
constexpr std::size_t kMessages = 20;

/// A town whose host `kSource` has room for 24 members and 4 clients only.
sim::WorldConfig with_a_small_source(std::size_t exchange_sessions_max) {
  sim::WorldConfig config;
  config.configure = [=](HostIndex host, overlay::EngineConfig& engine) {
    if (host != kSource) return;
    engine.sessions_max = 24;
    engine.clients_max = 4;
    engine.exchange_sessions_max = exchange_sessions_max;
  };
  return config;
}

/// Everybody but the source subscribes to what it publishes.
struct HotSubject {
  explicit HotSubject(Town& where) : town(where) {
    town.found(kMembers);
    EXPECT_TRUE(town.wait_until_ready());
    for (std::size_t i = 0; i < kClients; ++i) town.add({.role = Participation::client});
    EXPECT_TRUE(town.wait_until_ready());
    publisher = town.advertise(kSource, "hot");
    for (HostIndex node = 0; node < town.world.nodes(); ++node)
      if (node != kSource) sinks.emplace_back(node, town.subscribe(node, "hot"));
  }

  Town& town;
  overlay::PublisherId publisher{};
  std::vector<std::pair<HostIndex, overlay::SubscriptionId>> sinks;
};

TEST(HotPublisher, ServesMoreReceiversThanItsTableHasRoomFor) {
  for_each_town(2, [](Random& random) {
    Town town(random.next_u64(), with_a_small_source(1000));
    HotSubject hot(town);
    ASSERT_TRUE(town.wait_for_receivers(kSource, hot.publisher, hot.sinks.size(), 30s))
        << town.receivers(kSource, hot.publisher).size();
    for (std::size_t i = 0; i < kMessages; ++i) ASSERT_TRUE(town.publish(kSource, hot.publisher));
    town.world.run_for(3min);
    for (const auto& [sink, subscription] : hot.sinks)
      EXPECT_EQ(town.received(sink, subscription, kSource), first_numbers(kMessages)) << sink;
    town.world.engine(kSource).sanity_check();
    EXPECT_EQ(town.receivers(kSource, hot.publisher).size(), hot.sinks.size());
  });
}

TEST(HotPublisher, StillHasRoomForNodesThatEnter) {
  Town town(1, with_a_small_source(1000));
  HotSubject hot(town);
  ASSERT_TRUE(town.wait_for_receivers(kSource, hot.publisher, hot.sinks.size(), 30s));
  for (int i = 0; i < 3; ++i) {
    const HostIndex member = town.world.add_node({.join = {kSource}});
    const HostIndex client =
        town.world.add_node({.role = Participation::client, .join = {kSource}});
    EXPECT_TRUE(town.world.run_while_not(
        [&] {
          return town.world.engine(member).is_ready() && town.world.engine(client).is_ready();
        },
        10s));
  }
}

TEST(HotPublisher, ServesNoMoreThanItMay) {
  Town town(1, with_a_small_source(10));
  HotSubject hot(town);
  EXPECT_FALSE(town.wait_for_receivers(kSource, hot.publisher, hot.sinks.size(), 30s));
  const auto status = town.world.engine(kSource).status();
  EXPECT_EQ(status.exchange_sessions, 10U);
  EXPECT_LT(status.sessions, 70U);
}

}  // namespace
}  // namespace kith::test
