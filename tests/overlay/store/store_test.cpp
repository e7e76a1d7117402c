#include "overlay/store/store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/store/store_samples.hpp"
#include "tests/overlay/store/store_tampering.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;
using overlay::AddressMemory;
using overlay::KnownPeer;
using overlay::SeenTime;
using overlay::Store;
using overlay::StoreDamaged;
using overlay::StoreError;
using overlay::StoreFault;
using testing::HasSubstr;

std::string why_not_opened(const std::string& path) {
  try {
    const Store store(path);
  } catch (const StoreDamaged& damaged) {
    return std::string("damaged: ") + damaged.what();
  } catch (const StoreError& error) {
    return error.what();
  }
  return "opened";
}

class StoreTest : public testing::Test {
 protected:
  StoreFolder folder_{memory()};
  std::string path_ = folder_ / "store";
  Cast cast_;
};

TEST_F(StoreTest, IsItsOwnersAlone) {
  const mode_t before = ::umask(0);
  Store store(path_);
  ASSERT_TRUE(store.raise_own_time(kNow));
  ::umask(before);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "")) {
    struct stat status{};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U) << entry.path();
    EXPECT_THAT(entry.path().string(), testing::Not(testing::EndsWith(".new")));
  }
}

TEST_F(StoreTest, IsNotOpenedThroughALinkNorIfOthersMayRead) {
  {
    const Store store(path_);
  }
  std::filesystem::create_symlink(path_, folder_ / "link");
  EXPECT_THAT(why_not_opened(folder_ / "link"), HasSubstr("symbolic link"));
  std::filesystem::create_directory_symlink(folder_ / "", folder_ / "linked_folder");
  EXPECT_EQ(why_not_opened(folder_ / "linked_folder/store"), "opened");
  std::filesystem::permissions(path_, std::filesystem::perms(0640));
  EXPECT_THAT(why_not_opened(path_), HasSubstr("chmod 600"));
  EXPECT_THAT(why_not_opened(folder_ / ""), HasSubstr("not a plain file"));
  EXPECT_THAT(why_not_opened(folder_ / "no/such/store"), HasSubstr("folder"));
}

TEST_F(StoreTest, StaysLockedWhenItsProcessOpensItOnceMore) {
  const Store store(path_);
  const Store again(path_);
  // Locks of an open file are in the way of those of a process, even of the same one.
  const int file = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(file, 0);
  // Where SQLite has its locks: behind the first GiB.
  struct flock wanted{};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = off_t{1} << 30;
  wanted.l_len = 512;
  EXPECT_EQ(::fcntl(file, F_OFD_GETLK, &wanted), 0);
  EXPECT_NE(wanted.l_type, F_UNLCK) << "others would take it for closed, and end its log";
  ::close(file);
}

TEST_F(StoreTest, RefusesWhatIsNoStore) {
  put_content(path_, "");
  EXPECT_THAT(why_not_opened(path_), HasSubstr("damaged: store " + path_ + ": is empty"));
  put_content(path_,
              "some text that is long enough to be looked at by somebody who wants a header");
  EXPECT_THAT(why_not_opened(path_), HasSubstr("damaged: "));
  std::filesystem::remove(path_);
  change(path_, "CREATE TABLE t (x)");
  std::filesystem::permissions(path_, std::filesystem::perms(0600));
  EXPECT_THAT(why_not_opened(path_), HasSubstr("no store of kith"));
  EXPECT_THAT(why_not_opened(path_), HasSubstr("move it away"));
}

TEST_F(StoreTest, RefusesANewerOne) {
  {
    const Store store(path_);
  }
  change(path_, "PRAGMA user_version = 3");
  EXPECT_THAT(why_not_opened(path_),
              HasSubstr("damaged: store " + path_ + ": was written by a newer"));
}

TEST_F(StoreTest, RefusesAnOlderOne) {
  {
    const Store store(path_);
  }
  change(path_, "PRAGMA user_version = 1");
  EXPECT_THAT(why_not_opened(path_), HasSubstr("was written by an older kith; "));
}

TEST_F(StoreTest, RefusesOneThatIsGoneWhileItsLogIsThere) {
  put_content(path_ + "-wal", "log");
  EXPECT_THAT(why_not_opened(path_), HasSubstr("its log is there"));
}

TEST_F(StoreTest, SeesRowsThatWereChangedTakenOrAdded) {
  const std::string good = [&] {
    Store store(path_);
    EXPECT_TRUE(store.block("somebody", kNow));
    EXPECT_TRUE(store.block("nobody", kNow));
    return path_;
  }();
  const std::string content = content_of(good);
  // As SQLite would do it, but without the triggers that keep the sums.
  const std::string untended = "DROP TRIGGER blocks_delete; DROP TRIGGER blocks_update;";
  const std::string restored =
      "CREATE TRIGGER blocks_delete AFTER delete ON blocks BEGIN UPDATE totals SET rows = rows + "
      "-1, seals = seal_sum(seals, old.seal) WHERE name = 'blocks'; END;"
      "CREATE TRIGGER blocks_update AFTER update ON blocks BEGIN UPDATE totals SET rows = rows + "
      "0, seals = seal_sum(seals, seal_sum(old.seal, new.seal)) WHERE name = 'blocks'; END;";
  change(path_, untended + restored);
  ASSERT_EQ(why_not_opened(path_), "opened");
  put_content(path_, content);
  change(path_, untended + "UPDATE blocks SET until = until + 1 WHERE who = 'nobody';" + restored);
  EXPECT_THAT(why_not_opened(path_), HasSubstr("a row of blocks was changed"));
  put_content(path_, content);
  change(path_, untended + "DELETE FROM blocks WHERE who = 'nobody';" + restored);
  EXPECT_THAT(why_not_opened(path_), HasSubstr("rows of blocks are gone"));
}

TEST_F(StoreTest, KeepsTicketsOverARestart) {
  {
    Store store(path_);
    ASSERT_TRUE(store.add_ticket(some_ticket(numbered(1)), kNow));
    ASSERT_TRUE(store.add_ticket(some_ticket(numbered(2)), kNow));
    EXPECT_TRUE(store.spend(numbered(1), cast_.node, kNow).value());
  }
  Store store(path_);
  const auto used = store.find_ticket(numbered(1)).value().value();
  EXPECT_EQ(used.used_at, kNow);
  EXPECT_EQ(used.used_by, cast_.node);
  EXPECT_EQ(store.find_ticket(numbered(2)).value(), some_ticket(numbered(2)));
  EXPECT_EQ(store.find_ticket(numbered(3)).value(), std::nullopt);
  EXPECT_EQ(store.tickets()->size(), 2U);
  EXPECT_FALSE(store.add_ticket(some_ticket(numbered(1)), kNow).value()) << "it is there already";
  EXPECT_TRUE(store.find_ticket(numbered(1)).value()->used_at) << "and as it was";
}

TEST_F(StoreTest, SpendsATicketOnceWhileItHolds) {
  Store store(path_);
  ASSERT_TRUE(store.add_ticket(some_ticket(numbered(1)), kNow));
  ASSERT_TRUE(store.add_ticket(some_ticket(numbered(2)), kNow));
  const WallTime end = some_ticket({}).expires_at;
  EXPECT_FALSE(store.spend(numbered(1), cast_.node, end).value()) << "it is over";
  EXPECT_TRUE(store.spend(numbered(1), cast_.node, end - 1us).value());
  EXPECT_FALSE(store.spend(numbered(1), cast_.node, kNow).value()) << "it is used";
  EXPECT_FALSE(store.revoke_ticket(numbered(1), kNow).value());
  EXPECT_TRUE(store.revoke_ticket(numbered(2), kNow).value());
  EXPECT_FALSE(store.revoke_ticket(numbered(2), kNow).value());
  EXPECT_FALSE(store.spend(numbered(2), cast_.node, kNow).value()) << "it is revoked";
  EXPECT_FALSE(store.spend(numbered(3), cast_.node, kNow).value()) << "there is none";
}

TEST_F(StoreTest, LetsOneOfTwoSpendATicket) {
  Store first(path_);
  Store second(path_);
  constexpr std::uint32_t kTickets = 1'000;
  for (std::uint32_t n = 0; n < kTickets; ++n)
    ASSERT_TRUE(first.add_ticket(some_ticket(numbered(n)), kNow));
  std::array<std::atomic<int>, kTickets> wins{};
  const auto spend_all = [&](Store& store) {
    for (std::uint32_t n = 0; n < kTickets; ++n)
      if (store.spend(numbered(n), numbered(n), kNow).value()) ++wins[n];
  };
  {
    const std::jthread one([&] { spend_all(first); });
    const std::jthread other([&] { spend_all(second); });
  }
  for (const auto& won : wins) EXPECT_EQ(won, 1);
}

TEST_F(StoreTest, KeepsRelationshipsUntilTheyEnd) {
  const auto token = cast_.relationship_token();
  Store store(path_);
  const std::vector<Endpoint> endpoints = {Endpoint::parse("192.0.2.1:3141").value(),
                                           Endpoint::parse("[2001:db8::1]:9").value()};
  ASSERT_TRUE(store.add_relationship(token, endpoints, kNow));
  EXPECT_EQ(store.relationships()->front().endpoints, endpoints);
  ASSERT_EQ(store.relationships()->size(), 1U);
  EXPECT_EQ(store.relationships()->front().token, token);
  EXPECT_TRUE(store.end_relationship(token.terms().id, {.at = kNow, .signature = {1}}).value());
  EXPECT_FALSE(store.end_relationship(token.terms().id, {.at = kNow, .signature = {1}}).value());
  // Nobody brings it back to life by showing it again.
  ASSERT_TRUE(store.add_relationship(token, {}, kNow));
  EXPECT_EQ(store.relationships()->front().end->at, kNow);
}

TEST_F(StoreTest, TellsOfAnotherKeyAtAnAddress) {
  Store store(path_);
  EXPECT_EQ(store.remember_address("a:1", numbered(1), kNow).value(), AddressMemory::first_seen);
  EXPECT_EQ(store.remember_address("a:1", numbered(1), kNow + 1s).value(),
            AddressMemory::as_before);
  EXPECT_EQ(store.remember_address("a:1", numbered(2), kNow + 2s).value(), AddressMemory::changed);
  EXPECT_EQ(store.remember_address("a:1", numbered(1), kNow).value(), AddressMemory::as_before);
  EXPECT_TRUE(store.forget_address("a:1").value());
  EXPECT_FALSE(store.forget_address("a:1").value());
  EXPECT_EQ(store.remember_address("a:1", numbered(2), kNow).value(), AddressMemory::first_seen);
}

TEST_F(StoreTest, NeverTakesATimeBack) {
  Store store(path_);
  const std::vector<SeenTime> times = {{{1}, kNow}, {{2}, kNow + 2s}, {{1}, kNow - 1s}};
  ASSERT_TRUE(store.raise_times(times));
  const auto seen = store.latest_times(3).value();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].static_key, (crypto::DhPublicKey{2}));
  EXPECT_EQ(seen[0].time, kNow + 2s);
  EXPECT_EQ(seen[1].static_key, (crypto::DhPublicKey{1}));
  EXPECT_EQ(seen[1].time, kNow);
  ASSERT_TRUE(store.raise_own_time(kNow + 1s));
  ASSERT_TRUE(store.raise_own_time(kNow));
  EXPECT_EQ(store.own_time().value(), kNow + 1s);
}

TEST_F(StoreTest, ForgetsPeersSeenLongAgoFirst) {
  Store store(path_);
  std::vector<KnownPeer> peers;
  for (std::uint32_t n = 0; n < 1'005; ++n) peers.push_back({numbered(n), "1", kNow + n * 1s});
  ASSERT_TRUE(store.put_peers(peers));
  const auto kept = store.peers().value();
  EXPECT_EQ(kept.size(), 1'000U);
  EXPECT_EQ(kept.front().node, numbered(1'004));
  EXPECT_EQ(kept.back().node, numbered(5));
}

TEST_F(StoreTest, KeepsTheLongerBlock) {
  Store store(path_);
  ASSERT_TRUE(store.block("x", kNow + 2s));
  ASSERT_TRUE(store.block("x", kNow + 1s));
  EXPECT_EQ(store.blocks(kNow + 1s)->size(), 1U);
  EXPECT_EQ(store.blocks(kNow + 2s)->size(), 0U);
  EXPECT_TRUE(store.unblock("x").value());
  EXPECT_FALSE(store.unblock("x").value());
}

TEST_F(StoreTest, GoesOnWhereThereIsNoRoom) {
  {
    const Store store(path_);
  }
  Store store(path_, {.pages_max = 60});
  const std::vector<KnownPeer> first = {{numbered(0), std::string(1'000, 'x'), kNow}};
  ASSERT_TRUE(store.put_peers(first));
  std::uint32_t confirmed = 1;
  for (; confirmed < 1'000; ++confirmed) {
    const std::vector<KnownPeer> one = {{numbered(confirmed), std::string(1'000, 'x'), kNow}};
    const auto put = store.put_peers(one);
    if (put) continue;
    EXPECT_EQ(put.error().kind, StoreFault::Kind::full) << put.error().what;
    EXPECT_THAT(put.error().what, HasSubstr("make room"));
    break;
  }
  ASSERT_LT(confirmed, 1'000U) << "it was never full";
  EXPECT_EQ(store.peers()->size(), confirmed);
  EXPECT_TRUE(store.raise_own_time(kNow)) << "there is room for that";
  EXPECT_EQ(Store(path_).peers()->size(), confirmed);
}

}  // namespace
}  // namespace kith::test
