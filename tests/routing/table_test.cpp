#include "routing/table.hpp"

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

using test::kSeeds;

class TableTest : public testing::Test {
 protected:
  /// A contact that shares `bits` with us.
  ContactIndex contact(int bits) {
    return book.intern(test::sharing_bits(Fingerprint{}, bits, random));
  }
  static Endpoint endpoint() { return Endpoint::v4({127, 0, 0, 1}, 1); }

  std::vector<ContactIndex> released() {
    std::vector<ContactIndex> all;
    while (auto one = table.poll_released()) all.push_back(*one);
    return all;
  }

  SeededRandom random{1};
  Config config;
  FingerprintBook book{SipKey{}};
  ContactIndex self = book.intern(Fingerprint{});
  Table table{config, book, self, SipKey{}};
};

TEST_F(TableTest, AloneIsClosestToEverything) {
  std::array<ContactIndex, 3> out{};
  EXPECT_TRUE(table.is_closest(test::random_id(random)));
  EXPECT_EQ(table.closest(test::random_id(random), out).size(), 1U);
  EXPECT_EQ(out[0], self);
  EXPECT_EQ(table.estimated_nodes(), 1U);
}

TEST_F(TableTest, KnowsNothingOfStrangers) {
  const ContactIndex stranger = contact(3);
  table.on_dial_started(stranger);
  table.on_dial_failed(stranger, TimePoint{});
  table.on_disconnected(stranger, Parting::lost, TimePoint{});
  table.on_rtt(stranger, Duration(1));
  table.on_alive(stranger);
  table.forget(stranger);
  EXPECT_EQ(table.on_missed_ping(stranger), Pulse::dead);
  EXPECT_EQ(table.health(stranger), std::nullopt);
  EXPECT_TRUE(released().empty());
  table.sanity_check();
}

TEST_F(TableTest, DoesNotListItself) {
  table.add_spare(self, endpoint());
  EXPECT_FALSE(table.is_spare(self));
}

TEST_F(TableTest, DropsAPeerAfterItsThirdMissedPing) {
  const ContactIndex peer = contact(3);
  table.on_connected(peer, endpoint(), std::nullopt);
  EXPECT_EQ(table.on_missed_ping(peer), Pulse::suspect);
  EXPECT_EQ(table.on_missed_ping(peer), Pulse::suspect);
  EXPECT_TRUE(table.is_peer(peer));
  EXPECT_EQ(table.on_missed_ping(peer), Pulse::dead);
  EXPECT_FALSE(table.is_peer(peer));
  EXPECT_EQ(released(), std::vector{peer});
}

TEST_F(TableTest, CountsMissedPingsInARowOnly) {
  const ContactIndex peer = contact(3);
  table.on_connected(peer, endpoint(), std::nullopt);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(table.on_missed_ping(peer), Pulse::suspect);
    EXPECT_EQ(table.on_missed_ping(peer), Pulse::suspect);
    table.on_alive(peer);
  }
  EXPECT_TRUE(table.is_peer(peer));
}

TEST_F(TableTest, SkipsASuspectPeerUntilItAnswers) {
  const ContactIndex peer = contact(3);
  const Fingerprint key = book[peer];
  table.on_connected(peer, endpoint(), std::nullopt);
  EXPECT_FALSE(table.is_closest(key));
  table.on_missed_ping(peer);
  EXPECT_TRUE(table.is_closest(key));
  EXPECT_FALSE(table.is_closest(key, Suspects::include));
  table.on_alive(peer);
  EXPECT_FALSE(table.is_closest(key));
}

TEST_F(TableTest, KeepsAPeerThatPartedInOrderAsASpareWithItsRoundTrip) {
  const ContactIndex peer = contact(3);
  table.on_connected(peer, endpoint(), Duration(30'000));
  table.on_disconnected(peer, Parting::orderly, TimePoint{});
  ASSERT_TRUE(table.is_spare(peer));
  EXPECT_EQ(table.spares()[0].rtt(), Duration(30'000));
  EXPECT_TRUE(table.spares()[0].is_free(TimePoint{}));
  table.on_connected(peer, endpoint(), std::nullopt);
  EXPECT_EQ(table.health(peer)->rtt(), Duration(30'000));
  EXPECT_FALSE(table.is_spare(peer));
  EXPECT_TRUE(released().empty());
}

TEST_F(TableTest, WaitsBeforeItDialsALostPeerAgain) {
  const ContactIndex peer = contact(3);
  table.on_connected(peer, endpoint(), std::nullopt);
  const TimePoint now{Duration(1'000'000)};
  table.on_disconnected(peer, Parting::lost, now);
  ASSERT_TRUE(table.is_spare(peer));
  EXPECT_FALSE(table.spares()[0].is_free(now + config.redial_after - Duration(1)));
  EXPECT_TRUE(table.spares()[0].is_free(now + config.redial_after + Duration(65'536)));
}

TEST_F(TableTest, ForgetsAPeerThatLeft) {
  const ContactIndex peer = contact(3);
  table.on_connected(peer, endpoint(), std::nullopt);
  table.on_disconnected(peer, Parting::left, TimePoint{});
  EXPECT_FALSE(table.is_spare(peer));
  EXPECT_EQ(released(), std::vector{peer});
}

TEST_F(TableTest, ConnectsAPeerOnlyOnce) {
  const ContactIndex peer = contact(3);
  table.on_connected(peer, endpoint(), Duration(40'000));
  table.on_missed_ping(peer);
  table.on_connected(peer, endpoint(), Duration(80'000));
  EXPECT_EQ(table.peers().size(), 1U);
  EXPECT_EQ(table.health(peer)->rtt(), Duration(45'000));
  EXPECT_FALSE(table.health(peer)->is_suspect());
}

TEST_F(TableTest, CountsEverybodyInASmallOverlay) {
  for (int i = 0; i < 15; ++i) table.on_connected(contact(i), endpoint(), std::nullopt);
  EXPECT_EQ(table.estimated_nodes(), 16U);
}

TEST_F(TableTest, SurvivesNeighboursAsNearAsCanBe) {
  for (int i = 0; i < 16; ++i) table.on_connected(contact(200 + i), endpoint(), std::nullopt);
  EXPECT_GT(table.estimated_nodes(), std::uint64_t{1} << 60);
  EXPECT_GT(table.expected_nodes_within(std::numeric_limits<std::uint64_t>::max()),
            std::uint64_t{1} << 60);
  EXPECT_EQ(table.expected_nodes_within(0), 0U);
}

TEST(TableEstimate, IsRightOnAverage) {
  for (const std::uint64_t nodes : {std::uint64_t{200}, std::uint64_t{5'000}}) {
    std::uint64_t sum = 0;
    kith::test::for_each_seed(kSeeds, [&](Random& random) {
      Config config;
      FingerprintBook book{SipKey{}};
      Table table(config, book, book.intern(test::random_id(random)), SipKey{});
      // Only the nearest count; they are all that must be listed.
      std::vector<Fingerprint> ids;
      for (std::uint64_t i = 1; i < nodes; ++i) ids.push_back(test::random_id(random));
      std::ranges::nth_element(ids, ids.begin() + 20, [&](const auto& a, const auto& b) {
        return is_closer(table.self_id(), a, b);
      });
      for (std::size_t i = 0; i < 20; ++i)
        table.on_connected(book.intern(ids[i]), Endpoint::v4({127, 0, 0, 1}, 1), std::nullopt);
      sum += table.estimated_nodes();
    });
    EXPECT_NEAR(static_cast<double>(sum) / kSeeds, static_cast<double>(nodes),
                static_cast<double>(nodes) / 10);
  }
}

}  // namespace
}  // namespace kith::routing
