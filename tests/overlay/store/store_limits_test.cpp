#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/store/store_samples.hpp"
#include "tests/overlay/store/store_tampering.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;
using overlay::AddressMemory;
using overlay::SeenTime;
using overlay::Store;
using overlay::StoredTicket;
using overlay::StoreFault;

/// n microseconds after now, in SQL.
const std::string kLater = std::to_string(kNow.time_since_epoch().count()) + " + n";
/// As many bytes as a key has, in SQL.
const std::string kKey = "CAST(printf('%032d', n) AS BLOB)";

/// The key of the nth row.
std::array<Byte, 32> key(std::uint32_t n) {
  std::array<Byte, 32> bytes{};
  bytes.fill('0');
  for (auto digit = bytes.rbegin(); n > 0; n /= 10, ++digit)
    *digit = static_cast<Byte>('0' + n % 10);
  return bytes;
}

class FullStore : public testing::Test {
 protected:
  FullStore() { const Store made(path_); }

  static void expect_limit(const auto& stored, const std::string& table) {
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().kind, StoreFault::Kind::limit) << stored.error().what;
    EXPECT_THAT(stored.error().what, testing::HasSubstr("as many " + table));
  }

  StoreFolder folder_;
  std::string path_ = folder_ / "store";
  Cast cast_;
};

TEST_F(FullStore, DropsTicketsThatNobodyCanSpend) {
  fill_table(path_, "tickets",
             kKey + ", 1, zeroblob(32), " + kLater + ", NULL, NULL, NULL, zeroblob(32)");
  Store store(path_);
  expect_limit(store.add_ticket(some_ticket(numbered(1)), kNow), "tickets");
  EXPECT_EQ(store.tickets()->size(), 10'000U);

  // One is over, one used, one revoked.
  EXPECT_TRUE(store.spend(Fingerprint(key(30)), cast_.node, kNow).value());
  EXPECT_TRUE(store.revoke_ticket(Fingerprint(key(20)), kNow).value());
  for (std::uint32_t n = 1; n <= 3; ++n)
    EXPECT_TRUE(store.add_ticket(some_ticket(numbered(n)), kNow + 1us).value());
  expect_limit(store.add_ticket(some_ticket(numbered(4)), kNow + 1us), "tickets");
  for (const std::uint32_t gone : {1U, 20U, 30U})
    EXPECT_EQ(store.find_ticket(Fingerprint(key(gone))).value(), std::nullopt) << gone;
  EXPECT_EQ(store.tickets()->size(), 10'000U);
  EXPECT_FALSE(store.add_ticket(some_ticket(numbered(3)), kNow).value()) << "it is there already";
}

TEST_F(FullStore, KeepsRelationshipsUntilTheyAreOver) {
  const std::string now = std::to_string(kNow.time_since_epoch().count());
  fill_table(
      path_, "relationships",
      "CAST(printf('%016d', n) AS BLOB), x'00', '', " + kLater + ", " + now + ", zeroblob(64)");
  Store store(path_);
  // All have ended, and nobody may bring them back.
  expect_limit(store.add_relationship(cast_.relationship_token(), {}, kNow), "relationships");
  EXPECT_TRUE(store.add_relationship(cast_.relationship_token(), {}, kNow + 1us));
  expect_limit(store.add_relationship(cast_.relationship_token(), {}, kNow + 1us), "relationships");
  EXPECT_TRUE(store.add_relationship(cast_.relationship_token(), {}, kNow + 2us));
}

TEST_F(FullStore, ForgetsAddressesSeenLongAgo) {
  fill_table(path_, "addresses", "'host' || n, " + kKey + ", " + kLater + ", " + kLater);
  Store store(path_);
  EXPECT_EQ(store.remember_address("host1", Fingerprint(key(1)), kNow + 1h).value(),
            AddressMemory::as_before);
  EXPECT_EQ(store.remember_address("new", numbered(1), kNow).value(), AddressMemory::first_seen);
  EXPECT_EQ(store.remember_address("new", numbered(2), kNow).value(), AddressMemory::changed);
  EXPECT_TRUE(store.forget_address("host1").value()) << "it was seen since";
  EXPECT_FALSE(store.forget_address("host2").value());
  EXPECT_TRUE(store.forget_address("host3").value());
}

TEST_F(FullStore, ForgetsTheOldestTimes) {
  fill_table(path_, "times", kKey + ", " + kLater);
  Store store(path_);
  const std::vector<SeenTime> two = {{{1}, kNow + 1h}, {{2}, kNow + 2h}};
  ASSERT_TRUE(store.raise_times(two));
  const auto kept = store.latest_times(200'000).value();
  ASSERT_EQ(kept.size(), 100'000U);
  EXPECT_EQ(kept.front().time, kNow + 2h);
  EXPECT_EQ(kept.back().static_key, key(3));
  EXPECT_EQ(kept.back().time, kNow + 3us);
}

TEST_F(FullStore, LiftsTheBlocksThatEndSoonest) {
  fill_table(path_, "blocks", "'host' || n, " + kLater);
  Store store(path_);
  expect_limit(store.block("new", kNow), "blocks");
  EXPECT_EQ(store.blocks(kNow)->size(), 10'000U);
  ASSERT_TRUE(store.block("new", kNow + 1h));
  ASSERT_TRUE(store.block("host3", kNow + 1h)) << "it is there already";
  EXPECT_EQ(store.blocks(kNow)->size(), 10'000U);
  EXPECT_FALSE(store.unblock("host1").value());
  EXPECT_TRUE(store.unblock("host2").value());
}

}  // namespace
}  // namespace kith::test
