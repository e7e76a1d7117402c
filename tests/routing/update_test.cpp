#include "routing/update.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::World;

TEST(UpdateLaw, TellsThoseOfWhoseNeighbourhoodTheNewcomerIsAPart) {
  std::size_t told_all = 0;
  kith::test::for_each_seed(1'000, [&](Random& random) {
    World world(random, {.pool = 70,
                         .ground = random.below(2) == 0,
                         .config = {.neighbourhood = 2 + random.below(8)}});
    world.run(200);
    const Fingerprint newcomer = world.any_key();
    const auto peers = world.sorted_peers(newcomer, Suspects::skip);
    std::vector<ContactIndex> expected;
    for (ContactIndex peer : peers) {
      const Fingerprint& id = world.id(peer);
      if (id == newcomer) continue;
      std::size_t closer = is_closer(id, world.id(world.self), newcomer) ? 1 : 0;
      for (ContactIndex other : peers)
        if (other != peer && is_closer(id, world.id(other), newcomer)) ++closer;
      const std::uint64_t left = world.table->expected_nodes_within(distance(id, newcomer).top64());
      if (closer < world.config.neighbourhood && left <= 2 * world.config.neighbourhood)
        expected.push_back(peer);
    }
    told_all += expected.size();
    ASSERT_EQ(peers_to_tell(*world.table, newcomer), expected);
  });
  EXPECT_TRUE(told_all > 1'000 || std::getenv("KITH_TEST_SEED") != nullptr);
}

TEST(UpdateLaw, TellsEveryoneInASmallOverlay) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    World world(random, {.pool = 16, .ground = false});
    world.run(60);
    const Fingerprint newcomer = test::random_id(random);
    ASSERT_EQ(peers_to_tell(*world.table, newcomer), world.sorted_peers(newcomer, Suspects::skip));
  });
}

TEST(UpdateLaw, DoesNotTellStrangersFarAwayOfWhomWeKnowLittle) {
  SeededRandom random(1);
  Config config;
  FingerprintBook book{SipKey{}};
  Table table(config, book, book.intern(Fingerprint{}), SipKey{});
  const auto connect = [&](const Fingerprint& id) {
    table.on_connected(book.intern(id), Endpoint::v4({127, 0, 0, 1}, 1), std::nullopt);
    return *book.find(id);
  };
  for (int i = 0; i < 16; ++i) connect(test::sharing_bits(Fingerprint{}, 16, random));
  const Fingerprint far = test::sharing_bits(Fingerprint{}, 0, random);
  const Fingerprint newcomer = test::sharing_bits(far, 19, random);
  connect(test::sharing_bits(newcomer, 8, random));
  const ContactIndex near = connect(far);
  EXPECT_EQ(peers_to_tell(table, newcomer), std::vector{near});
}

}  // namespace
}  // namespace kith::routing
