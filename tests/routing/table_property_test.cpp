#include <array>

#include <gtest/gtest.h>

#include "routing/table.hpp"
#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;
using test::World;

std::vector<ContactIndex> closest(const Table& table, const Fingerprint& key, std::size_t count,
                                  Suspects suspects) {
  std::vector<ContactIndex> out(count);
  out.resize(table.closest(key, out, suspects).size());
  return out;
}

/// `sorted` by distance to `key`, with ourselves put where we belong, and cut to `count`.
std::vector<ContactIndex> with_self(const World& world, std::vector<ContactIndex> sorted,
                                    const Fingerprint& key, std::size_t count) {
  const auto place = std::ranges::find_if(sorted, [&](ContactIndex contact) {
    return is_closer(key, world.id(world.self), world.id(contact));
  });
  sorted.insert(place, world.self);
  sorted.resize(std::min(sorted.size(), count));
  return sorted;
}

TEST(TableLaw, ClosestIsWhatSortingEverythingFinds) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 64});
    for (int round = 0; round < 8; ++round) {
      world.run(20);
      const Fingerprint key = world.any_key();
      const auto count = static_cast<std::size_t>(random.below(24));
      for (const Suspects suspects : {Suspects::skip, Suspects::include})
        ASSERT_EQ(closest(*world.table, key, count, suspects),
                  with_self(world, world.sorted_peers(key, suspects), key, count));
    }
  });
}

TEST(TableLaw, WeAreClosestIfNoPeerIsCloser) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 24});
    for (int round = 0; round < 8; ++round) {
      world.run(10);
      const Fingerprint key = random.below(2) == 0
                                  ? world.any_key()
                                  : test::sharing_bits(world.id(world.self),
                                                       static_cast<int>(random.below(256)), random);
      for (const Suspects suspects : {Suspects::skip, Suspects::include}) {
        const auto sorted = world.sorted_peers(key, suspects);
        const bool expected =
            sorted.empty() || is_closer(key, world.id(world.self), world.id(sorted.front()));
        ASSERT_EQ(world.table->is_closest(key, suspects), expected);
      }
    }
  });
}

TEST(TableLaw, ClosestKnownCountsSparesToo) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 64});
    world.run(120);
    const Fingerprint key = world.any_key();
    auto everybody = world.sorted_peers(key, Suspects::skip);
    const auto spares = world.sorted_spares(key);
    everybody.insert(everybody.end(), spares.begin(), spares.end());
    std::ranges::sort(everybody, [&](ContactIndex a, ContactIndex b) {
      return is_closer(key, world.id(a), world.id(b));
    });
    const auto count = static_cast<std::size_t>(random.below(24));
    std::vector<ContactIndex> out(count);
    out.resize(world.table->closest_known(key, out).size());
    ASSERT_EQ(out, with_self(world, everybody, key, count));
  });
}

TEST(TableLaw, NeighbourhoodIsTheSixteenNearestPeers) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 64});
    for (int round = 0; round < 8; ++round) {
      world.run(20);
      auto expected = world.sorted_peers(world.id(world.self), Suspects::include);
      expected.resize(std::min<std::size_t>(expected.size(), 16));
      ASSERT_EQ(world.table->neighbourhood(), expected);
    }
  });
}

TEST(TableLaw, NeighboursOfOthersAreCountedAmongAllThatAreUp) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 40, .config = {.neighbourhood = 4}});
    world.run(120);
    for (int i = 0; i < 20; ++i) {
      const Fingerprint node = world.any_key();
      const Fingerprint who = random.below(3) == 0 ? world.id(world.self) : world.any_key();
      std::size_t closer = 0;
      for (ContactIndex contact : with_self(world, world.sorted_peers(node, Suspects::skip), node,
                                            std::numeric_limits<std::size_t>::max())) {
        if (world.id(contact) != node && is_closer(node, world.id(contact), who)) ++closer;
      }
      ASSERT_EQ(world.table->is_neighbour_of(node, who), closer < 4);
    }
  });
}

TEST(TableLaw, KeepsItsRulesWhateverHappens) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    const std::size_t neighbours = 1 + random.below(16);
    World world(random, {.pool = 80,
                         .config = {.neighbourhood = neighbours,
                                    .spares_per_slot = 1 + random.below(4),
                                    .spares_max = 12 + random.below(30)}});
    for (int round = 0; round < 40; ++round) {
      world.run(5);
      world.table->sanity_check();
      ASSERT_EQ(world.table->peers().size(), world.peers.size());
      ASSERT_EQ(world.table->peers().size() + world.table->spares().size(), world.known.size());
      for (const auto& [contact, peer] : world.peers) ASSERT_TRUE(world.table->is_peer(contact));
    }
  });
}

TEST(TableLaw, HealthIsThatOfThePeerItself) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 30});
    world.run(150);
    for (ContactIndex contact : world.pool) {
      const auto health = world.table->health(contact);
      const auto model = world.peers.find(contact);
      ASSERT_EQ(health.has_value(), model != world.peers.end());
      if (!health) continue;
      ASSERT_EQ(health->rtt(), model->second.health.rtt());
      ASSERT_EQ(health->missed_pings(), model->second.health.missed_pings());
    }
  });
}

}  // namespace
}  // namespace kith::routing
