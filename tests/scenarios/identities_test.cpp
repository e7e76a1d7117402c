// Several identities at one node, and one identity at several nodes.

#include <chrono>

#include <gtest/gtest.h>

#include "tests/scenarios/town.hpp"
#include "tokens/verify.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// Each node of a town has an identity of its own and those of Ada and Bob besides.
struct FamilyTown {
  explicit FamilyTown(std::uint64_t seed) : town(seed, config()) {}

  [[nodiscard]] bool found(std::size_t count) {
    town.found(count);
    return town.wait_until_ready();
  }

  sim::WorldConfig config() {
    sim::WorldConfig config;
    config.configure = [this](HostIndex, overlay::EngineConfig& engine) {
      SeededRandom random(7);
      for (Fingerprint* who : {&ada, &bob}) {
        auto key = engine.primitives->signatures->generate(random);
        *who = identity_fingerprint(key.public_key);
        engine.further_identities.push_back(std::move(key));
      }
    };
    return config;
  }

  Fingerprint ada;
  Fingerprint bob;
  Town town;
};

TEST(Identities, R39_OfOneNodeSendAndReceiveEachForItself) {
  for_each_town(5, [](Random& random) {
    FamilyTown family(random.next_u64());
    ASSERT_TRUE(family.found(10));
    Town& town = family.town;
    const HostIndex home = town.any_running();
    const HostIndex office = town.any_running({home});
    const SubscriptionId for_ada = town.subscribe(home, "news", {.identity = family.ada});
    const SubscriptionId for_bob = town.subscribe(home, "news", {.identity = family.bob});
    const SubscriptionId for_node = town.subscribe(home, "news");
    const PublisherId by_ada = town.advertise(office, "news", {.identity = family.ada});
    const PublisherId by_bob = town.advertise(office, "news", {.identity = family.bob});
    ASSERT_TRUE(town.wait_for_receivers(office, by_ada, 3, 20s));
    ASSERT_TRUE(town.wait_for_receivers(office, by_bob, 3, 20s));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(town.publish(office, by_ada));
    ASSERT_TRUE(town.publish(office, by_bob));
    town.world.run_for(5s);
    for (const SubscriptionId subscription : {for_ada, for_bob, for_node}) {
      EXPECT_EQ(town.received(home, subscription, family.ada), first_numbers(3));
      EXPECT_EQ(town.received(home, subscription, family.bob), first_numbers(1));
    }
  });
}

TEST(Identities, R48_AreAnAudienceEachByItself) {
  for_each_town(5, [](Random& random) {
    FamilyTown family(random.next_u64());
    ASSERT_TRUE(family.found(10));
    Town& town = family.town;
    const HostIndex home = town.any_running();
    const HostIndex office = town.any_running({home});
    const SubscriptionId for_ada = town.subscribe(home, "news", {.identity = family.ada});
    const SubscriptionId for_bob = town.subscribe(home, "news", {.identity = family.bob});
    const SubscriptionId from_bob = town.subscribe(home, "news", {.audience = family.bob});
    const PublisherId publisher =
        town.advertise(office, "news", {.identity = family.ada, .audience = family.bob});
    ASSERT_TRUE(town.wait_for_receivers(office, publisher, 1, 20s));
    town.world.run_for(5s);
    EXPECT_EQ(town.receivers(office, publisher).size(), 1U);
    ASSERT_TRUE(town.publish(office, publisher));
    town.world.run_for(5s);
    EXPECT_EQ(town.received(home, for_bob, family.ada), first_numbers(1));
    EXPECT_EQ(town.received(home, for_ada, family.ada), Town::Numbers());
    EXPECT_EQ(town.received(home, from_bob, family.ada), Town::Numbers());
  });
}

TEST(Identities, R39_OfOneNodeMeetAtIt) {
  FamilyTown family(1);
  ASSERT_TRUE(family.found(3));
  Town& town = family.town;
  const SubscriptionId for_bob = town.subscribe(0, "news", {.identity = family.bob});
  const PublisherId by_ada =
      town.advertise(0, "news", {.identity = family.ada, .audience = family.bob});
  (void)town.subscribe(0, "news");
  ASSERT_TRUE(town.wait_for_receivers(0, by_ada, 1, 5s));
  ASSERT_TRUE(town.publish(0, by_ada));
  town.world.run_for(1s);
  EXPECT_EQ(town.received(0, for_bob, family.ada), first_numbers(1));
  EXPECT_EQ(town.receivers(0, by_ada).size(), 1U);
}

TEST(Identities, R39_OfOneNodeEndTheirSubscriptionsEachByItself) {
  for_each_town(3, [](Random& random) {
    FamilyTown family(random.next_u64());
    ASSERT_TRUE(family.found(10));
    Town& town = family.town;
    const HostIndex home = town.any_running();
    const HostIndex office = town.any_running({home});
    const SubscriptionId for_ada = town.subscribe(home, "news", {.identity = family.ada});
    (void)town.subscribe(home, "news", {.identity = family.bob});
    const PublisherId publisher = town.advertise(office, "news");
    ASSERT_TRUE(town.wait_for_receivers(office, publisher, 2, 20s));
    town.world.command(
        home, [&](overlay::Engine& engine, Instant now) { engine.unsubscribe(for_ada, now); });
    town.world.run_for(20s);
    EXPECT_EQ(town.receivers(office, publisher).size(), 1U);
    // Renewed, it is still declared.
    town.world.run_for(12min);
    const PublisherId another = town.advertise(office, "news", {.identity = family.ada});
    EXPECT_TRUE(town.wait_for_receivers(office, another, 1, 20s));
  });
}

TEST(Identities, R39_AtSeveralNodesReceiveAtEach) {
  for_each_town(5, [](Random& random) {
    FamilyTown family(random.next_u64());
    ASSERT_TRUE(family.found(10));
    Town& town = family.town;
    const HostIndex home = town.any_running();
    const HostIndex office = town.any_running({home});
    const HostIndex source = town.any_running({home, office});
    const SubscriptionId at_home = town.subscribe(home, "news", {.identity = family.ada});
    const SubscriptionId at_office = town.subscribe(office, "news", {.identity = family.ada});
    const PublisherId publisher = town.advertise(source, "news", {.audience = family.ada});
    ASSERT_TRUE(town.wait_for_receivers(source, publisher, 2, 20s));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(town.publish(source, publisher));
    town.world.run_for(5s);
    EXPECT_EQ(town.received(home, at_home, source), first_numbers(5));
    EXPECT_EQ(town.received(office, at_office, source), first_numbers(5));
  });
}

}  // namespace
}  // namespace kith::test
