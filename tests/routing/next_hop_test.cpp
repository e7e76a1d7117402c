#include "routing/next_hop.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <gtest/gtest.h>

#include "routing/scaled_product.hpp"
#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;
using test::World;

bool contains(std::span<const ContactIndex> contacts, ContactIndex contact) {
  return std::ranges::find(contacts, contact) != contacts.end();
}

/// The peers that may be the next hop, the closest to `key` first.
std::vector<ContactIndex> allowed(const World& world, const Fingerprint& key,
                                  std::span<const ContactIndex> exclude) {
  for (const Suspects suspects : {Suspects::skip, Suspects::include}) {
    std::vector<ContactIndex> found;
    for (ContactIndex peer : world.sorted_peers(key, suspects)) {
      if (is_closer(key, world.id(peer), world.id(world.self)) && !contains(exclude, peer))
        found.push_back(peer);
    }
    if (!found.empty()) return found;
  }
  return {};
}

/// The rule, said once more in the plainest way.
std::optional<ContactIndex> naive_next_hop(const World& world, const Fingerprint& key,
                                           std::span<const ContactIndex> exclude) {
  const auto candidates = allowed(world, key, exclude);
  if (candidates.empty()) return std::nullopt;
  const std::uint64_t nodes = world.table->estimated_nodes();
  const auto top = [&](ContactIndex peer) { return distance(world.id(peer), key).top64(); };
  const Wide left = Wide{nodes} * top(candidates.front()) >> 64;
  if (left <= world.config.greedy_within) return candidates.front();
  return *std::ranges::min_element(candidates, {}, [&](ContactIndex peer) {
    const std::uint64_t share = scaled_product(nodes, top(peer), 48);
    const auto cost = static_cast<std::uint64_t>(world.one_way(peer).count()) +
                      8'000 * log2_of_one_plus(share) / 256;
    return std::tuple(cost, distance(world.id(peer), key));
  });
}

std::vector<ContactIndex> some_contacts(World& world) {
  std::vector<ContactIndex> some(world.random.below(4));
  for (ContactIndex& contact : some) contact = world.any_contact();
  return some;
}

TEST(NextHopLaw, IsWhatTheRuleSaysOverAllPeers) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 64});
    for (int round = 0; round < 10; ++round) {
      world.run(15);
      const Fingerprint key = world.any_key();
      const auto exclude = some_contacts(world);
      ASSERT_EQ(next_hop(*world.table, key, exclude), naive_next_hop(world, key, exclude));
    }
  });
}

TEST(NextHopLaw, IsWhatTheRuleSaysInALargeOverlay) {
  // Without ground ids the density is as it would be, and the choice far from the key is by cost.
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 200, .ground = false});
    world.run(400);
    for (int round = 0; round < 10; ++round) {
      const Fingerprint key = world.any_key();
      const auto exclude = some_contacts(world);
      ASSERT_EQ(next_hop(*world.table, key, exclude), naive_next_hop(world, key, exclude));
    }
  });
}

TEST(NextHopLaw, IsStrictlyCloserAndHealthyIfAnyIs) {
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    World world(random, {.pool = 40});
    for (int round = 0; round < 10; ++round) {
      world.run(10);
      const Fingerprint key = world.any_key();
      const auto exclude = some_contacts(world);
      const auto hop = next_hop(*world.table, key, exclude);
      const auto candidates = allowed(world, key, exclude);
      ASSERT_EQ(hop.has_value(), !candidates.empty());
      if (!hop) continue;
      ASSERT_TRUE(is_closer(key, world.id(*hop), world.id(world.self)));
      ASSERT_FALSE(contains(exclude, *hop));
      ASSERT_TRUE(contains(candidates, *hop));
    }
  });
}

class NextHopTest : public testing::Test {
 protected:
  NextHopTest() {
    // A neighbourhood, so that an overlay of about 16 · 2^20 nodes is assumed.
    for (int i = 0; i < 16; ++i) peer(test::sharing_bits(Fingerprint{}, 20, random), 10'000);
  }

  ContactIndex peer(const Fingerprint& id, std::int64_t rtt_us) {
    const ContactIndex contact = book.intern(id);
    table.on_connected(contact, Endpoint::v4({127, 0, 0, 1}, 1), Duration(rtt_us));
    return contact;
  }

  /// As far from us as can be, so that no neighbour of ours is closer to it than we are.
  static Fingerprint far_key() {
    std::array<Byte, Fingerprint::kBytes> bytes{};
    bytes[0] = 0x80;
    return Fingerprint(bytes);
  }

  SeededRandom random{1};
  Config config;
  FingerprintBook book{SipKey{}};
  Table table{config, book, book.intern(Fingerprint{}), SipKey{}};
};

TEST_F(NextHopTest, TakesAFastPeerOverASlowOneThatIsABitCloser) {
  const Fingerprint key = far_key();
  peer(test::sharing_bits(key, 4, random), 200'000);
  const ContactIndex fast = peer(test::sharing_bits(key, 3, random), 20'000);
  EXPECT_EQ(next_hop(table, key), fast);
}

TEST_F(NextHopTest, TakesASlowPeerThatSavesManyHalvings) {
  const Fingerprint key = far_key();
  const ContactIndex slow = peer(test::sharing_bits(key, 15, random), 100'000);
  peer(test::sharing_bits(key, 3, random), 20'000);
  EXPECT_EQ(next_hop(table, key), slow);
}

TEST_F(NextHopTest, GoesByDistanceAloneNearTheKey) {
  const Fingerprint key = far_key();
  const ContactIndex slow = peer(test::sharing_bits(key, 23, random), 2'000'000);
  peer(test::sharing_bits(key, 22, random), 2'000);
  EXPECT_EQ(next_hop(table, key), slow);
}

TEST_F(NextHopTest, AvoidsASuspectPeerAtOnceUnlessNobodyElseIsCloser) {
  const Fingerprint key = far_key();
  const ContactIndex best = peer(test::sharing_bits(key, 10, random), 10'000);
  const ContactIndex second = peer(test::sharing_bits(key, 5, random), 300'000);
  EXPECT_EQ(next_hop(table, key), best);
  table.on_missed_ping(best);
  EXPECT_EQ(next_hop(table, key), second);
  table.on_missed_ping(second);
  EXPECT_TRUE(next_hop(table, key).has_value());
  EXPECT_EQ(next_hop(table, key, std::array{best}), second);
}

TEST(LogOfOnePlus, IsTheLogarithm) {
  EXPECT_EQ(log2_of_one_plus(0), 0U);
  EXPECT_EQ(log2_of_one_plus(65'536), 256U);
  EXPECT_EQ(log2_of_one_plus(3 * 65'536), 512U);
  kith::test::for_each_seed(kSeeds, [](Random& random) {
    const std::uint64_t x = random.next_u64() >> random.below(64);
    const double exact = 256 * std::log2(1 + static_cast<double>(x) / 65'536);
    ASSERT_NEAR(static_cast<double>(log2_of_one_plus(x)), exact, 0.09 * 256);
    ASSERT_LE(log2_of_one_plus(x >> 1), log2_of_one_plus(x));
    if (x > 0) {
      ASSERT_LE(log2_of_one_plus(x - 1), log2_of_one_plus(x));
    }
  });
}

}  // namespace
}  // namespace kith::routing
