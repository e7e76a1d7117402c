#include <kith/block_list.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <unistd.h>

#include <gtest/gtest.h>
#include <kith/node.hpp>

#include "tests/overlay/asio/support.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

struct BlockListTest : testing::Test {
  std::string folder = testing::TempDir() + "kith-blocks-" + std::to_string(::getpid()) + "-" +
                       testing::UnitTest::GetInstance()->current_test_info()->name();
  NodeKeys here_keys = NodeKeys::generate();
  NodeKeys there_keys = NodeKeys::generate();

  void SetUp() override { std::filesystem::create_directories(folder); }
  void TearDown() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] Node here(bool keeps = true, const std::string& listen = kAnyPortV4) const {
    NodeConfig config = on_loopback({}, listen);
    config.keys = here_keys;
    if (keeps) config.store = folder + "/here";
    return Node(std::move(config));
  }

  [[nodiscard]] Node there(const Node& entrance, Heard& heard) const {
    NodeConfig config = on_loopback(entrance.addresses());
    config.keys = there_keys;
    config.log = [&heard](LogLevel, std::string_view line) { heard.add(std::string(line)); };
    return Node(std::move(config));
  }

  /// Whether `there` gets in.
  [[nodiscard]] bool gets_in(const Node& entrance) const {
    Heard heard;
    Node guest = there(entrance, heard);
    const bool decided = heard.wait_for("join");
    EXPECT_TRUE(decided);
    return heard.all().front().contains("joined") || guest.is_ready();
  }
};

TEST_F(BlockListTest, EndsSessionsAndLetsNobodyBack) {
  Node node = here();
  Heard heard;
  Node guest = there(node, heard);
  ASSERT_TRUE(guest.wait_until_ready(kPatience));
  ASSERT_TRUE(node.block_list().add(guest.id(), 24h, 5s).has_value());
  EXPECT_TRUE(node.peers().empty());
  EXPECT_TRUE(heard.wait_for("cannot join"));
  EXPECT_TRUE(node.peers().empty());
  ASSERT_TRUE(node.block_list().remove(guest.id(), 5s).has_value());
  EXPECT_EQ(node.block_list().remove(guest.id(), 5s).error(), Errc::not_found);
  EXPECT_TRUE(guest.wait_until_ready(kPatience));
}

TEST_F(BlockListTest, HoldsAfterARestart) {
  const Fingerprint identity = there_keys.identity();
  {
    Node node = here();
    ASSERT_TRUE(node.block_list().add(identity, 24h, 5s).has_value());
    EXPECT_FALSE(gets_in(node));
  }
  {
    Node node = here();
    const auto blocked = node.block_list().list(5s);
    ASSERT_TRUE(blocked.has_value());
    ASSERT_EQ(blocked->size(), 1U);
    EXPECT_EQ(blocked->front().who, identity);
    EXPECT_FALSE(gets_in(node));
    ASSERT_TRUE(node.block_list().remove(identity, 5s).has_value());
  }
  const Node node = here();
  EXPECT_TRUE(gets_in(node));
}

TEST_F(BlockListTest, HoldsForTheLifeOfANodeWithoutAStore) {
  {
    Node node = here(false);
    ASSERT_TRUE(node.block_list().add(there_keys.node(), 24h, 5s).has_value());
    EXPECT_FALSE(gets_in(node));
  }
  EXPECT_TRUE(gets_in(here(false)));
}

/// Who was a peer before is not dialed at the next start.
TEST_F(BlockListTest, KeepsTheNextStartFromOldFriends) {
  const Node founder(on_loopback());
  NodeConfig config = on_loopback(founder.addresses());
  config.keys = there_keys;
  Node friendly(std::move(config));
  ASSERT_TRUE(friendly.wait_until_ready(kPatience));
  const auto start = [&](Heard& heard) {
    NodeConfig mine = on_loopback(founder.addresses());
    mine.keys = here_keys;
    mine.store = folder + "/here";
    mine.log = [&heard](LogLevel, std::string_view line) { heard.add(std::string(line)); };
    return Node(std::move(mine));
  };
  {
    Heard heard;
    Node node = start(heard);
    ASSERT_TRUE(heard.wait_for("joined " + friendly.id().abbreviated()));
    ASSERT_TRUE(node.block_list().add(friendly.id(), 24h, 5s).has_value());
  }
  Heard heard;
  Node node = start(heard);
  ASSERT_TRUE(heard.wait_for("joined " + founder.id().abbreviated()));
  for (const NodePeer& peer : node.peers()) EXPECT_NE(peer.node, friendly.id());
  for (const std::string& line : heard.all()) EXPECT_FALSE(line.contains("cannot join")) << line;
}

TEST_F(BlockListTest, SaysWhatIsWrong) {
  Node node = here(false);
  BlockList list = node.block_list();
  const Fingerprint who = there_keys.node();
  EXPECT_EQ(list.add(node.id(), 1h, 5s).error(), Errc::out_of_range);
  EXPECT_EQ(list.add(here_keys.identity(), 1h, 5s).error(), Errc::out_of_range);
  EXPECT_EQ(list.add(who, 0s, 5s).error(), Errc::out_of_range);
  EXPECT_EQ(list.add(who, Duration::max(), 5s).error(), Errc::out_of_range);
  EXPECT_EQ(list.remove(who, 5s).error(), Errc::not_found);
  ASSERT_TRUE(list.add(who, kBlockLifeMax, 5s).has_value());
  EXPECT_EQ(list.list(5s)->size(), 1U);
}

}  // namespace
}  // namespace kith::test
