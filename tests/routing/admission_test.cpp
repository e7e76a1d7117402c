#include "routing/admission.hpp"

#include <algorithm>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;
using test::World;

World::Options full_world(Random& random) {
  const std::size_t sessions_max = 6 + random.below(20);
  return {.pool = 70,
          .config = {.spread_bits = static_cast<int>(random.below(3)),
                     .neighbourhood = 1 + random.below(4),
                     .sessions_max = sessions_max,
                     .sessions_free = random.below(8),
                     .sessions_per_mille_of_need = 1'000}};
}

TEST(AdmissionLaw, NeverRefusesANeighbourInEitherDirection) {
  std::size_t refused = 0;
  kith::test::for_each_seed(kSeeds, [&](Random& random) {
    World world(random, full_world(random));
    for (int round = 0; round < 8; ++round) {
      world.run(20);
      const Fingerprint id = world.any_key();
      const auto admission = admit(*world.table, id, world.any_endpoint());
      if (admission.admitted) continue;
      ++refused;
      ASSERT_FALSE(world.is_neighbour(id));
      // We would not be missed: so many healthy peers are closer to it than we are.
      std::size_t closer = 0;
      for (ContactIndex peer : world.sorted_peers(id, Suspects::skip))
        if (world.id(peer) != id && is_closer(id, world.id(peer), world.id(world.self))) ++closer;
      ASSERT_GE(closer, world.config.neighbourhood);
    }
  });
  EXPECT_TRUE(refused > kSeeds / 2 || std::getenv("KITH_TEST_SEED") != nullptr)
      << "the law saw too little";
}

TEST(AdmissionLaw, AdmitsOthersOnlyWithinTheCaps) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, full_world(random));
    for (int round = 0; round < 8; ++round) {
      world.run(20);
      const Fingerprint id = world.any_key();
      const Table& table = *world.table;
      if (id == table.self_id() || !admit(table, id, world.any_endpoint()).admitted) continue;
      if (world.is_neighbour(id) || table.is_neighbour_of(id, table.self_id())) continue;
      ASSERT_LT(table.peers().size(), world.config.sessions_max);
      const auto holder = world.holder(world.slot(id));
      const bool covered = holder && !world.peers.at(*holder).health.is_suspect();
      if (covered) {
        ASSERT_LT(table.peers().size(), soft_cap(table));
      }
    }
  });
}

TEST(AdmissionLaw, LetsNodesEnterWhileThereIsRoomForThem) {
  std::size_t refused = 0;
  kith::test::for_each_seed(kSeeds, [&](Random& random) {
    World world(random, full_world(random));
    world.config.sessions_for_entering = random.below(6);
    for (int round = 0; round < 8; ++round) {
      world.run(20);
      const Fingerprint id = world.any_key();
      const Table& table = *world.table;
      if (world.is_neighbour(id) || table.is_neighbour_of(id, table.self_id())) continue;
      const bool has_room =
          table.peers().size() < world.config.sessions_max + world.config.sessions_for_entering;
      const Endpoint exempt = Endpoint::v4({127, 0, 0, 1}, 1);
      ASSERT_EQ(admit(table, id, exempt, Joiner::entering).admitted, has_room);
      if (!has_room) ++refused;
    }
  });
  EXPECT_TRUE(refused > 0 || std::getenv("KITH_TEST_SEED") != nullptr) << "the law saw too little";
}

TEST(AdmissionLaw, TheSoftCapFollowsTheNeed) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, full_world(random));
    world.config.sessions_per_mille_of_need = 1'300;
    world.run(100);
    const std::size_t cap = soft_cap(*world.table);
    ASSERT_LE(cap, world.config.sessions_max);
    ASSERT_GE(cap, std::min(world.config.sessions_free, world.config.sessions_max));
    if (cap > world.config.sessions_free && cap < world.config.sessions_max) {
      ASSERT_EQ(cap, needed_peers(*world.table) * 13 / 10);
    }
  });
}

TEST(AdmissionLaw, RefusesWhatWouldCrowdItsNetwork) {
  SeededRandom random(1);
  Config config{.neighbourhood = 1};
  FingerprintBook book{SipKey{}};
  Table table(config, book, book.intern(Fingerprint{}), SipKey{});
  const auto stranger = [&](int bits) { return test::sharing_bits(Fingerprint{}, bits, random); };
  table.on_connected(book.intern(stranger(30)), Endpoint::v4({127, 0, 0, 1}, 1), std::nullopt);
  const auto host = [](Byte last) { return Endpoint::v4({192, 0, 2, last}, 1); };
  // Its own neighbourhood must be full without us.
  const Fingerprint one = stranger(2);
  const Fingerprint two = test::sharing_bits(one, 4, random);
  const Fingerprint three = test::sharing_bits(one, 4, random);
  table.on_connected(book.intern(one), host(1), std::nullopt);
  table.on_connected(book.intern(two), host(2), std::nullopt);
  for (const Joiner joiner : {Joiner::settled, Joiner::entering}) {
    EXPECT_FALSE(admit(table, three, host(3), joiner).admitted);
    EXPECT_TRUE(admit(table, three, Endpoint::v4({192, 0, 3, 3}, 1), joiner).admitted);
    EXPECT_TRUE(admit(table, three, Endpoint::v4({127, 0, 0, 1}, 1), joiner).admitted);
  }
}

TEST(AdmissionLaw, NamesHealthyPeersToTryInstead) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, full_world(random));
    world.run(150);
    const Fingerprint id = world.any_key();
    const auto admission = admit(*world.table, id, world.any_endpoint());
    if (admission.admitted) {
      ASSERT_TRUE(admission.alternatives.empty());
      return;
    }
    const int spread = world.config.spread_bits;
    const auto is_mate = [&](ContactIndex peer) {
      return slot_of(distance(world.id(peer), id), spread) ==
             slot_of(distance(world.id(world.self), id), spread);
    };
    std::vector<ContactIndex> expected;
    for (const bool mates : {true, false}) {
      for (ContactIndex peer : world.sorted_peers(id, Suspects::skip))
        if (world.id(peer) != id && is_mate(peer) == mates) expected.push_back(peer);
    }
    expected.resize(std::min<std::size_t>(expected.size(), 4));
    ASSERT_EQ(admission.alternatives, expected);
  });
}

}  // namespace
}  // namespace kith::routing
