#include "routing/dialing.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;
using test::World;

World::Options small_world(Random& random) {
  return {.pool = 70,
          .config = {.spread_bits = static_cast<int>(random.below(4)),
                     .neighbourhood = random.below(6),
                     .network_per_bucket = 1 + random.below(3),
                     .sessions_max = random.below(4) == 0 ? 12U : 400U}};
}

/// Whether the model's peers have room for one more of this network where `id` lies.
bool would_crowd(const World& world, const Fingerprint& id, NetworkTag network) {
  if (network == kExemptNetwork) return false;
  const auto sorted = world.sorted_peers(world.id(world.self), Suspects::include);
  const auto crowded = world.crowded();
  std::size_t in_bucket = 0;
  std::size_t in_table = 0;
  for (std::size_t rank = world.config.neighbourhood; rank < sorted.size(); ++rank) {
    const ContactIndex peer = sorted[rank];
    if (world.table->network(world.peers.at(peer).endpoint) != network || crowded.contains(peer))
      continue;
    ++in_table;
    if (world.slot(world.id(peer)).bucket == world.slot(id).bucket) ++in_bucket;
  }
  return in_bucket >= world.config.network_per_bucket || in_table >= world.config.network_per_table;
}

/// What a session with `spare` would be good for, all other spares aside.
std::optional<Need> need_of(const World& world, ContactIndex contact) {
  const Fingerprint& id = world.id(contact);
  const Spare& spare = world.spare(contact);
  if (!spare.is_free(world.now)) return std::nullopt;
  if (world.is_neighbour(id)) return Need::neighbour;
  if (world.peers.size() >= world.config.sessions_max) return std::nullopt;
  if (would_crowd(world, id, spare.network)) return std::nullopt;
  for (ContactIndex mate : world.sorted_spares(id))
    if (world.slot(world.id(mate)) == world.slot(id) && world.spare(mate).dialing != 0)
      return std::nullopt;
  const auto holder = world.holder(world.slot(id));
  if (!holder || world.peers.at(*holder).health.is_suspect()) return Need::empty_slot;
  if (!spare.rtt()) {
    if (world.one_way(*holder) <= world.config.latency_slack) return std::nullopt;
    return Need::explore;
  }
  if (*spare.rtt() / 2 + world.config.latency_slack < world.one_way(*holder)) return Need::nearer;
  return std::nullopt;
}

/// The best spare by looking at all of them.
std::optional<std::pair<ContactIndex, Need>> naive_candidate(const World& world, Need least) {
  std::optional<std::pair<ContactIndex, Need>> best;
  const Fingerprint& own = world.id(world.self);
  const auto burden = [&](ContactIndex contact, Need need) {
    const Spare& spare = world.spare(contact);
    const Slot slot = world.slot(world.id(contact));
    const bool by_slot = need != Need::neighbour;
    return std::tuple(need, by_slot ? slot.bucket : 0, by_slot ? -slot.part : 0,
                      by_slot ? unsigned{spare.failures} : 0U,
                      by_slot ? spare.rtt().value_or(world.config.stranger_rtt) / 2 : Duration{},
                      distance(world.id(contact), own));
  };
  for (ContactIndex contact : world.sorted_spares(own)) {
    const auto need = need_of(world, contact);
    if (!need || *need > least) continue;
    if (!best || burden(contact, *need) < burden(best->first, best->second))
      best = {contact, *need};
  }
  return best;
}

TEST(DialingLaw, TheNextCandidateIsTheBestOfAllSpares) {
  std::array<std::size_t, 4> seen{};
  kith::test::for_each_seed(kSeeds, [&](Random& random) {
    World world(random, small_world(random));
    world.run(static_cast<int>(random.below(200)));
    // At first anything may be needed; then whoever is called for comes, and less is.
    for (int round = 0; round < 20; ++round) {
      const auto least = static_cast<Need>(random.below(4));
      const auto candidate = next_candidate(*world.table, world.now, least);
      const auto expected = naive_candidate(world, least);
      ASSERT_EQ(candidate.has_value(), expected.has_value());
      if (candidate) {
        ASSERT_EQ(candidate->contact, expected->first);
        ASSERT_EQ(candidate->need, expected->second);
        ++seen[static_cast<std::size_t>(candidate->need)];
        world.connect(candidate->contact);
      }
      if (random.below(3) == 0) world.heal();
      if (random.below(3) == 0) world.step();
    }
  });
  if (std::getenv("KITH_TEST_SEED") != nullptr) return;
  for (std::size_t count : seen) EXPECT_GT(count, kSeeds / 10) << "the law saw too little";
}

TEST(DialingLaw, RandomSlotsAreThoseWithKeysBehindThem) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, small_world(random));
    world.run(static_cast<int>(random.below(200)));
    const auto held = world.table->neighbourhood();
    const bool is_full = held.size() == world.config.neighbourhood && !held.empty();
    const int deepest = is_full ? world.slot(world.id(held.back())).bucket : 0;
    for (int i = 0; i < 20; ++i) {
      const Slot slot = random_slot(*world.table, random);
      ASSERT_LE(slot.bucket, deepest);
      ASSERT_EQ(slot.part >> world.config.spread_bits, 0);
    }
  });
}

TEST(DialingLaw, InformantsAreNearAndHaveTheSameSlots) {
  std::size_t found = 0;
  kith::test::for_each_seed(kSeeds, [&](Random& random) {
    World world(random, small_world(random));
    world.run(static_cast<int>(random.below(200)));
    const Slot slot{static_cast<std::uint16_t>(random.below(4)), 0};
    const auto knows_slot = [&](ContactIndex contact) {
      return world.slot(world.id(contact)).bucket > slot.bucket;
    };
    std::vector<Duration> latencies;
    for (const auto& [contact, peer] : world.peers)
      if (knows_slot(contact) && !peer.health.is_suspect())
        latencies.push_back(world.one_way(contact));
    std::ranges::sort(latencies);
    const auto chosen = informant(*world.table, slot, random);
    ASSERT_EQ(chosen.has_value(), !latencies.empty());
    if (!chosen) return;
    ++found;
    ASSERT_TRUE(knows_slot(*chosen));
    ASSERT_FALSE(world.peers.at(*chosen).health.is_suspect());
    ASSERT_LE(world.one_way(*chosen), latencies[std::min<std::size_t>(3, latencies.size() - 1)]);
  });
  if (std::getenv("KITH_TEST_SEED") != nullptr) return;
  EXPECT_GT(found, kSeeds / 10);
}

TEST(Dialing, PrefersTheSlotsThatMoreKeysLieBehind) {
  SeededRandom random(1);
  World world(random, {.pool = 200, .config = {.neighbourhood = 4}});
  for (const ContactIndex contact : world.pool) world.connect(contact);
  std::array<int, 3> seen{};
  for (int i = 0; i < 1000; ++i) {
    const auto bucket = random_slot(*world.table, random).bucket;
    if (bucket < seen.size()) ++seen[bucket];
  }
  EXPECT_GT(seen[0], 200);
  EXPECT_GT(seen[1], 200);
  EXPECT_GT(seen[2], 80);
}

TEST(DialingLaw, ConnectsNeighboursAndEmptySlots) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, small_world(random));
    for (int round = 0; round < 10; ++round) {
      world.run(15);
      const Fingerprint id = world.any_key();
      const Endpoint endpoint = world.any_endpoint();
      const Wish wish = wants(*world.table, id, endpoint);
      const auto index = world.book.find(id);
      if (id == world.id(world.self) || (index && world.known.contains(*index))) {
        ASSERT_EQ(wish, Wish::ignore);
      } else if (world.is_neighbour(id)) {
        ASSERT_EQ(wish, Wish::connect);
      } else if (would_crowd(world, id, world.table->network(endpoint))) {
        ASSERT_EQ(wish, Wish::ignore);
      } else {
        const auto holder = world.holder(world.slot(id));
        const bool covered = holder && !world.peers.at(*holder).health.is_suspect();
        const bool room = world.peers.size() < world.config.sessions_max;
        ASSERT_EQ(wish == Wish::connect, !covered && room);
      }
    }
  });
}

TEST(DialingLaw, WhatItWantsToKeepOrConnectBecomesASpare) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, small_world(random));
    world.run(100);
    const Fingerprint id = world.any_key();
    const Endpoint endpoint = world.any_endpoint();
    if (wants(*world.table, id, endpoint) == Wish::ignore) return;
    const ContactIndex contact = world.book.intern(id);
    world.table->add_spare(contact, endpoint);
    // What connects at once may be worth less than the spares that wait there already.
    if (world.is_neighbour(id)) {
      ASSERT_TRUE(world.table->is_spare(contact));
    }
  });
}

TEST(DialingLaw, EmptySlotsAreThoseWithoutAPeer) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, small_world(random));
    world.run(100);
    const auto empty = empty_slots(*world.table);
    const auto sorted = world.sorted_peers(world.id(world.self), Suspects::include);
    const std::size_t neighbours = world.config.neighbourhood;
    int deepest = 0;
    if (neighbours > 0 && sorted.size() >= neighbours)
      deepest = world.slot(world.id(sorted[neighbours - 1])).bucket;
    std::vector<Slot> expected;
    for (std::uint16_t bucket = 0; bucket <= deepest; ++bucket) {
      for (std::uint16_t part = 0; part < 1 << world.config.spread_bits; ++part) {
        const Slot slot{bucket, part};
        if (std::ranges::none_of(sorted,
                                 [&](auto peer) { return world.slot(world.id(peer)) == slot; }))
          expected.push_back(slot);
      }
    }
    ASSERT_EQ(empty, expected);
  });
}

class DialingTest : public testing::Test {
 protected:
  ContactIndex contact(int bits) {
    return book.intern(test::sharing_bits(Fingerprint{}, bits, random));
  }
  static Endpoint endpoint() { return Endpoint::v4({127, 0, 0, 1}, 1); }

  SeededRandom random{1};
  Config config{.spread_bits = 0, .neighbourhood = 1};
  FingerprintBook book{SipKey{}};
  Table table{config, book, book.intern(Fingerprint{}), SipKey{}};
};

TEST_F(DialingTest, ReplacesASuspectNeighbourAtOnce) {
  const ContactIndex neighbour = contact(30);
  const ContactIndex spare = contact(20);
  table.on_connected(neighbour, endpoint(), Duration(1'000));
  table.on_connected(contact(20), endpoint(), Duration(1'000));
  table.add_spare(spare, endpoint());
  EXPECT_FALSE(next_candidate(table, TimePoint{}, Need::nearer).has_value());
  table.on_missed_ping(neighbour);
  table.on_missed_ping(table.peers().order()[1]);
  const auto candidate = next_candidate(table, TimePoint{}, Need::nearer);
  ASSERT_TRUE(candidate.has_value());
  EXPECT_EQ(candidate->contact, spare);
  EXPECT_EQ(candidate->need, Need::neighbour);
}

TEST_F(DialingTest, ExploresEachUnmeasuredSpareOnce) {
  table.on_connected(contact(30), endpoint(), Duration(1'000));
  const ContactIndex first = contact(5);
  const ContactIndex second = contact(5);
  table.on_connected(first, endpoint(), Duration(50'000));
  table.add_spare(second, endpoint());
  const auto candidate = next_candidate(table, TimePoint{});
  ASSERT_TRUE(candidate.has_value());
  EXPECT_EQ(candidate->contact, second);
  EXPECT_EQ(candidate->need, Need::explore);
  table.on_connected(second, endpoint(), Duration(60'000));
  table.on_disconnected(second, Parting::orderly, TimePoint{});
  EXPECT_FALSE(next_candidate(table, TimePoint{}).has_value());
}

TEST_F(DialingTest, GoesBackToASpareThatIsNearerByMoreThanTheSlack) {
  table.on_connected(contact(30), endpoint(), Duration(1'000));
  const ContactIndex holder = contact(5);
  const ContactIndex spare = contact(5);
  table.on_connected(spare, endpoint(), Duration(40'000));
  table.on_disconnected(spare, Parting::orderly, TimePoint{});
  table.on_connected(holder, endpoint(), Duration(56'000));
  EXPECT_FALSE(next_candidate(table, TimePoint{}).has_value());
  for (int i = 0; i < 60; ++i) table.on_rtt(holder, Duration(57'000));
  EXPECT_EQ(next_candidate(table, TimePoint{})->contact, spare);
}

}  // namespace
}  // namespace kith::routing
