#include "routing/spare_set.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;
using test::World;

World::Options tight_world(Random& random) {
  return {.pool = 120,
          .config = {.spread_bits = static_cast<int>(random.below(5)),
                     .neighbourhood = random.below(10),
                     .spares_per_slot = 1 + random.below(3),
                     .spares_max = 10 + random.below(60),
                     .network_per_bucket = 1 + random.below(3),
                     .network_per_table = 1 + random.below(6)}};
}

Spare any_spare(World& world) {
  Spare spare;
  spare.network = world.table->network(world.any_endpoint());
  if (world.random.below(2) == 0) spare.rtt_us = (1 + world.random.below(20)) * 20'000 & 0xff'ffff;
  spare.failures = world.random.below(5) & 0x7f;
  spare.dialing = world.random.below(8) == 0 ? 1 : 0;
  return spare;
}

TEST(SpareSetLaw, StaysWithinEveryLimit) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, tight_world(random));
    const Config& config = world.config;
    SpareSet spares(config, world.book, world.self);
    std::vector<ContactIndex> released;
    for (ContactIndex contact : world.pool) {
      spares.insert(contact, any_spare(world), released);
      if (spares.size() > 0 && random.below(10) == 0) spares.erase(random.below(spares.size()));
      ASSERT_LE(spares.size(), config.spares_max);
      std::map<std::pair<int, int>, std::size_t> per_slot;
      std::map<std::pair<NetworkTag, int>, std::size_t> per_bucket;
      std::map<NetworkTag, std::size_t> per_table;
      for (std::size_t at = config.neighbourhood; at < spares.size(); ++at) {
        const Slot slot = world.slot(spares.order().id(at));
        ASSERT_LE((++per_slot[{slot.bucket, slot.part}]), config.spares_per_slot);
        if (spares[at].network == kExemptNetwork) continue;
        ASSERT_LE((++per_bucket[{spares[at].network, slot.bucket}]), config.network_per_bucket);
        ASSERT_LE(++per_table[spares[at].network], config.network_per_table);
      }
    }
  });
}

TEST(SpareSetLaw, LosesNobodyWithoutSayingSo) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, tight_world(random));
    SpareSet spares(world.config, world.book, world.self);
    std::vector<ContactIndex> released;
    for (ContactIndex contact : world.pool) spares.insert(contact, any_spare(world), released);
    for (std::size_t at = 0; at < spares.size(); ++at) released.push_back(spares.order()[at]);
    std::ranges::sort(released);
    auto expected = world.pool;
    std::ranges::sort(expected);
    ASSERT_EQ(released, expected);
  });
}

TEST(SpareSetLaw, KeepsTheBestOfASlot) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    // All of one bucket, no network, no neighbourhood: only the slot's own limit acts.
    World world(random, {.config = {.spread_bits = 0, .neighbourhood = 0, .spares_per_slot = 4}});
    SpareSet spares(world.config, world.book, world.self);
    std::vector<ContactIndex> released;
    std::vector<std::tuple<unsigned, Duration, Fingerprint>> all;
    for (int i = 0; i < 12; ++i) {
      const Fingerprint id = test::sharing_bits(world.id(world.self), 5, random);
      Spare spare = any_spare(world);
      spare.network = kExemptNetwork;
      spare.dialing = 0;
      spares.insert(world.book.intern(id), spare, released);
      all.emplace_back(unsigned{spare.failures},
                       spare.rtt().value_or(world.config.stranger_rtt) / 2,
                       distance(id, world.id(world.self)));
    }
    std::ranges::sort(all);
    for (std::size_t i = 0; i < 4; ++i) {
      const Fingerprint id = distance(std::get<2>(all[i]), world.id(world.self));
      ASSERT_TRUE(spares.order().find(*world.book.find(id)).has_value());
    }
    ASSERT_EQ(spares.size(), 4U);
  });
}

TEST(SpareSetLaw, KeepsTheNearestWhateverElseComes) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 120,
                         .config = {.neighbourhood = 6,
                                    .spares_per_slot = 1,
                                    .spares_max = 20,
                                    .network_per_bucket = 1,
                                    .network_per_table = 1}});
    SpareSet spares(world.config, world.book, world.self);
    std::vector<ContactIndex> released;
    for (ContactIndex contact : world.pool) spares.insert(contact, any_spare(world), released);
    std::ranges::sort(world.pool, [&](ContactIndex a, ContactIndex b) {
      return is_closer(world.id(world.self), world.id(a), world.id(b));
    });
    for (std::size_t i = 0; i < 6; ++i) ASSERT_EQ(spares.order()[i], world.pool[i]);
  });
}

TEST(SpareSetLaw, KeepsAStrangerIfItSaysThatItHasRoom) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    auto options = tight_world(random);
    options.config.spares_max = 1'000;
    World world(random, options);
    SpareSet spares(world.config, world.book, world.self);
    std::vector<ContactIndex> released;
    for (ContactIndex contact : world.pool) {
      Spare stranger;
      stranger.network = world.table->network(world.any_endpoint());
      const bool room = spares.has_room(world.id(contact), stranger.network);
      SpareSet trial = spares;
      trial.insert(contact, stranger, released);
      const bool kept = trial.order().find(contact).has_value();
      ASSERT_TRUE(kept || !room);
      // A network may give up its worst for the stranger; a slot alone tells exactly.
      if (stranger.network == kExemptNetwork) {
        ASSERT_EQ(kept, room);
      }
      spares.insert(contact, any_spare(world), released);
    }
  });
}

TEST(SpareSet, WaitsTwiceAsLongAfterEachFailureAndThenGivesUp) {
  SeededRandom random(1);
  World world(random, {.pool = 1});
  SpareSet spares(world.config, world.book, world.self);
  std::vector<ContactIndex> released;
  spares.insert(world.pool[0], Spare{}, released);
  const TimePoint now{Duration(3'000'000)};
  Duration wait = world.config.redial_after;
  for (std::uint32_t failure = 1; failure < world.config.failed_dials_max; ++failure) {
    spares.on_dial_started(0);
    EXPECT_FALSE(spares[0].is_free(now));
    ASSERT_TRUE(spares.on_dial_failed(0, now));
    EXPECT_FALSE(spares[0].is_free(now + wait - Duration(1)));
    EXPECT_TRUE(spares[0].is_free(now + wait + Duration(65'536)));
    wait *= 2;
  }
  EXPECT_FALSE(spares.on_dial_failed(0, now));
  EXPECT_EQ(spares.size(), 0U);
}

TEST(SpareSet, NeverWaitsLongerThanTheLongestWait) {
  SeededRandom random(1);
  World world(random, {.pool = 1, .config = {.failed_dials_max = 100}});
  SpareSet spares(world.config, world.book, world.self);
  std::vector<ContactIndex> released;
  spares.insert(world.pool[0], Spare{}, released);
  for (int i = 0; i < 90; ++i) ASSERT_TRUE(spares.on_dial_failed(0, TimePoint{}));
  EXPECT_TRUE(spares[0].is_free(TimePoint{} + world.config.redial_after_max + Duration(65'536)));
}

}  // namespace
}  // namespace kith::routing
