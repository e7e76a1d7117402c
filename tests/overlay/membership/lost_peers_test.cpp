#include "overlay/membership/lost_peers.hpp"

#include <chrono>
#include <set>

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

class LostPeersTest : public testing::Test {
 protected:
  /// Who is dialed up to `until`.
  std::vector<ContactIndex> dialed(TimePoint until) {
    std::vector<ContactIndex> contacts;
    while (lost.next_deadline() && *lost.next_deadline() <= until)
      if (const auto contact = lost.next(*lost.next_deadline())) contacts.push_back(*contact);
    return contacts;
  }

  SeededRandom random{1};
  LostPeers lost{random};
};

TEST_F(LostPeersTest, AreTriedOneByOneAgainAndAgain) {
  for (const ContactIndex contact : {1U, 2U, 3U}) lost.on_lost(contact, TimePoint{});
  EXPECT_FALSE(lost.next(TimePoint(3s)));
  const auto contacts = dialed(TimePoint(10min));
  ASSERT_GE(contacts.size(), 7U);
  EXPECT_LE(contacts.size(), 20U);
  for (std::size_t i = 0; i < contacts.size(); ++i) EXPECT_EQ(contacts[i], i % 3 + 1);
}

TEST_F(LostPeersTest, AreAllTriedAtOnceWhenOneIsFoundAfterLong) {
  for (ContactIndex contact = 1; contact <= 5; ++contact) lost.on_lost(contact, TimePoint{});
  EXPECT_TRUE(lost.on_found(3, TimePoint(10min)));
  std::set<ContactIndex> contacts;
  while (lost.is_urgent()) contacts.insert(lost.next(TimePoint(10min)).value());
  EXPECT_EQ(contacts, (std::set<ContactIndex>{1, 2, 4, 5}));
  EXPECT_FALSE(lost.next(TimePoint(10min)));
}

TEST_F(LostPeersTest, AreNotHurriedByOneThatWasHardlyAway) {
  for (const ContactIndex contact : {1U, 2U, 3U}) lost.on_lost(contact, TimePoint{});
  EXPECT_FALSE(lost.on_found(2, TimePoint(3s)));
  EXPECT_FALSE(lost.is_urgent());
  EXPECT_FALSE(lost.next(TimePoint(3s)));
}

TEST_F(LostPeersTest, AreNotRememberedOnceTheyAreFound) {
  lost.on_lost(1, TimePoint{});
  EXPECT_TRUE(lost.on_found(1, TimePoint(60s)));
  EXPECT_FALSE(lost.on_found(1, TimePoint(60s)));
  EXPECT_FALSE(lost.next_deadline());
  EXPECT_FALSE(lost.next(TimePoint(1h)));
}

TEST_F(LostPeersTest, AreAtMostSixtyFour) {
  for (ContactIndex contact = 0; contact < 1000; ++contact) lost.on_lost(contact, TimePoint{});
  std::vector<ContactIndex> contacts;
  lost.append_to(contacts);
  EXPECT_EQ(contacts.size(), 64U);
}

}  // namespace
}  // namespace kith::overlay
