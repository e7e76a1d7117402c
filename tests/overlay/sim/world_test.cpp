#include "overlay/sim/world.hpp"

#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <kith/subject.hpp>

#include "core/crypto/sodium.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

LatencyModel near() { return LatencyModel::constant(10ms); }

/// Two members, ready.
void found_two(World& world) {
  world.add_node();
  world.add_node({.join = {0}});
  ASSERT_TRUE(world.run_while_not([&] { return world.engine(1).is_ready(); }, 10s));
}

TEST(World, LetsANodeJoinAnother) {
  World world(near(), {.seed = 1});
  found_two(world);
  EXPECT_EQ(world.engine(0).status().sessions, 1U);
  EXPECT_EQ(world.engine(1).status().sessions, 1U);
}

TEST(World, KeepsTheIdsOfNodesWhateverTheCryptography) {
  World simulated(near(), {.seed = 7});
  World real(near(), {.seed = 7, .primitives = &crypto::sodium_primitives()});
  simulated.add_node();
  real.add_node();
  EXPECT_EQ(simulated.id(0), real.id(0));
}

TEST(World, GivesARestartedNodeItsOldId) {
  World world(near(), {.seed = 1});
  found_two(world);
  const Fingerprint id = world.id(1);
  world.crash(1);
  EXPECT_FALSE(world.is_running(1));
  world.restart(1);
  EXPECT_EQ(world.engine(1).id(), id);
  EXPECT_TRUE(world.run_while_not([&] { return world.engine(1).is_ready(); }, 30s));
}

TEST(World, KnowsTheClosestOfThoseThatLive) {
  World world(near(), {.seed = 1});
  found_two(world);
  EXPECT_EQ(world.closest_live(world.id(1)), 1U);
  world.crash(1);
  EXPECT_EQ(world.closest_live(world.id(1)), 0U);
  world.restart(1);
  EXPECT_EQ(world.closest_live(world.id(1)), 1U);
}

TEST(World, CountsNoClientAmongTheMembers) {
  World world(near(), {.seed = 1});
  found_two(world);
  const HostIndex client = world.add_node({.role = Participation::client, .join = {0}});
  EXPECT_EQ(world.live_members().size(), 2U);
  EXPECT_EQ(world.find(world.id(client)), client);
}

TEST(World, StopsANodeThatHasLeft) {
  World world(near(), {.seed = 1});
  found_two(world);
  world.command(1, [](overlay::Engine& engine, Instant now) { engine.leave(now); });
  EXPECT_TRUE(world.run_while_not([&] { return !world.is_running(1); }, 5s));
  EXPECT_EQ(world.live_members().size(), 1U);
}

TEST(World, PutsQuestionsToThePolicy) {
  std::vector<HostIndex> asked;
  World world(near(), {.seed = 1, .policy = [&](HostIndex node, const PolicyQuestion&) {
                         asked.push_back(node);
                         return Verdict::no;
                       }});
  world.add_node();
  world.add_node({.join = {0}});
  world.run_for(10s);
  EXPECT_FALSE(asked.empty());
  EXPECT_FALSE(world.engine(1).is_ready());
  EXPECT_EQ(world.engine(0).status().sessions, 0U);
}

TEST(World, ShowsWhatNodesTellTheirApplications) {
  std::vector<std::string> delivered;
  World world(near(), {.seed = 1, .watch = [&](HostIndex node, const overlay::Output& output) {
                         if (const auto* message = std::get_if<overlay::Delivered>(&output)) {
                           delivered.push_back(std::to_string(node) + " " +
                                               std::string(as_text(message->payload)));
                         }
                       }});
  found_two(world);
  (void)world.command(1, [](overlay::Engine& engine, Instant now) {
    return engine.subscribe("news", {}, now).has_value();
  });
  const auto publisher = world.command(0, [](overlay::Engine& engine, Instant now) {
    return engine.advertise("news", {}, now).value();
  });
  world.run_for(5s);
  EXPECT_TRUE(world.command(0, [&](overlay::Engine& engine, Instant now) {
    return engine.publish(publisher, as_bytes("sunny"), now).has_value();
  }));
  world.run_for(1s);
  EXPECT_EQ(delivered, (std::vector<std::string>{"1 sunny"}));
}

TEST(World, LetsTheEngineBeConfigured) {
  World world(near(), {.seed = 1, .configure = [](HostIndex, overlay::EngineConfig& config) {
                         config.realm = Fingerprint({1});
                       }});
  found_two(world);
  World other(near(), {.seed = 1, .configure = [](HostIndex node, overlay::EngineConfig& config) {
                         config.realm = Fingerprint({static_cast<Byte>(node)});
                       }});
  other.add_node();
  other.add_node({.join = {0}});
  other.run_for(10s);
  EXPECT_FALSE(other.engine(1).is_ready());
}

TEST(World, CallsEnginesThatRunFastOrSlowAtTheirOwnTime) {
  World world(near(), {.seed = 1});
  world.add_node({.clock_drift_ppm = 500, .clock_offset = 3s});
  world.add_node({.join = {0}, .clock_drift_ppm = -500, .clock_offset = -3s});
  EXPECT_TRUE(world.run_while_not([&] { return world.engine(1).is_ready(); }, 10s));
  world.run_for(10min);
  EXPECT_EQ(world.engine(0).status().sessions, 1U);
}

}  // namespace
}  // namespace kith::sim
