#include <chrono>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <kith/subject.hpp>

#include "overlay/coordinator/messages.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/router/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/engine_lab.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::kSource;
using test::TestNode;

/// That the identity of `node` receives what is published on `subject`.
PeerIntent wish_for(std::string_view subject, TestNode& node) {
  IntentTokenParams params;
  params.subject = subject_id({}, subject).value();
  params.issued_at = test::start_time().wall;
  params.role = IntentRole::receive;
  params.node = node.local.id;
  auto intent =
      issue_intent_token(params, node.node_key, *node.local.primitives->signatures, node.random);
  return {std::move(intent).value(), decode_node_token(node.local.token).value(), std::nullopt};
}

/// Two engines, of which the second enters at the first.
struct EngineFlows : testing::Test {
  void enter_by(Flow flow) {
    newcomer.engine->join({entrance.endpoint, {}, flow}, lab.now);
    lab.pass(5s);
  }

  [[nodiscard]] bool has_joined() const { return !newcomer.joined.empty(); }

  EngineLab lab;
  EngineLab::Node& entrance = lab.add(1);
  EngineLab::Node& newcomer = lab.add(2);
};

TEST_F(EngineFlows, OLeadsIn) {
  enter_by(Flow::open);
  EXPECT_TRUE(has_joined());
}

TEST_F(EngineFlows, SLeadsIn) {
  enter_by(Flow::sealed);
  EXPECT_TRUE(has_joined());
}

TEST_F(EngineFlows, CLeadsInWithATokenOfAnotherTime) {
  for (const bool knows_token : {false, true}) {
    EngineLab town;
    EngineLab::Node& host = town.add(1, [](EngineConfig& config) {
      config.listener = {.accepted_flows = {Flow::connection}};
      config.public_topics = {"time"};
    });
    const ByteView token = host.engine->node_token();
    EngineLab::Node& guest = town.add(2, [&](EngineConfig& config) {
      if (knows_token) config.known_tokens = {Bytes(token.begin(), token.end()), Bytes(9)};
    });
    EXPECT_EQ(!guest.engine->token_of(host.engine->id()).empty(), knows_token);
    const JoinTarget target{host.endpoint, host.engine->id(), Flow::connection};
    guest.engine->join(target, town.now);
    std::size_t asked = 0;
    host.on_relation = [&](const RelationOutput& told) {
      if (std::holds_alternative<QueryAsked>(told)) ++asked;
    };
    EXPECT_TRUE(guest.engine->query(target, "time", {}));
    town.pass(5s);
    // Without a token it is `H`, which is not answered here.
    EXPECT_EQ(guest.joined.size(), knows_token ? 1U : 0U);
    EXPECT_EQ(asked, knows_token ? 1U : 0U);
  }
}

TEST_F(EngineFlows, CWithoutATokenIsHPinned) {
  newcomer.engine->join({entrance.endpoint, entrance.engine->id(), Flow::connection}, lab.now);
  lab.pass(5s);
  EXPECT_TRUE(has_joined());
}

TEST_F(EngineFlows, CIsNotTakenInByARecordingOfBeforeARestart) {
  TestNode dialer{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  EngineLab::Stranger& visitor =
      lab.knock(entrance, kSource,
                Session::dial(dialer.local, lab.target_by_token(entrance), test::default_config(),
                              dialer.random, lab.now));
  lab.pass(1s);
  ASSERT_TRUE(visitor.party->opened());
  ASSERT_EQ(entrance.dial_times.size(), 1U);
  const DialTimeSeen& seen = entrance.dial_times[0];
  const Bytes recording = test::frames_of(visitor.party->said)[0];
  for (const bool remembers : {true, false}) {
    // The same keys again.
    EngineLab::Node& restarted = lab.add(1, [&](EngineConfig& config) {
      if (remembers) config.known_dial_times.emplace_back(seen.static_key, seen.time);
    });
    EngineLab::Stranger& replay = lab.knock(restarted, kSource);
    lab.say(replay, recording);
    lab.pass(1s);
    EXPECT_FALSE(replay.heard.empty());
    EXPECT_EQ(replay.heard == test::kNopeBytes, remembers);
  }
}

TEST_F(EngineFlows, CIsDialedAtALaterTimeThanBeforeARestart) {
  const WallTime last = lab.now.wall + 1min;
  const ByteView token = entrance.engine->node_token();
  EngineLab::Node& restarted = lab.add(3, [&](EngineConfig& config) {
    config.known_tokens = {Bytes(token.begin(), token.end())};
    config.last_dial_time = last;
  });
  restarted.engine->join({entrance.endpoint, entrance.engine->id(), Flow::connection}, lab.now);
  lab.pass(5s);
  ASSERT_FALSE(entrance.dial_times.empty());
  EXPECT_GT(entrance.dial_times[0].time, last);
  // The next start is told of it.
  EXPECT_EQ(restarted.dial_times_used, std::vector{entrance.dial_times[0].time});
}

TEST_F(EngineFlows, R18_SAsksTheListenersPolicyWhetherItKnowsTheDialer) {
  entrance.verdict = Verdict::no;
  enter_by(Flow::sealed);
  EXPECT_FALSE(has_joined());
  ASSERT_FALSE(newcomer.join_failures.empty());
  EXPECT_EQ(newcomer.join_failures.front().why, Errc::refused);
}

TEST_F(EngineFlows, R8_R18_SShowsNothingToAStrangerWhoWouldBeLetIn) {
  entrance.knows_nobody = true;
  TestNode stranger{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  const auto knock_by = [&](Flow flow) -> EngineLab::Stranger& {
    DialTarget target;
    target.flow = flow;
    target.first_message = encode(JoinMessage{});
    EngineLab::Stranger& visitor =
        lab.knock(entrance, kSource,
                  Session::dial(stranger.local, std::move(target), test::default_config(),
                                stranger.random, lab.now));
    lab.pass(1s);
    return visitor;
  };
  const EngineLab::Stranger& refused = knock_by(Flow::sealed);
  EXPECT_FALSE(refused.party->opened());
  EXPECT_TRUE(refused.party->questions.empty());
  EXPECT_TRUE(knock_by(Flow::hidden).party->opened());
  EXPECT_EQ(entrance.joined.size(), 1U);
}

TEST_F(EngineFlows, SNeedsNoPolicyForTheNodeThatTheDialerHasNamed) {
  newcomer.verdict = Verdict::no;
  newcomer.engine->join({entrance.endpoint, entrance.engine->id(), Flow::sealed}, lab.now);
  lab.pass(5s);
  EXPECT_TRUE(has_joined());
}

TEST_F(EngineFlows, R18_SAsksTheDialersPolicyWhetherItKnowsTheListener) {
  newcomer.verdict = Verdict::no;
  enter_by(Flow::sealed);
  EXPECT_FALSE(has_joined());
  EXPECT_TRUE(entrance.joined.empty());
}

TEST_F(EngineFlows, R18_SWaitsForThePolicyAndThenGivesUp) {
  entrance.verdict.reset();
  enter_by(Flow::sealed);
  EXPECT_FALSE(has_joined());
  EXPECT_EQ(entrance.engine->status().half_open, 1U);
  lab.pass(5400ms);
  EXPECT_EQ(entrance.engine->status().half_open, 0U);
}

TEST_F(EngineFlows, SIsNotHeldAgainstTheDialerWhenThePolicyIsSilent) {
  TestNode dialer{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  entrance.verdict.reset();
  for (int i = 0; i < 6; ++i) {
    DialTarget target;
    target.flow = Flow::sealed;
    lab.knock(entrance, kSource,
              Session::dial(dialer.local, std::move(target), test::default_config(), dialer.random,
                            lab.now));
  }
  lab.pass(1s);
  ASSERT_EQ(entrance.engine->status().half_open, 6U);
  lab.pass(10s);
  ASSERT_EQ(entrance.engine->status().half_open, 0U);
  EXPECT_FALSE(lab.knock(entrance, kSource).refused);
}

/// A private listener, and a node that dials it with its token.
struct EngineFlowsOfAPrivateListener : testing::Test {
  EngineLab::Stranger& dial(TestNode& dialer, Bytes first_message = {}) {
    DialTarget target = lab.target_by_token(host);
    target.first_message = std::move(first_message);
    EngineLab::Stranger& visitor =
        lab.knock(host, kSource,
                  Session::dial(dialer.local, std::move(target), test::default_config(),
                                dialer.random, lab.now));
    lab.pass(1s);
    return visitor;
  }

  EngineLab lab;
  EngineLab::Node& host =
      lab.add(1, [](EngineConfig& config) { config.listener = kPrivateListener; });
  TestNode node{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
};

TEST_F(EngineFlowsOfAPrivateListener, AnswerNobodyByCWhomThePolicyDoesNotKnow) {
  host.verdict = Verdict::no;
  const EngineLab::Stranger& visitor = dial(node);
  EXPECT_FALSE(visitor.party->opened());
  EXPECT_EQ(as_text(visitor.heard), "nope");
  host.verdict = Verdict::yes;
  EXPECT_TRUE(dial(node).party->opened());
}

TEST_F(EngineFlowsOfAPrivateListener, AnswerNobodyByCWhomThePolicyWouldOnlyLetIn) {
  host.knows_nobody = true;
  EXPECT_EQ(as_text(dial(node).heard), "nope");
}

TEST_F(EngineFlowsOfAPrivateListener, AnswerByCWhomItHasASessionWith) {
  dial(node, encode(JoinMessage{}));
  ASSERT_EQ(host.engine->status().sessions, 1U);
  // As members do before a session is too old, whatever the policy thinks of the node by now.
  host.verdict = Verdict::no;
  EXPECT_TRUE(dial(node).party->opened());
}

TEST_F(EngineFlowsOfAPrivateListener, AnswerByCWhomItIsMatchedWith) {
  ASSERT_TRUE(host.engine->advertise("news", {}, lab.now));
  TestNode coordinator{8, sim::simulated_primitives(), EngineLab::endpoint_of(8)};
  EngineLab::Stranger& introducer = dial(coordinator, encode(JoinMessage{}));
  ASSERT_EQ(host.engine->status().sessions, 1U);
  const PeerIntent intent = wish_for("news", node);
  const Bytes matches = encode_matches(std::vector{view_of(intent)});
  RouteMessage route;
  route.key = host.engine->id();
  route.target = host.engine->id();
  route.hops_left = 5;
  route.payload = matches;
  ASSERT_TRUE(introducer.party->session.send({encode(route)}));
  lab.say(introducer);
  lab.pass(1s);
  host.verdict = Verdict::no;
  EXPECT_TRUE(dial(node).party->opened());
}

TEST(EngineFlowsOfAStealthyListener, AreSilentByCToWhomThePolicyDoesNotKnow) {
  EngineLab lab;
  EngineLab::Node& host = lab.add(1, [](EngineConfig& config) {
    config.listener = kStealthListener;
    config.listener.accepted_flows.add(Flow::connection);
  });
  TestNode node{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  for (const bool knows_nobody : {true, false}) {
    host.knows_nobody = knows_nobody;
    const EngineLab::Stranger& visitor =
        lab.knock(host, kSource,
                  Session::dial(node.local, lab.target_by_token(host), test::default_config(),
                                node.random, lab.now));
    lab.pass(1s);
    EXPECT_EQ(visitor.party->opened(), !knows_nobody);
    EXPECT_EQ(visitor.heard.empty(), knows_nobody);
  }
}

TEST(EngineFlowsOfAMember, DoNotTakeTokensInTheOpen) {
  EngineLab lab;
  const EngineLab::Node& entrance =
      lab.add(1, [](EngineConfig& config) { config.listener = kMemberListener; });
  EngineLab::Node& newcomer = lab.add(2);
  newcomer.engine->join({entrance.endpoint, {}, Flow::open}, lab.now);
  lab.pass(5s);
  EXPECT_TRUE(newcomer.joined.empty());
}

}  // namespace
}  // namespace kith::overlay
