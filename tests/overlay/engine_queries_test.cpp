#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/engine_lab.hpp"
#include "tests/support/bytes_of.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using kith::test::bytes_of;
using test::EngineLab;
using test::kSource;
using test::TestNode;

/// One that tells everybody the time, and one that asks.
struct EngineQueries : testing::Test {
  EngineQueries() {
    referee.on_relation = [this](const RelationOutput& told) {
      const auto* asked = std::get_if<QueryAsked>(&told);
      if (asked == nullptr) return;
      askers.push_back(asked->node);
      if (!answers) return;
      EXPECT_TRUE(
          referee.engine->answer_query(asked->question, QueryStatus::answered, bytes_of("noon")));
    };
    asker.on_relation = [this](const RelationOutput& told) {
      if (const auto* answered = std::get_if<QueryAnswered>(&told)) {
        statuses.push_back(answered->status);
        said.emplace_back(answered->payload.begin(), answered->payload.end());
      }
      if (const auto* failed = std::get_if<QueryFailed>(&told)) failures.push_back(failed->why);
    };
  }

  void ask(std::string_view topic) {
    EXPECT_TRUE(asker.engine->query({referee.endpoint, referee.engine->id()}, topic, {}));
    lab.pass(1s);
  }

  EngineLab::Stranger& knock(Bytes first_message) {
    DialTarget target;
    target.node = referee.engine->id();
    target.first_message = std::move(first_message);
    return lab.knock(referee, kSource,
                     Session::dial(stranger.local, std::move(target), test::default_config(),
                                   stranger.random, lab.now));
  }

  EngineLab lab;
  EngineLab::Node& referee =
      lab.add(1, [](EngineConfig& config) { config.public_topics = {"time"}; });
  EngineLab::Node& asker = lab.add(2);
  TestNode stranger{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  bool answers = true;
  std::vector<Fingerprint> askers;
  std::vector<QueryStatus> statuses;
  std::vector<std::string> said;
  std::vector<Errc> failures;
};

TEST_F(EngineQueries, R56_AreAnsweredForAnybodyWithoutAJoin) {
  ask("time");
  EXPECT_EQ(said, std::vector<std::string>{"noon"});
  EXPECT_EQ(askers, std::vector{asker.engine->id()});
  lab.pass(5s);
  EXPECT_EQ(lab.wires_between(asker, referee), 0U);
  EXPECT_TRUE(failures.empty());
  EXPECT_TRUE(referee.joined.empty());
}

TEST_F(EngineQueries, OfOtherTopicsAreNotPutToTheApplication) {
  ask("weather");
  EXPECT_EQ(statuses, std::vector{QueryStatus::unknown_topic});
  EXPECT_TRUE(askers.empty());
}

TEST_F(EngineQueries, FailAtANodeThatAnswersNobody) {
  EngineLab::Node& shy = lab.add(3);
  ASSERT_TRUE(asker.engine->query({shy.endpoint, {}}, "time", {}));
  lab.pass(1s);
  EXPECT_EQ(failures.size(), 1U);
  ASSERT_TRUE(asker.engine->query({EngineLab::endpoint_of(99), {}}, "time", {}));
  lab.pass(1s);
  EXPECT_EQ(failures.size(), 2U);
}

TEST_F(EngineQueries, FailWhenTheApplicationIsSilent) {
  answers = false;
  ask("time");
  lab.pass(20s);
  EXPECT_EQ(failures.size(), 1U);
  EXPECT_EQ(referee.engine->status().half_open, 0U);
}

TEST_F(EngineQueries, AreNotHeldAgainstWhoeverAskedWhenTheApplicationIsSilent) {
  answers = false;
  for (int i = 0; i < 6; ++i) knock(encode(QueryMessage{5, "time", {}}));
  lab.pass(11s);
  ASSERT_EQ(askers.size(), 6U);
  ASSERT_EQ(referee.engine->status().half_open, 0U);
  EXPECT_FALSE(lab.knock(referee, kSource).refused);
}

TEST_F(EngineQueries, EndTheSessionBehindTheReply) {
  EngineLab::Stranger& visitor = knock(encode(QueryMessage{5, "time", {}}));
  lab.pass(1s);
  ASSERT_EQ(visitor.party->messages.size(), 1U);
  EXPECT_EQ(decode_reply(visitor.party->messages[0])->number, 5U);
  EXPECT_TRUE(visitor.ended);
}

TEST_F(EngineQueries, R56_LeaveRoomForNothingElseOnTheirSession) {
  answers = false;
  const Bytes others[] = {encode(JoinMessage{.entering = true}),
                          encode_update(stranger.local.token), encode(QueryMessage{6, "time", {}}),
                          encode_no_relation({}), encode(RelateMessage{Bytes(1), {}})};
  for (const Bytes& other : others) {
    lab.pass(2min);
    EngineLab::Stranger& visitor = knock(encode(QueryMessage{5, "time", {}}));
    lab.pass(1s);
    ASSERT_TRUE(visitor.party->opened());
    EXPECT_FALSE(visitor.is_over());
    ASSERT_TRUE(visitor.party->session.send({other}));
    lab.say(visitor);
    lab.pass(1s);
    EXPECT_TRUE(visitor.ended) << static_cast<int>(other[1]);
    EXPECT_TRUE(visitor.party->messages.empty());
  }
  EXPECT_TRUE(referee.joined.empty());
}

TEST_F(EngineQueries, HaveNoPlaceBehindAJoinThatIsNotAnswered) {
  referee.verdict.reset();
  EngineLab::Stranger& visitor = knock(encode(JoinMessage{.entering = true}));
  lab.pass(1s);
  ASSERT_TRUE(visitor.party->opened());
  EXPECT_FALSE(visitor.is_over());
  ASSERT_TRUE(visitor.party->session.send({encode(QueryMessage{5, "time", {}})}));
  lab.say(visitor);
  lab.pass(1s);
  EXPECT_TRUE(visitor.ended);
  EXPECT_TRUE(askers.empty());
}

TEST_F(EngineQueries, HaveNoPlaceInTheAnswerToAJoin) {
  // Who listens there says nothing by itself.
  lab.listen(EngineLab::endpoint_of(7), stranger);
  referee.engine->join({EngineLab::endpoint_of(7), stranger.local.id}, lab.now);
  lab.pass(1s);
  ASSERT_EQ(lab.visitors.size(), 1U);
  EngineLab::Stranger& listener = *lab.visitors[0];
  ASSERT_EQ(listener.party->messages.size(), 1U);
  ASSERT_TRUE(listener.party->session.send({encode(QueryMessage{5, "time", {}})}));
  lab.say(listener);
  lab.pass(1s);
  EXPECT_TRUE(listener.is_over());
  EXPECT_TRUE(askers.empty());
}

TEST_F(EngineQueries, MayBeAskedByPeers) {
  EngineLab::Stranger& peer = knock(encode(JoinMessage{.entering = true}));
  lab.pass(1s);
  ASSERT_EQ(referee.joined.size(), 1U);
  for (std::uint64_t number = 1; number <= 2; ++number) {
    ASSERT_TRUE(peer.party->session.send({encode(QueryMessage{number, "time", {}})}));
    lab.say(peer);
    lab.pass(1s);
  }
  EXPECT_FALSE(peer.is_over());
  EXPECT_EQ(askers.size(), 2U);
}

}  // namespace
}  // namespace kith::overlay
