#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/exchange/messages.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/router/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/engine_lab.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::kSource;
using test::TestNode;

/// One engine among strangers.
struct EngineJoins : testing::Test {
  static std::unique_ptr<TestNode> somebody(std::uint8_t number) {
    return std::make_unique<TestNode>(1000 + number, sim::simulated_primitives(),
                                      EngineLab::endpoint_of(number));
  }

  /// Connects and proves itself; asks to join if told so.
  EngineLab::Stranger& knock(TestNode& who, bool joins = false) {
    return lab.knock(node, kSource, dial(who, joins));
  }

  Session dial(TestNode& who, bool joins) {
    DialTarget target;
    target.node = node.engine->id();
    if (joins) target.first_message = encode(JoinMessage{.entering = true});
    return Session::dial(who.local, std::move(target), test::default_config(), who.random, lab.now);
  }

  EngineLab lab;
  EngineLab::Node& node = lab.add(1);
  std::unique_ptr<TestNode> stranger = somebody(100);
};

TEST_F(EngineJoins, EndWhenTheyDoNotJoinHoweverMuchTheyPing) {
  EngineLab::Stranger& idler = knock(*stranger);
  for (std::uint64_t i = 0; i < 120 && !idler.is_over(); ++i) {
    idler.party->session.ping(i);
    lab.say(idler);
    lab.pass(1s);
  }
  EXPECT_TRUE(idler.party->opened());
  EXPECT_TRUE(idler.is_over());
  EXPECT_TRUE(idler.party->pongs.empty());
  EXPECT_EQ(node.engine->status().half_open, 0U);
}

TEST_F(EngineJoins, AreLimitedPerSourceUntilTheyJoin) {
  std::vector<EngineLab::Stranger*> idlers;
  for (int i = 0; i < 9; ++i) {
    idlers.push_back(&knock(*stranger));
    lab.pass(300ms);
    ASSERT_TRUE(idlers.back()->party->opened());
  }
  EXPECT_TRUE(idlers.front()->is_over());
  EXPECT_EQ(std::ranges::count_if(idlers, &EngineLab::Stranger::is_over), 1);
  EXPECT_EQ(node.engine->status().half_open, 8U);
}

TEST_F(EngineJoins, ShutOutASourceThatOpensAgainAndAgainAndNeverJoins) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(knock(*stranger).refused);
    lab.pass(11s);
  }
  EXPECT_TRUE(knock(*stranger).refused);
}

TEST_F(EngineJoins, WaitForThePolicyNoLongerThanForAHandshake) {
  node.verdict.reset();
  EngineLab::Stranger& newcomer = knock(*stranger, true);
  lab.pass(9s);
  EXPECT_FALSE(newcomer.is_over());
  lab.pass(2s);
  EXPECT_TRUE(newcomer.is_over());
}

TEST_F(EngineJoins, GiveUpAnEntranceThatIsSilentAfterTheHandshake) {
  const std::unique_ptr<TestNode> silent = somebody(2);
  lab.listen(EngineLab::endpoint_of(2), *silent);
  node.engine->join({EngineLab::endpoint_of(2), {}}, lab.now);
  lab.pass(9s);
  ASSERT_EQ(lab.visitors.size(), 1U);
  EXPECT_TRUE(lab.visitors[0]->party->opened());
  EXPECT_TRUE(node.join_failures.empty());
  lab.pass(4s);
  EXPECT_TRUE(lab.visitors[0]->is_over());
  ASSERT_EQ(node.join_failures.size(), 1U);
  EXPECT_EQ(node.join_failures[0].why, Errc::timed_out);
  EXPECT_EQ(lab.visitors.size(), 2U);
}

TEST_F(EngineJoins, R45_SayNothingElseBeforeTheyAreAcknowledged) {
  const std::unique_ptr<TestNode> silent = somebody(2);
  lab.listen(EngineLab::endpoint_of(2), *silent);
  ASSERT_TRUE(node.engine->subscribe("news", {}, lab.now));
  ASSERT_TRUE(node.engine->advertise("news", {}, lab.now));
  node.engine->join({EngineLab::endpoint_of(2), {}}, lab.now);
  node.engine->trace(silent->local.id, lab.now);
  lab.pass(9s);
  ASSERT_EQ(lab.visitors.size(), 1U);
  const std::vector<Bytes>& heard = lab.visitors[0]->party->messages;
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(decode_join(heard[0]));
}

TEST_F(EngineJoins, R44_LeadIntoTheTable) {
  knock(*stranger, true);
  lab.pass(1s);
  ASSERT_EQ(node.engine->peers(lab.now).size(), 1U);
  EXPECT_TRUE(node.engine->peers(lab.now)[0].in_table);
}

TEST_F(EngineJoins, TakeNoOtherNodeWhereTheyMetOne) {
  const Endpoint entrance = EngineLab::endpoint_of(2);
  const std::unique_ptr<TestNode> first = somebody(2);
  const std::unique_ptr<TestNode> second = somebody(3);
  lab.listen(entrance, *first);
  node.engine->join({entrance, {}}, lab.now);
  lab.pass(20s);
  ASSERT_EQ(node.entrances.size(), 1U);
  EXPECT_EQ(node.entrances[0].endpoint, entrance);
  EXPECT_EQ(node.entrances[0].node, first->local.id);
  node.join_failures.clear();
  lab.listen(entrance, *second);
  lab.visitors.clear();
  lab.pass(20s);
  ASSERT_FALSE(node.join_failures.empty());
  EXPECT_EQ(node.join_failures.back().why, Errc::changed_node);
  EXPECT_EQ(node.join_failures.back().met_first, first->local.id);
  ASSERT_FALSE(lab.visitors.empty());
  EXPECT_FALSE(lab.visitors.back()->party->opened());
  lab.listen(entrance, *first);
  lab.visitors.clear();
  lab.pass(2min);
  ASSERT_FALSE(lab.visitors.empty());
  EXPECT_TRUE(lab.visitors.back()->party->opened());
  EXPECT_EQ(node.entrances.size(), 1U);
}

TEST_F(EngineJoins, KnowFromEarlierWhomTheyMet) {
  const Endpoint entrance = EngineLab::endpoint_of(2);
  const std::unique_ptr<TestNode> known = somebody(2);
  const std::unique_ptr<TestNode> other = somebody(3);
  EngineLab::Node& joiner = lab.add(
      9, [&](EngineConfig& config) { config.known_entrances.emplace(entrance, known->local.id); });
  lab.listen(entrance, *other);
  joiner.engine->join({entrance, {}}, lab.now);
  lab.pass(1s);
  ASSERT_FALSE(joiner.join_failures.empty());
  EXPECT_EQ(joiner.join_failures[0].why, Errc::changed_node);
  EXPECT_TRUE(joiner.entrances.empty());
}

TEST_F(EngineJoins, DialOthersAfterPeersThatAreSilentAfterTheHandshake) {
  EngineLab::Stranger& talker = knock(*stranger, true);
  lab.pass(1s);
  PiggyMessage piggy;
  std::vector<std::unique_ptr<TestNode>> silent;
  for (std::uint8_t i = 2; i < 14; ++i) {
    silent.push_back(somebody(i));
    lab.listen(EngineLab::endpoint_of(i), *silent.back());
    piggy.tokens.push_back(silent.back()->local.token);
  }
  ASSERT_TRUE(talker.party->session.send({encode(piggy)}));
  lab.say(talker);
  lab.pass(5s);
  EXPECT_EQ(lab.visitors.size(), 8U);
  EXPECT_TRUE(lab.visitors[7]->party->opened());
  lab.pass(10s);
  EXPECT_GE(lab.visitors.size(), 12U);
}

TEST_F(EngineJoins, R47_TakeNothingElseBefore) {
  const Bytes messages[] = {encode_update(stranger->local.token),
                            encode(PiggyMessage{.complete = true, .tokens = {}}),
                            encode_bare(MessageKind::leave),
                            encode_not_acknowledged(false),
                            encode_acknowledge(Participation::member),
                            encode(RouteMessage{}),
                            encode(AnswerMessage{}),
                            encode(CloseMessage{true, ChannelNumber{1}})};
  for (const Bytes& message : messages) {
    lab.pass(2min);
    EngineLab::Stranger& talker = knock(*stranger);
    lab.pass(1s);
    ASSERT_TRUE(talker.party->opened());
    ASSERT_TRUE(talker.party->session.send({message}));
    lab.say(talker);
    lab.pass(1s);
    // Not dropped: a reset could overtake what was said before.
    EXPECT_TRUE(talker.ended) << static_cast<int>(message[1]);
    EXPECT_FALSE(talker.lost);
    EXPECT_TRUE(talker.party->messages.empty());
  }
}

TEST_F(EngineJoins, MakeTheNewestSessionOfADialerSurvive) {
  EngineLab::Stranger& slow = lab.knock(node, kSource);
  lab.pass(1s);
  EngineLab::Stranger& quick = knock(*stranger, true);
  lab.pass(1s);
  ASSERT_TRUE(quick.party->opened());
  slow.party.emplace(dial(*stranger, true));
  lab.say(slow);
  lab.pass(1s);
  ASSERT_TRUE(slow.party->opened());
  for (int i = 0; i < 50; ++i) {
    slow.party->session.ping(1);
    lab.say(slow);
    lab.pass(100ms);
  }
  EXPECT_TRUE(quick.is_over());
  EXPECT_FALSE(slow.is_over());
  EXPECT_EQ(node.engine->status().sessions, 1U);
}

TEST_F(EngineJoins, AreLimitedForOnePeer) {
  std::vector<EngineLab::Stranger*> sessions;
  for (int i = 0; i < 12; ++i) {
    sessions.push_back(&knock(*stranger, true));
    lab.pass(300ms);
    // A quiet one would go by itself.
    for (EngineLab::Stranger* session : sessions) {
      if (session->is_over()) continue;
      session->party->session.ping(1);
      lab.say(*session);
    }
  }
  EXPECT_EQ(std::ranges::count_if(sessions, std::not_fn(&EngineLab::Stranger::is_over)), 4);
  EXPECT_FALSE(sessions.back()->is_over());
  EXPECT_EQ(node.engine->status().sessions, 1U);
}

TEST_F(EngineJoins, LeaveNoMoreContactsThanAreOfUse) {
  EngineLab::Stranger& talker = knock(*stranger, true);
  lab.pass(1s);
  TestNode other(2000, sim::simulated_primitives(), EngineLab::endpoint_of(2));
  std::size_t most = 0;
  for (int i = 0; i < 150; ++i) {
    std::vector<Bytes> tokens;
    for (int k = 0; k < 40; ++k) {
      other.node_key = sim::simulated_primitives().signatures->generate(other.random);
      other.issue(other.token_params());
      tokens.push_back(other.local.token);
    }
    PiggyMessage piggy;
    piggy.tokens.assign(tokens.begin(), tokens.end());
    ASSERT_TRUE(talker.party->session.send({encode(piggy)}));
    talker.party->session.ping(1);
    lab.say(talker);
    lab.pass(1s);
    most = std::max(most, node.engine->status().contacts);
  }
  EXPECT_GE(most, 4'000U);
  EXPECT_LT(most, 5'200U);
  EXPECT_FALSE(talker.is_over());
  EXPECT_EQ(node.engine->status().sessions, 1U);
}

/// One that has room for twenty members, as many neighbours as it holds, and three clients.
struct CrowdedEngineJoins : EngineJoins {
  CrowdedEngineJoins() {
    crowded = &lab.add(2, [](EngineConfig& config) {
      config.neighbourhood_size = 2;
      config.sessions_max = 20;
      config.clients_max = 3;
    });
    crowded->engine->on_deadline(lab.now);
  }

  /// Whether somebody new got in.
  bool let_in(Participation role, bool entering) {
    people.push_back(somebody(static_cast<std::uint8_t>(people.size())));
    DialTarget target;
    target.node = crowded->engine->id();
    target.first_message = encode(JoinMessage{.role = role, .entering = entering});
    TestNode& who = *people.back();
    last = &lab.knock(
        *crowded, Endpoint::v4({127, 0, 0, 1}, 4000),
        Session::dial(who.local, std::move(target), test::default_config(), who.random, lab.now));
    lab.pass(100ms);
    return !last->is_over();
  }

  /// The kinds of what the last one was told.
  [[nodiscard]] std::vector<MessageKind> told() const {
    std::vector<MessageKind> kinds;
    for (const Bytes& message : last->party->messages) kinds.push_back(*peek_kind(message));
    return kinds;
  }

  EngineLab::Node* crowded;
  EngineLab::Stranger* last = nullptr;
  std::vector<std::unique_ptr<TestNode>> people;
};

TEST_F(CrowdedEngineJoins, AreLimitedForNodesThatEnter) {
  int entered = 0;
  int refused = 0;
  for (int i = 0; i < 200; ++i) ++(let_in(Participation::member, true) ? entered : refused);
  EXPECT_GE(entered, 20);
  EXPECT_LT(entered, 120);
  EXPECT_GT(refused, 80);
  while (let_in(Participation::member, true)) {
  }
  EXPECT_EQ(told(), (std::vector{MessageKind::piggy, MessageKind::not_acknowledged}));
}

TEST_F(CrowdedEngineJoins, KeepRoomForNodesThatEnter) {
  while (crowded->engine->status().sessions < 20) let_in(Participation::member, false);
  int strangers = 0;
  for (int i = 0; i < 20; ++i) strangers += let_in(Participation::member, false) ? 1 : 0;
  // Some are neighbours.
  EXPECT_LT(strangers, 15);
  EXPECT_TRUE(let_in(Participation::member, true));
  EXPECT_TRUE(let_in(Participation::client, true));
}

TEST_F(CrowdedEngineJoins, AreLimitedForClients) {
  ASSERT_TRUE(let_in(Participation::member, true));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(let_in(Participation::client, true));
  EXPECT_FALSE(let_in(Participation::client, true));
  EXPECT_EQ(told(), (std::vector{MessageKind::piggy, MessageKind::not_acknowledged}));
  EXPECT_FALSE(let_in(Participation::client, false));
  EXPECT_TRUE(let_in(Participation::member, true));
}

/// Forty come from one network.
struct CrowdedEngineJoinsOfOneNetwork : CrowdedEngineJoins,
                                        testing::WithParamInterface<bool /* entering */> {};

TEST_P(CrowdedEngineJoinsOfOneNetwork, AreLimitedWhateverTheySay) {
  // They say that they listen on loopback, each in a network of its own.
  std::vector<EngineLab::Stranger*> newcomers;
  for (std::uint8_t i = 0; i < 40; ++i) {
    people.push_back(std::make_unique<TestNode>(1000 + i, sim::simulated_primitives(),
                                                Endpoint::v4({127, 0, i, 1}, 3141)));
    DialTarget target;
    target.node = crowded->engine->id();
    target.first_message =
        encode(JoinMessage{.role = Participation::member, .entering = GetParam()});
    TestNode& who = *people.back();
    newcomers.push_back(&lab.knock(
        *crowded, kSource,
        Session::dial(who.local, std::move(target), test::default_config(), who.random, lab.now)));
    lab.pass(300ms);
  }
  // Two in each bucket, and those who become neighbours one after the other.
  EXPECT_LE(std::ranges::count_if(newcomers, std::not_fn(&EngineLab::Stranger::is_over)), 12);
}

INSTANTIATE_TEST_SUITE_P(SettledOrEntering, CrowdedEngineJoinsOfOneNetwork, testing::Bool());

TEST_F(EngineJoins, EndAfterTheIdleTimeoutThatWasSet) {
  EngineLab::Node& host =
      lab.add(2, [](EngineConfig& config) { config.session_timers.idle_timeout = 10s; });
  DialTarget target;
  target.node = host.engine->id();
  target.first_message = encode(JoinMessage{.role = Participation::client});
  EngineLab::Stranger& idler =
      lab.knock(host, kSource,
                Session::dial(stranger->local, std::move(target), test::default_config(),
                              stranger->random, lab.now));
  lab.pass(9s);
  EXPECT_EQ(host.engine->status().clients, 1U);
  EXPECT_FALSE(idler.is_over());
  lab.pass(4s);
  EXPECT_TRUE(idler.is_over());
}

TEST_F(EngineJoins, LastOnceTheyHaveJoined) {
  std::vector<std::unique_ptr<TestNode>> newcomers;
  for (std::uint8_t i = 0; i < 12; ++i) {
    newcomers.push_back(somebody(100 + i));
    knock(*newcomers.back(), true);
    lab.pass(1s);
  }
  lab.pass(15s);
  EXPECT_EQ(node.engine->status().sessions, 12U);
  EXPECT_EQ(node.engine->status().half_open, 0U);
}

}  // namespace
}  // namespace kith::overlay
