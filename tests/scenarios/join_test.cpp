#include <algorithm>
#include <chrono>
#include <map>

#include <gtest/gtest.h>
#include <kith/subject.hpp>

#include "tests/scenarios/town.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

TEST(Join, MakesManyNodesReady) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(kManyNodes);
    ASSERT_TRUE(town.wait_until_ready());
    ASSERT_EQ(town.time_to_ready.size(), kManyNodes);
    for (const auto& [node, time] : town.time_to_ready) EXPECT_LE(time, 10s) << "node " << node;
  });
}

TEST(Join, LetsAllEnterThroughOneNodeAtOnce) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(1);
    for (int i = 0; i < 50; ++i) town.world.add_node({.join = {0}});
    ASSERT_TRUE(town.wait_until_ready());
  });
}

TEST(Join, GoesOnWhenTheEntranceComesBack) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(2);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.crash(0);
    const HostIndex late = town.world.add_node({.join = {0}});
    town.world.run_for(10s);
    EXPECT_FALSE(town.world.engine(late).is_ready());
    town.world.restart(0);
    EXPECT_TRUE(town.wait_until_ready());
  });
}

TEST(Join, SurvivesLossJitterAndWrongClocks) {
  for_each_town(3, [](Random& random) {
    sim::WorldConfig config;
    config.network.loss_per_million = 20'000;
    config.network.jitter_max = 20ms;
    Town town(random.next_u64(), config);
    for (int i = 0; i < 50; ++i) {
      const auto drift = static_cast<std::int32_t>(random.below(201)) - 100;
      const Duration offset(static_cast<std::int64_t>(random.below(10'000'000)) - 5'000'000);
      town.add({.clock_drift_ppm = drift, .clock_offset = offset});
      town.world.run_for(100ms);
    }
    EXPECT_TRUE(town.wait_until_ready());
  });
}

/// Asks every node for the coordinator of each of `subjects` subjects.
void expect_everybody_names_the_closest(Town& town, int subjects) {
  for (int i = 0; i < subjects; ++i) {
    const Fingerprint key = subject_id({}, "subject/" + std::to_string(i)).value();
    town.traces.clear();
    std::map<HostIndex, overlay::TraceId> asked;
    for (HostIndex node = 0; node < town.world.nodes(); ++node) {
      if (!town.world.is_running(node)) continue;
      asked[node] = town.world.command(
          node, [&](overlay::Engine& engine, Instant now) { return engine.trace(key, now); });
    }
    town.world.run_while_not([&] { return town.traces.size() == asked.size(); }, 10s);
    const Fingerprint& closest = town.world.id(town.world.closest_live(key));
    for (const auto& [node, trace] : asked) {
      const auto& hops = town.traces[{node, trace}];
      ASSERT_FALSE(hops.empty()) << "node " << node << " got no answer for subject " << i;
      ASSERT_EQ(hops.front(), town.world.id(node));
      ASSERT_EQ(hops.back(), closest) << "node " << node << " errs on subject " << i;
    }
  }
}

TEST(Route, LetsEveryNodeNameTheSameCoordinatorForEachOfAThousandSubjects) {
  for_each_town(1, [](Random& random) {
    Town town(random.next_u64());
    town.found(kManyNodes);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(30s);
    expect_everybody_names_the_closest(town, 1000);
  });
}

TEST(Route, FindsTheClosestAgainAfterAFifthOfTheNodesCrashed) {
  for_each_town(2, [](Random& random) {
    Town town(random.next_u64());
    town.found(100);
    ASSERT_TRUE(town.wait_until_ready());
    for (int i = 0; i < 20; ++i) town.world.crash(town.any_running());
    town.world.run_for(2min);
    expect_everybody_names_the_closest(town, 50);
  });
}

TEST(Join, FindsEverybodyInAnOverlayOlderThanItsTokens) {
  for_each_town(1, [](Random& random) {
    sim::WorldConfig config;
    // Books of their own: one knows what it was told, and when.
    config.configure = [](HostIndex, overlay::EngineConfig& engine) { engine.contacts = nullptr; };
    Town town(random.next_u64(), std::move(config));
    town.found(5);
    ASSERT_TRUE(town.wait_until_ready());
    // Sessions begin shortly before their ends renew their tokens, and outlive the old ones.
    town.world.run_for(35h);
    for (HostIndex node = 0; node < 5; ++node) town.world.break_connections(node);
    town.world.run_for(13h + 30min);
    const HostIndex client = town.add({.role = Participation::client});
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(5s);
    EXPECT_EQ(town.world.engine(client).status().sessions, 3U);
    const HostIndex newcomer = town.add();
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(5s);
    EXPECT_GE(town.world.engine(newcomer).status().sessions, 5U);
    expect_everybody_names_the_closest(town, 20);
  });
}

TEST(Join, MakesOneOverlayOfTwoWhenTheEntranceBetweenThemOpens) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.world.add_node();
    town.world.crash(0);
    town.world.add_node({.join = {0}});
    town.world.run_for(1s);
    for (int i = 0; i < 8; ++i) town.world.add_node({.join = {1}});
    town.world.run_for(1min);
    town.world.restart(0);
    for (int i = 0; i < 8; ++i) town.world.add_node({.join = {0}});
    town.world.run_for(3min);
    expect_everybody_names_the_closest(town, 20);
  });
}

TEST(Leave, TellsThePeersAtOnce) {
  for_each_town(3, [](Random& random) {
    Town town(random.next_u64());
    town.found(30);
    ASSERT_TRUE(town.wait_until_ready());
    town.world.run_for(10s);
    const HostIndex leaver = town.any_running();
    town.world.command(leaver, [](overlay::Engine& engine, Instant now) { engine.leave(now); });
    ASSERT_TRUE(town.world.run_while_not([&] { return !town.world.is_running(leaver); }, 3s));
    town.world.run_for(1s);
    for (HostIndex node = 0; node < town.world.nodes(); ++node) {
      if (node == leaver) continue;
      for (const auto& peer : town.world.engine(node).peers(town.world.instant(node))) {
        EXPECT_NE(peer.node, town.world.id(leaver)) << "node " << node;
      }
    }
    expect_everybody_names_the_closest(town, 20);
  });
}

}  // namespace
}  // namespace kith::test
