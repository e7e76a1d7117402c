#include "routing/peer_set.hpp"

#include <gtest/gtest.h>

#include "routing/admission.hpp"
#include "routing/holder.hpp"
#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;
using test::World;

World::Options crowded_world(Random& random) {
  return {.pool = 80,
          .config = {.neighbourhood = 1 + random.below(8),
                     .network_per_bucket = 1 + random.below(3),
                     .network_per_table = 1 + random.below(6)}};
}

TEST(PeerSetLaw, CrowdsWhatExceedsTheLimitsOfANetwork) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, crowded_world(random));
    for (int round = 0; round < 6; ++round) {
      world.run(25);
      const PeerSet& peers = world.table->peers();
      const auto crowded = world.crowded();
      for (std::size_t at = 0; at < peers.size(); ++at)
        ASSERT_EQ(peers[at].crowded != 0, crowded.contains(peers.order()[at]));
    }
  });
}

TEST(PeerSetLaw, NeverHoldsMoreOfANetworkThanItMay) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, crowded_world(random));
    world.run(200);
    const PeerSet& peers = world.table->peers();
    std::map<NetworkTag, std::map<int, std::size_t>> ordinary;
    for (std::size_t at = world.config.neighbourhood; at < peers.size(); ++at) {
      if (peers[at].network == kExemptNetwork || peers[at].crowded != 0) continue;
      ++ordinary[peers[at].network][peers.order().slot(at, 0).bucket];
    }
    for (const auto& [network, buckets] : ordinary) {
      std::size_t in_table = 0;
      for (const auto& [bucket, count] : buckets) {
        ASSERT_LE(count, world.config.network_per_bucket);
        in_table += count;
      }
      ASSERT_LE(in_table, world.config.network_per_table);
    }
  });
}

TEST(PeerSetLaw, TellsWhoIsANeighbour) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 40, .config = {.neighbourhood = 1 + random.below(16)}});
    world.run(120);
    for (int i = 0; i < 10; ++i) {
      const Fingerprint id = world.any_key();
      ASSERT_EQ(world.table->peers().is_neighbour(id), world.is_neighbour(id));
    }
  });
}

TEST(PeerSetLaw, TheNearestInLatencyHoldsItsSlot) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 80,
                         .config = {.spread_bits = static_cast<int>(random.below(5)),
                                    .neighbourhood = 1 + random.below(8)}});
    for (int round = 0; round < 2; ++round) {
      world.run(80);
      const PeerSet& peers = world.table->peers();
      for (const auto& [contact, peer] : world.peers) {
        const Slot slot = world.slot(world.id(contact));
        const auto at = holder(peers, peers.order().slot_range(slot, world.config.spread_bits));
        const auto expected = world.holder(slot);
        ASSERT_EQ(at.has_value(), expected.has_value());
        if (at) {
          ASSERT_EQ(peers.order()[*at], *expected);
        }
      }
    }
  });
}

TEST(PeerSetLaw, NeighboursAndHoldersAreNeeded) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 80, .config = {.neighbourhood = 1 + random.below(8)}});
    world.run(200);
    std::size_t needed = 0;
    for (const auto& [contact, peer] : world.peers) {
      const bool expected = world.is_neighbour(world.id(contact)) ||
                            world.holder(world.slot(world.id(contact))) == contact;
      ASSERT_EQ(is_needed(*world.table, contact), expected);
      if (expected) ++needed;
    }
    ASSERT_EQ(needed_peers(*world.table), needed);
  });
}

}  // namespace
}  // namespace kith::routing
