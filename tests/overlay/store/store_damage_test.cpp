#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/overlay/store/store_samples.hpp"
#include "tests/overlay/store/store_tampering.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;
using overlay::KnownPeer;
using overlay::SeenTime;
using overlay::Store;
using overlay::StoreError;
using overlay::StoreFault;

void fill(Store& store) {
  Cast cast;
  SeededRandom random(1);
  for (std::uint32_t n = 0; n < 40; ++n) {
    ASSERT_TRUE(store.add_ticket(some_ticket(some_fingerprint(random)), kIssuedAt));
    ASSERT_TRUE(store.block("host" + std::to_string(n), kIssuedAt));
    ASSERT_TRUE(
        store.remember_address("host" + std::to_string(n), some_fingerprint(random), kIssuedAt));
    const std::vector<KnownPeer> peers = {
        {some_fingerprint(random), std::string(400, '7'), kIssuedAt}};
    ASSERT_TRUE(store.put_peers(peers));
    const std::vector<SeenTime> times = {{{static_cast<Byte>(n)}, kIssuedAt}};
    ASSERT_TRUE(store.raise_times(times));
  }
  ASSERT_TRUE(store.add_relationship(cast.relationship_token(), {}, kIssuedAt));
  const RelationshipToken ended = cast.relationship_token();
  ASSERT_TRUE(store.add_relationship(ended, {}, kIssuedAt));
  ASSERT_TRUE(store.end_relationship(ended.terms().id, {.at = kIssuedAt, .signature = {1, 2, 3}}));
  ASSERT_TRUE(store.raise_own_time(kIssuedAt));
}

/// 1,000 times a bit is flipped or the end cut off.
TEST(DamagedStore, IsRefusedOrStillRight) {
  const StoreFolder folder;
  const std::string path = folder / "store";
  {
    Store store(path);
    fill(store);
  }
  const std::string good = content_of(path);
  Store whole(path);
  const StoreContents wanted = contents_of(whole);
  int refused = 0;
  for_each_seed(1'000, [&](Random& random) {
    std::string bad = good;
    const std::size_t at = random.below(good.size());
    if (random.below(4) == 0)
      bad.resize(at);
    else
      bad[at] = static_cast<char>(bad[at] ^ (1 << random.below(8)));
    const std::string copy = folder / "copy";
    put_content(copy, bad);
    try {
      Store store(copy);
      const StoreContents found = contents_of(store);
      SCOPED_TRACE(testing::Message() << "byte " << at << " of " << good.size());
      EXPECT_TRUE(found.tickets == wanted.tickets);
      EXPECT_TRUE(found.relationships == wanted.relationships);
      EXPECT_TRUE(found.ends == wanted.ends);
      EXPECT_TRUE(found.addresses == wanted.addresses);
      EXPECT_TRUE(found.times == wanted.times);
      EXPECT_TRUE(found.peers == wanted.peers);
      EXPECT_TRUE(found.blocks == wanted.blocks);
      EXPECT_EQ(found.own_time, wanted.own_time);
    } catch (const StoreError& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(copy + end);
  });
  // Most of a page of a small table is room that nobody reads.
  EXPECT_GT(refused, 200);
}

/// A store of one ticket and one relationship, both of which are changed while it is open.
class StoreUnderOurHands : public testing::Test {
 protected:
  StoreUnderOurHands() {
    EXPECT_TRUE(store_.add_ticket(some_ticket(numbered(1)), kIssuedAt).value());
    EXPECT_TRUE(store_.add_relationship(relationship_, {}, kIssuedAt));
    EXPECT_TRUE(store_.raise_own_time(kIssuedAt));
    for (const std::string table : {"tickets", "relationships"})
      change(path_, "DROP TRIGGER " + table + "_update; UPDATE " + table +
                        " SET expires_at = expires_at + 1");
  }

  /// After the first fault nothing in the file is believed, changed or not.
  void expect_damaged(const auto& stored) {
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().kind, StoreFault::Kind::damaged) << stored.error().what;
    const auto time = store_.own_time();
    ASSERT_FALSE(time);
    EXPECT_EQ(time.error().kind, StoreFault::Kind::damaged);
    EXPECT_EQ(time.error().what, stored.error().what);
    EXPECT_FALSE(store_.raise_own_time(kIssuedAt + 1s));
    EXPECT_THROW(Store{path_}, overlay::StoreDamaged);
  }

  StoreFolder folder_;
  std::string path_ = folder_ / "store";
  Cast cast_;
  RelationshipToken relationship_ = cast_.relationship_token();
  Store store_{path_};
};

TEST_F(StoreUnderOurHands, IsBelievedUntilTheChangeIsSeen) {
  EXPECT_EQ(store_.own_time().value(), kIssuedAt);
}

TEST_F(StoreUnderOurHands, FindsNoChangedTicket) {
  expect_damaged(store_.find_ticket(numbered(1)));
}

TEST_F(StoreUnderOurHands, TakesNoTicketInPlaceOfAChangedOne) {
  expect_damaged(store_.add_ticket(some_ticket(numbered(1)), kIssuedAt));
}

TEST_F(StoreUnderOurHands, SpendsNoChangedTicket) {
  expect_damaged(store_.spend(numbered(1), cast_.node, kIssuedAt));
}

TEST_F(StoreUnderOurHands, RevokesNoChangedTicket) {
  expect_damaged(store_.revoke_ticket(numbered(1), kIssuedAt));
}

TEST_F(StoreUnderOurHands, EndsNoChangedRelationship) {
  expect_damaged(store_.end_relationship(relationship_.terms().id, {.at = kIssuedAt}));
}

}  // namespace
}  // namespace kith::test
