// What peers bring that a policy thinks about.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "overlay/coordinator/messages.hpp"
#include "overlay/membership/judgement.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/router/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/coordinator/actors.hpp"
#include "tests/overlay/engine_lab.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::Actor;
using test::EngineLab;
using test::TestNode;

/// The leader of a realm whose policy says nothing, and two peers that joined before.
struct EngineQuestions : testing::Test {
  EngineQuestions() {
    EXPECT_EQ(node.joined.size(), 2U);
    node.verdict.reset();
    node.asked.clear();
  }

  EngineLab::Stranger& join(TestNode& who) {
    DialTarget target;
    target.node = node.engine->id();
    target.first_message = encode(JoinMessage{.entering = true});
    EngineLab::Stranger& peer = lab.knock(
        node, test::kSource,
        Session::dial(who.local, std::move(target), test::default_config(), who.random, lab.now));
    lab.pass(1s);
    return peer;
  }

  void bring(EngineLab::Stranger& by, const Bytes& payload) {
    RouteMessage message;
    message.number = ++number;
    message.key = node.engine->id();
    message.target = node.engine->id();
    message.hops_left = 5;
    message.payload = payload;
    ASSERT_TRUE(by.party->session.send({encode(message)}));
    lab.say(by);
  }

  Actor somebody() {
    Actor actor(random);
    actor.realm = realm;
    return actor;
  }
  /// Brings what somebody declares whom nobody has heard of.
  void declare(EngineLab::Stranger& by) {
    const Actor actor = somebody();
    const PeerIntent peer{actor.intent({.subject = subject, .at = lab.now.wall, .realm = realm}),
                          actor.node_token(lab.now.wall), std::nullopt};
    bring(by, encode_declare(view_of(peer), 0));
  }
  /// Asks the leader about such a one.
  void judge(EngineLab::Stranger& by) {
    const NodeToken token = somebody().node_token(lab.now.wall);
    bring(by, encode(JudgeMessage{{}, token.token.raw()}));
  }

  /// How many answers came that are empty, or are not.
  static std::ptrdiff_t answers(const EngineLab::Stranger& to, bool empty) {
    return std::ranges::count_if(to.party->messages, [&](const Bytes& message) {
      const auto answer = decode_answer(message);
      return answer && answer->payload.empty() == empty;
    });
  }

  EngineLab lab;
  EngineLab::Node& node = lab.add(1, [](EngineConfig& config) {
    config.realm = identity_fingerprint(config.node_key.public_key);
  });
  Fingerprint realm = node.engine->status().identity;
  TestNode ada{1001, sim::simulated_primitives(), EngineLab::endpoint_of(100), realm};
  TestNode bob{1002, sim::simulated_primitives(), EngineLab::endpoint_of(101), realm};
  EngineLab::Stranger& greedy = join(ada);
  EngineLab::Stranger& modest = join(bob);
  SeededRandom random{3};
  Fingerprint subject = test::random_fingerprint(random);
  std::uint32_t number = 0;
};

TEST_F(EngineQuestions, AboutWhatOnePeerBringsLeaveRoomForThoseOfOthers) {
  for (int i = 0; i < 600; ++i) declare(greedy);
  lab.pass(1s);
  EXPECT_EQ(node.asked.size(), 512U) << "half of the places";
  declare(modest);
  lab.pass(1s);
  EXPECT_EQ(node.asked.size(), 513U);
}

TEST_F(EngineQuestions, ForTheLeaderAreNotGivenUpForThoseThatAnotherPeerBrings) {
  judge(modest);
  lab.pass(1s);
  ASSERT_EQ(node.asked.size(), 1U);
  for (int i = 0; i < 600; ++i) judge(greedy);
  lab.pass(1s);
  EXPECT_EQ(node.asked.size(), 601U);
  EXPECT_EQ(answers(greedy, true), 601 - 256);
  EXPECT_EQ(answers(modest, true), 0);
  node.engine->on_verdict(node.asked.front(), Verdict::yes, lab.now);
  lab.pass(1s);
  EXPECT_EQ(answers(modest, false), 1);
}

}  // namespace
}  // namespace kith::overlay
