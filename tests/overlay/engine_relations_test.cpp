#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/relations/engine_relations.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::EngineRelations;
using test::Keeper;

TEST_F(EngineRelations, R65_LetEitherSideReconnect) {
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  lab.pass(1s);
  EXPECT_EQ(ada.reached.size(), 2U);
  EXPECT_EQ(bob.reached.size(), 2U);
  lab.pass(70s);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 0U);
  ASSERT_TRUE(bob.tell(shared[1], "hello"));
  lab.pass(1s);
  EXPECT_EQ(ada.heard, std::vector<std::string>{"hello"});
  EXPECT_EQ(bob.taken.size(), 1U);
}

TEST_F(EngineRelations, R66_R67_AllGoOverOneSessionBothWaysInAnyOrder) {
  for (const RelationshipId& id : shared) {
    ASSERT_TRUE(ada.tell(id, "from ada"));
    lab.pass(1s);
    ASSERT_TRUE(bob.tell(id, "from bob"));
    lab.pass(1s);
  }
  EXPECT_EQ(ada.heard.size(), 2U);
  EXPECT_EQ(bob.heard.size(), 2U);
  EXPECT_EQ(ada.node.dials + bob.node.dials, 1U);
}

TEST_F(EngineRelations, R69_SessionsAreClosedByWhoWasDialedWhenIdle) {
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  lab.pass(55s);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 1U);
  lab.pass(10s);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 0U);
  EXPECT_TRUE(ada.unreachable.empty());
}

TEST_F(EngineRelations, R77_SurviveThatBothDialAtOnce) {
  ASSERT_TRUE(ada.tell(shared[0], "from ada"));
  ASSERT_TRUE(bob.tell(shared[0], "from bob"));
  lab.pass(1s);
  EXPECT_EQ(ada.node.dials + bob.node.dials, 2U);
  EXPECT_EQ(ada.heard, std::vector<std::string>{"from bob"});
  EXPECT_EQ(bob.heard, std::vector<std::string>{"from ada"});
  EXPECT_EQ(ada.taken.size() + bob.taken.size(), 2U);
}

TEST_F(EngineRelations, AreReconnectedAboutAtATimeThatTheNextStartIsToldOf) {
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  lab.pass(1s);
  ASSERT_EQ(bob.node.dial_times.size(), 1U);
  EXPECT_EQ(ada.node.dial_times_used, std::vector{bob.node.dial_times[0].time});
}

TEST_F(EngineRelations, R72_AreReconnectedAboutByANodeThatNamesItsAddressWithoutBrackets) {
  test::TestNode other{8, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  lab.listen(EngineLab::endpoint_of(7), other);
  for (const auto& [home, site] : {std::pair("192.0.2.9:3142", "192.0.2.9@3142"),
                                   std::pair("[2001:db8::1]:3141", "2001:db8::1@3141")}) {
    ada.node.engine->set_endpoints({Endpoint::parse(home).value()}, lab.now);
    lab.visitors.clear();
    ASSERT_TRUE(ada.node.engine->connect(relate_by_hand().terms().id, lab.now));
    lab.pass(1min);
    ASSERT_FALSE(lab.visitors.empty());
    test::Party reader(Session::accept(hand.local, test::public_config(), hand.random, lab.now));
    reader.hear(lab.visitors.front()->heard, lab.now);
    ASSERT_EQ(reader.seekings.size(), 1U);
    EXPECT_EQ(reader.seekings[0].site, site);
  }
}

TEST_F(EngineRelations, R62_WithANodeThatKnowsNoneAreUnreachable) {
  RelationshipParams params;
  params.issued_at = lab.now.wall;
  params.proposer = place(eve);
  params.partner = place(ada);
  params.partner_key = key(ada).public_key;
  const RelationshipToken token = sign(params, key(eve), key(ada));
  add(eve, token, ada.node.endpoint);
  ASSERT_TRUE(eve.tell(token.terms().id, "let me in"));
  lab.pass(1min);
  EXPECT_TRUE(ada.heard.empty());
  EXPECT_EQ(eve.lost.size(), 1U);
}

TEST_F(EngineRelations, R62_R64_ReconnectingAboutNoneIsSilence) {
  const RelationshipToken ours = relate_by_hand();
  const auto expect_silence = [&](const RelationshipId& about) {
    const EngineLab::Stranger& visitor = reconnect(about);
    EXPECT_TRUE(visitor.is_over());
    EXPECT_TRUE(visitor.heard.empty());
    lab.pass(3min);
  };
  expect_silence({9, 9, 9});
  // It is valid, but between others.
  expect_silence(shared[0]);
  ASSERT_TRUE(reconnect(ours.terms().id).party->opened());
  ASSERT_TRUE(ada.node.engine->end(ours.terms().id, lab.now));
  lab.pass(1min);
  expect_silence(ours.terms().id);
}

TEST_F(EngineRelations, R64_ReconnectingWithAnotherStaticKeyIsSilence) {
  const RelationshipToken ours = relate_by_hand();
  hand.static_key = sim::simulated_primitives().dh->generate(hand.random);
  const EngineLab::Stranger& visitor = reconnect(ours.terms().id);
  EXPECT_TRUE(visitor.is_over());
  EXPECT_TRUE(visitor.heard.empty());
}

TEST_F(EngineRelations, R64_ReconnectingAboutOneThatIsOverIsSilence) {
  const RelationshipToken ours = relate_by_hand(1min);
  lab.pass(10min);
  const EngineLab::Stranger& visitor = reconnect(ours.terms().id);
  EXPECT_TRUE(visitor.is_over());
  EXPECT_TRUE(visitor.heard.empty());
}

TEST_F(EngineRelations, R63_MessagesOnThoseOfOthersAreRefusedAndRepeatedEndTheSession) {
  const RelationshipToken ours = relate_by_hand();
  EngineLab::Stranger& visitor = reconnect(ours.terms().id);
  for (std::uint64_t i = 0; i < 8; ++i) say(visitor, encode(RelationMessage{shared[0], i, {}}));
  ASSERT_EQ(visitor.party->messages.size(), 8U);
  EXPECT_EQ(decode_no_relation(visitor.party->messages[0]), shared[0]);
  EXPECT_FALSE(visitor.is_over());
  say(visitor, encode(RelationMessage{shared[0], 9, {}}));
  EXPECT_TRUE(visitor.ended);
  EXPECT_TRUE(ada.heard.empty());
}

TEST_F(EngineRelations, R63_NothingElseIsSaidOnThoseOfOthersEither) {
  const RelationshipId ours = relate_by_hand().terms().id;
  for (const Bytes& other : {encode(RelationTaken{shared[0], 1}), encode_no_relation(shared[0]),
                             encode(end_of(shared[0], key(bob)))}) {
    EngineLab::Stranger& visitor = reconnect(ours);
    for (int i = 0; i < 8; ++i) say(visitor, other);
    EXPECT_FALSE(visitor.is_over()) << static_cast<int>(other[1]);
    say(visitor, other);
    EXPECT_TRUE(visitor.ended) << static_cast<int>(other[1]);
  }
  EXPECT_TRUE(ada.ended.empty());
}

TEST_F(EngineRelations, CarryNothingOfTheOverlay) {
  const Bytes others[] = {encode_update(hand.local.token), encode_bare(MessageKind::leave),
                          encode(RelateMessage{Bytes(1), {}}), encode(JoinMessage{})};
  const RelationshipToken ours = relate_by_hand();
  for (const Bytes& other : others) {
    EngineLab::Stranger& visitor = reconnect(ours.terms().id);
    ASSERT_TRUE(visitor.party->opened());
    say(visitor, other);
    EXPECT_TRUE(visitor.ended) << static_cast<int>(other[1]);
  }
}

TEST_F(EngineRelations, HearFirstWhatADialerSaidEarly) {
  const RelationshipId ours = relate_by_hand().terms().id;
  DialTarget target = target_to(ada, Flow::reconnect, ours);
  target.early = encode(RelationMessage{ours, 1, as_bytes("early")});
  target.first_message = encode(RelationMessage{ours, 2, as_bytes("later")});
  const EngineLab::Stranger& visitor = dial(ada, std::move(target));
  EXPECT_EQ(ada.heard, (std::vector<std::string>{"early", "later"}));
  ASSERT_EQ(visitor.party->messages.size(), 2U);
  EXPECT_EQ(decode_relation_taken(visitor.party->messages[0])->number, 1U);
}

TEST_F(EngineRelations, HearNothingEarlyOfARecording) {
  const RelationshipId ours = relate_by_hand().terms().id;
  DialTarget target = target_to(ada, Flow::reconnect, ours);
  target.early = encode(RelationMessage{ours, 1, as_bytes("early")});
  Session dialer =
      Session::dial(hand.local, std::move(target), test::default_config(), hand.random, lab.now);
  Bytes first;
  dialer.take_bytes(first, lab.now);
  for (int i = 0; i < 2; ++i) {
    EngineLab::Stranger& recording = lab.knock(ada.node, test::kSource);
    lab.say(recording, first);
    lab.pass(1s);
    EXPECT_FALSE(recording.heard.empty());
    EXPECT_FALSE(recording.is_over());
    lab.pass(1min);
    EXPECT_TRUE(recording.is_over());
  }
  EXPECT_TRUE(ada.heard.empty());
}

TEST_F(EngineRelations, HearEarlyNothingThatHasNoPlaceLater) {
  const RelationshipId ours = relate_by_hand().terms().id;
  for (const Bytes& other : {encode_bare(MessageKind::leave), encode(JoinMessage{}), Bytes(1)}) {
    DialTarget target = target_to(ada, Flow::reconnect, ours);
    target.early = other;
    EXPECT_TRUE(dial(ada, std::move(target)).ended);
  }
  DialTarget target = target_to(ada, Flow::reconnect, ours);
  target.early = encode(RelationMessage{shared[0], 1, as_bytes("early")});
  const EngineLab::Stranger& visitor = dial(ada, std::move(target));
  ASSERT_EQ(visitor.party->messages.size(), 1U);
  EXPECT_EQ(decode_no_relation(visitor.party->messages[0]), shared[0]);
  EXPECT_TRUE(ada.heard.empty());
}

TEST_F(EngineRelations, CountWhatCameEarlyAmongWhatIsUnderWay) {
  ada.takes = false;
  const RelationshipId ours = relate_by_hand().terms().id;
  DialTarget target = target_to(ada, Flow::reconnect, ours);
  target.early = encode(RelationMessage{ours, 0, as_bytes("early")});
  EngineLab::Stranger& visitor = dial(ada, std::move(target));
  for (std::uint64_t i = 1; i < 64; ++i) say(visitor, encode(RelationMessage{ours, i, {}}));
  EXPECT_EQ(ada.heard.size(), 64U);
  EXPECT_FALSE(visitor.is_over());
  say(visitor, encode(RelationMessage{ours, 64, {}}));
  EXPECT_EQ(ada.heard.size(), 64U);
  EXPECT_TRUE(visitor.ended);
}

TEST_F(EngineRelations, EndAtOnceForBoth) {
  ASSERT_TRUE(ada.tell(shared[0], "before"));
  lab.pass(1s);
  ASSERT_TRUE(ada.node.engine->end(shared[0], lab.now));
  EXPECT_EQ(ada.tell(shared[0], "after").error(), Errc::closed);
  // On its way when the end is said.
  ASSERT_TRUE(bob.tell(shared[0], "crossing"));
  lab.pass(1s);
  EXPECT_TRUE(ada.heard.empty());
  EXPECT_EQ(bob.heard, std::vector<std::string>{"before"});
  ASSERT_EQ(bob.ended.size(), 1U);
  EXPECT_FALSE(bob.ended[0].by_us);
  EXPECT_EQ(bob.lost, std::vector{Errc::closed});
  EXPECT_EQ(bob.tell(shared[0], "after").error(), Errc::closed);
  // The other one is as it was.
  ASSERT_TRUE(bob.tell(shared[1], "still"));
  lab.pass(1s);
  EXPECT_EQ(ada.heard, std::vector<std::string>{"still"});
}

TEST_F(EngineRelations, TellTheOtherNodeOfTheirEndWhenThereIsNoSession) {
  ASSERT_TRUE(bob.node.engine->end(shared[0], lab.now));
  lab.pass(1s);
  ASSERT_EQ(ada.ended.size(), 1U);
  EXPECT_EQ(ada.ended[0].statement, bob.ended[0].statement);
}

TEST_F(EngineRelations, LeaveNoSessionBehindWhenTheLastOneEnds) {
  ASSERT_TRUE(ada.tell(shared[0], "before"));
  lab.pass(1s);
  for (const RelationshipId& id : shared) ASSERT_TRUE(ada.node.engine->end(id, lab.now));
  lab.pass(2s);
  EXPECT_EQ(bob.ended.size(), 2U);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 0U);
}

TEST_F(EngineRelations, AreEndedByNobodyElse) {
  const RelationshipToken ours = relate_by_hand();
  EngineLab::Stranger& visitor = reconnect(ours.terms().id);
  say(visitor, encode(end_of(ours.terms().id, key(eve))));
  EXPECT_TRUE(visitor.ended);
  EXPECT_TRUE(ada.ended.empty());
}

TEST_F(EngineRelations, ReportMessagesLostWithTheirSession) {
  bob.takes = false;
  ASSERT_TRUE(ada.tell(shared[0], "hello"));
  lab.pass(1s);
  EXPECT_EQ(bob.heard.size(), 1U);
  EXPECT_TRUE(ada.taken.empty());
  bob.node.engine->leave(lab.now);
  lab.pass(5s);
  EXPECT_EQ(ada.lost.size(), 1U);
}

TEST_F(EngineRelations, LimitWhatIsUnderWay) {
  bob.takes = false;
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(ada.tell(shared[0], "hello"));
  EXPECT_EQ(ada.tell(shared[0], "hello").error(), Errc::would_block);
  lab.pass(1s);
  EXPECT_EQ(bob.heard.size(), 64U);
  bob.node.engine->take(shared[0], 1);
  lab.pass(1s);
  EXPECT_TRUE(ada.tell(shared[0], "hello"));
}

TEST_F(EngineRelations, FallBackToAConnectionMessageWhenTheListenerDoesNotReconnect) {
  Keeper shy{lab, lab.add(4, [](EngineConfig& config) {
               config.listener.accepted_flows = {Flow::hidden, Flow::connection};
             })};
  lab.pass(0s);
  const RelationshipId id = relate(ada, shy);
  ASSERT_TRUE(ada.tell(id, "hello"));
  lab.pass(5s);
  EXPECT_EQ(shy.heard, std::vector<std::string>{"hello"});
}

TEST_F(EngineRelations, FallBackToThePinnedHiddenFlowWhenTheListenerAnswersNothingElse) {
  Keeper shy{lab, lab.add(4, [](EngineConfig& config) {
               config.listener = {.accepted_flows = {Flow::hidden}};
             })};
  lab.pass(0s);
  const RelationshipId id = relate(ada, shy);
  ASSERT_TRUE(ada.tell(id, "hello"));
  lab.pass(5s);
  EXPECT_EQ(shy.heard, std::vector<std::string>{"hello"});
  EXPECT_EQ(ada.taken.size(), 1U);
  EXPECT_EQ(ada.node.dials, 3U);
}

TEST_F(EngineRelations, FallBackToNothingFromAHiddenFlowInWhichAnotherNodeAnswers) {
  const RelationshipId ours = relate_by_hand().terms().id;
  test::TestNode other{8, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  lab.listen(EngineLab::endpoint_of(7), other);
  ASSERT_TRUE(ada.tell(ours, "hello"));
  lab.pass(10min);
  std::string letters;
  for (const EngineLab::Stranger* visitor : lab.visitors) {
    ASSERT_GT(visitor->heard.size(), 2U);
    letters.push_back(static_cast<char>(visitor->heard[2]));
    EXPECT_FALSE(visitor->party->opened());
  }
  ASSERT_EQ(letters, "NCH");
  // It learns nothing of who dialed: the key exchange and a `nope`.
  EXPECT_EQ(lab.visitors.back()->heard.size(), 35U + 4U);
  EXPECT_EQ(ada.unreachable, std::vector{Errc::wrong_key});
  EXPECT_EQ(ada.lost, std::vector{Errc::wrong_key});
  EXPECT_TRUE(ada.reached.empty());
}

}  // namespace
}  // namespace kith::overlay
