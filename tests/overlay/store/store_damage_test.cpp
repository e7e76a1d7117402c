#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/overlay/store/store_samples.hpp"
#include "tests/overlay/store/store_steps.hpp"
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

void expect_same(const StoreContents& found, const StoreContents& wanted) {
  EXPECT_TRUE(found.tickets == wanted.tickets);
  EXPECT_TRUE(found.relationships == wanted.relationships);
  EXPECT_TRUE(found.ends == wanted.ends);
  EXPECT_TRUE(found.addresses == wanted.addresses);
  EXPECT_TRUE(found.times == wanted.times);
  EXPECT_TRUE(found.peers == wanted.peers);
  EXPECT_TRUE(found.blocks == wanted.blocks);
  EXPECT_EQ(found.own_time, wanted.own_time);
}

/// Flips a bit, or cuts off the end.
std::string damaged(std::string content, Random& random) {
  const std::size_t at = random.below(content.size());
  if (random.below(4) == 0)
    content.resize(at);
  else
    content[at] = static_cast<char>(content[at] ^ (1 << random.below(8)));
  return content;
}

void remove_store(const std::string& path) {
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
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
    const std::string copy = folder / "copy";
    put_content(copy, damaged(good, random));
    try {
      Store store(copy);
      expect_same(contents_of(store), wanted);
    } catch (const StoreError& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    }
    remove_store(copy);
  });
  // Most of a page of a small table is room that nobody reads.
  EXPECT_GT(refused, 200);
}

/// As SIGKILL leaves it behind any of many steps: the file and its log, which is then damaged, or
/// gone.
TEST(KilledStore, LosesNothingThatItConfirmedWithItsLog) {
  const StoreFolder folder(memory());
  const std::string path = folder / "store";
  const std::string copy = folder / "copy";
  Store store(path);
  StoreSteps steps;
  std::uint32_t next = 0;
  for_each_seed(KITH_SANITIZED ? 30 : 100, [&](Random& random) {
    for (std::uint64_t more = 1 + random.below(3); more > 0; --more)
      ASSERT_TRUE(steps.take(store, next++));
    const std::string log = content_of(path + "-wal");
    ASSERT_FALSE(log.empty());
    for (const std::string& bad : {std::string(), damaged(log, random), damaged(log, random)}) {
      put_content(copy, content_of(path));
      put_content(copy + "-wal", bad);
      {
        Store found(copy);
        expect_same(contents_of(found), contents_of(store));
      }
      remove_store(copy);
    }
  });
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
