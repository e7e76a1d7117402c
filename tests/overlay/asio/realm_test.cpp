// Overlays in which a leader decides who takes part.

#include <memory>

#include <gtest/gtest.h>
#include <kith/policy.hpp>

#include "overlay/asio/keys.hpp"
#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

using test::Heard;
using test::into;
using test::kPatience;
using test::on_loopback;

struct RealmNodes : testing::Test {
  static std::array<Byte, 32> public_key(const std::array<Byte, 32>& seed) {
    return overlay::signing_key(seed).public_key;
  }

  /// A node of the realm that the leader has said nothing of.
  NodeConfig stranger(std::vector<std::string> join = {}) const {
    NodeConfig config = on_loopback(std::move(join));
    config.keys = NodeKeys::generate();
    config.realm = realm_of(public_key(leader.node_seed));
    config.policy = realm_policy(public_key(leader.node_seed));
    return config;
  }
  Bytes word_for(const NodeKeys& keys, Duration life = std::chrono::hours(1)) const {
    return vouch(leader.node_seed, {public_key(keys.node_seed), keys.node(), life});
  }
  NodeConfig member(std::vector<std::string> join = {}) const {
    NodeConfig config = stranger(std::move(join));
    config.identity_token = word_for(*config.keys);
    return config;
  }

  NodeKeys leader = NodeKeys::generate();
};

TEST_F(RealmNodes, LetsInWhomItsLeaderVouchesFor) {
  Node founder(member());
  Node joiner(member(founder.addresses()));
  ASSERT_TRUE(joiner.wait_until_ready(kPatience));

  Heard heard;
  const auto subscription = joiner.subscribe("news", into(heard));
  auto publisher = founder.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("among us"));
  EXPECT_TRUE(heard.wait_for(1));
}

TEST_F(RealmNodes, LetsInAnIdentityWithAKeyOfItsOwn) {
  const Node founder(member());
  const NodeKeys person = NodeKeys::generate();
  NodeConfig config = stranger(founder.addresses());
  config.identity_seed = person.node_seed;
  config.identity_token =
      vouch(leader.node_seed, {public_key(person.node_seed), config.keys->node()});
  Node joiner(std::move(config));
  EXPECT_TRUE(joiner.wait_until_ready(kPatience));
  EXPECT_EQ(joiner.status().identity, person.identity());
}

TEST_F(RealmNodes, LetsNobodyElseInAndLogsWhy) {
  Heard why;
  NodeConfig founding = member();
  founding.log = [&](LogLevel level, std::string_view line) {
    if (level == LogLevel::debug) why.add(std::string(line));
  };
  const Node founder(std::move(founding));
  Heard log;
  NodeConfig config = stranger(founder.addresses());
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  const Node joiner(std::move(config));
  EXPECT_TRUE(log.wait_for("refused"));
  EXPECT_FALSE(joiner.is_ready());
  EXPECT_TRUE(why.wait_for("turned away 127.0.0.1:"));
  EXPECT_TRUE(why.wait_for("): not authorized"));
}

TEST_F(RealmNodes, SaysWhatIsWrongWithAnIdentityToken) {
  const auto said = [](NodeConfig config) -> std::string {
    try {
      const Node node(std::move(config));
    } catch (const StartError& error) {
      return error.what();
    }
    return "nothing";
  };
  NodeConfig unreadable = member();
  unreadable.identity_token.pop_back();
  EXPECT_TRUE(said(std::move(unreadable)).contains("cannot be read"));

  NodeConfig forged = member();
  forged.identity_token.back() ^= 1;
  EXPECT_TRUE(said(std::move(forged)).contains("signature"));

  NodeConfig of_another = member();
  of_another.identity_token = word_for(NodeKeys::generate());
  EXPECT_TRUE(said(std::move(of_another)).contains("another identity"));

  NodeConfig elsewhere = member();
  elsewhere.keys->static_seed = {};
  elsewhere.identity_token =
      vouch(leader.node_seed, {public_key(elsewhere.keys->node_seed), leader.node()});
  EXPECT_TRUE(said(std::move(elsewhere)).contains("another node"));

  NodeConfig another_realm = member();
  another_realm.realm = {};
  EXPECT_TRUE(said(std::move(another_realm)).contains("another realm"));

  EXPECT_THROW((void)word_for(leader, std::chrono::hours(24 * 366)), StartError);
}

}  // namespace
}  // namespace kith
