// The sessions of engines that share relationships: how many there are, and when they end.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "tests/overlay/relations/engine_relations.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;

struct EngineContacts : test::EngineRelations {
  static void expect_closed(const EngineLab::Stranger& visitor, CloseReason reason) {
    ASSERT_TRUE(visitor.party->closed);
    EXPECT_EQ(visitor.party->closed->reason, reason);
  }
};

TEST_F(EngineContacts, AreDroppedIfTheyReadNothingThoughTheyIntroduceThemselves) {
  const RelationshipToken ours[] = {relate_by_hand(), relate_by_hand()};
  EngineLab::Stranger& visitor = reconnect(ours[0].terms().id);
  visitor.reads = false;
  // As much as is kept for a session.
  const std::string text(kRelationPayloadBytesMax, 'x');
  for (const RelationshipToken& it : ours)
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(ada.tell(it.terms().id, text));
  lab.pass(1s);
  ASSERT_FALSE(visitor.is_over());
  say(visitor, encode_introduce(hand.local.token));
  EXPECT_TRUE(visitor.lost);
  EXPECT_EQ(ada.lost, std::vector(128, Errc::timed_out));
}

TEST_F(EngineContacts, R37_TakeNoTokenThatIsNotForThem) {
  const RelationshipToken ours = relate_by_hand();
  for (const bool is_for_us : {true, false}) {
    EngineLab::Stranger& visitor = reconnect(ours.terms().id);
    ASSERT_FALSE(visitor.is_over());
    NodeTokenParams params = hand.token_params();
    params.audience = is_for_us ? ada.node.engine->id() : Fingerprint({7});
    hand.issue(params);
    say(visitor, encode_introduce(hand.local.token));
    EXPECT_EQ(visitor.is_over(), !is_for_us);
  }
}

TEST_F(EngineContacts, HaveFourSessionsAtMost) {
  const RelationshipToken ours = relate_by_hand();
  std::vector<EngineLab::Stranger*> visitors;
  for (int i = 0; i < 6; ++i) {
    visitors.push_back(&reconnect(ours.terms().id));
    // A quiet one would go by itself.
    for (EngineLab::Stranger* visitor : visitors) {
      if (visitor->is_over()) continue;
      visitor->party->session.ping(1);
      lab.say(*visitor);
    }
  }
  lab.pass(100ms);
  for (std::size_t i = 0; i < visitors.size(); ++i) EXPECT_EQ(visitors[i]->is_over(), i < 2) << i;
  expect_closed(*visitors[0], CloseReason::duplicate);
}

TEST_F(EngineContacts, HearOfAnEndWhenTheyComeForWhatIsOver) {
  const RelationshipToken ours = relate_by_hand();
  const RelationshipId& id = ours.terms().id;
  ASSERT_TRUE(ada.node.engine->end(id, lab.now));
  // Nobody is there to be told.
  lab.pass(1min);
  const EngineLab::Stranger& visitor =
      dial(ada, Flow::connection, id, encode(RelationMessage{id, 1, {}}));
  ASSERT_EQ(visitor.party->messages.size(), 1U);
  EXPECT_EQ(decode_relation_end(visitor.party->messages[0]), ada.ended[0].statement);
  expect_closed(visitor, CloseReason::done);
  EXPECT_TRUE(ada.heard.empty());
}

TEST_F(EngineContacts, HearOfAnEndThatWasKept) {
  const RelationshipToken ours = relate_by_hand();
  const RelationshipId& id = ours.terms().id;
  const RelationEnd kept = end_of(id, key(ada));
  ASSERT_TRUE(ada.node.engine->add_relation_end(kept));
  // Whether they did when it was said was not.
  for (int i = 0; i < 2; ++i) {
    const EngineLab::Stranger& visitor = dial(ada, Flow::connection, id);
    ASSERT_EQ(visitor.party->messages.size(), 1U);
    EXPECT_EQ(decode_relation_end(visitor.party->messages[0]), kept);
    expect_closed(visitor, CloseReason::done);
  }
}

TEST_F(EngineContacts, HearOfAnEndOnceTheyHaveJoined) {
  const RelationshipToken ours = relate_by_hand();
  const RelationEnd kept = end_of(ours.terms().id, key(ada));
  ASSERT_TRUE(ada.node.engine->add_relation_end(kept));
  const EngineLab::Stranger& visitor =
      dial(ada, Flow::connection, {}, encode(JoinMessage{.entering = true}));
  ASSERT_EQ(ada.node.joined.size(), 1U);
  const auto ends = std::ranges::count_if(visitor.party->messages, [&](const Bytes& message) {
    return decode_relation_end(message) == kept;
  });
  EXPECT_EQ(ends, 1);
  EXPECT_FALSE(visitor.is_over());
}

TEST_F(EngineContacts, AreKnownToAPrivateListenerAsLongAsTheyShareSomething) {
  Keeper shy{lab, lab.add(4, [](EngineConfig& config) { config.listener = kPrivateListener; })};
  shy.node.verdict = Verdict::no;
  const RelationshipId id = relate_by_hand(shy).terms().id;
  EXPECT_TRUE(dial(shy, Flow::connection, {}).party->opened());
  ASSERT_TRUE(shy.node.engine->end(id, lab.now));
  lab.pass(1s);
  const EngineLab::Stranger& visitor = dial(shy, Flow::connection, {});
  EXPECT_FALSE(visitor.party->opened());
  EXPECT_EQ(as_text(visitor.heard), "nope");
  // Whoever comes for what has ended is told so.
  EXPECT_TRUE(dial(shy, Flow::connection, id).party->opened());
}

TEST_F(EngineContacts, HearOfEveryEndAsOftenAsTheyComeByFlowHAndSayNothing) {
  const RelationEnd ends[] = {end_of(relate_by_hand().terms().id, key(ada)),
                              end_of(relate_by_hand().terms().id, hand.node_key)};
  for (const RelationEnd& end : ends) ASSERT_TRUE(ada.node.engine->add_relation_end(end));
  // What was said the first time may not have arrived.
  for (int i = 0; i < 2; ++i) {
    const EngineLab::Stranger& visitor = dial(ada, Flow::hidden, {});
    ASSERT_TRUE(visitor.party->opened());
    lab.pass(15s);
    EXPECT_EQ(visitor.party->messages.size(), 2U);
    for (const RelationEnd& end : ends)
      EXPECT_EQ(std::ranges::count(visitor.party->messages, encode(end)), 1);
    expect_closed(visitor, CloseReason::done);
  }
}

/// Somebody who ended what is shared with `ada`, whom nobody reaches but by flow `H`.
struct EngineContactsByFlowH : EngineContacts {
  EngineContactsByFlowH() : id(relate(ada, shy)) {
    EXPECT_TRUE(shy.node.engine->add_relation_end(end_of(id, key(shy))));
  }

  Keeper shy{lab, lab.add(4, [](EngineConfig& config) {
               config.listener.accepted_flows = {Flow::hidden};
             })};
  RelationshipId id;
};

TEST_F(EngineContactsByFlowH, HearOfAnEndWhenTheySayAnything) {
  ASSERT_TRUE(ada.tell(id, "hello"));
  lab.pass(5s);
  ASSERT_EQ(ada.ended.size(), 1U);
  EXPECT_FALSE(ada.ended[0].by_us);
  EXPECT_EQ(ada.lost, std::vector{Errc::closed});
  EXPECT_TRUE(shy.heard.empty());
  EXPECT_EQ(lab.wires_between(ada.node, shy.node), 0U);
  EXPECT_EQ(ada.tell(id, "hello?").error(), Errc::closed);
}

TEST_F(EngineContactsByFlowH, HearOfAnEndWhenTheySayNothing) {
  ASSERT_TRUE(ada.node.engine->connect(id, lab.now));
  lab.pass(15s);
  EXPECT_EQ(ada.ended.size(), 1U);
  EXPECT_EQ(lab.wires_between(ada.node, shy.node), 0U);
}

TEST_F(EngineContacts, LeaveNoneOfTwoSessionsBehindWhenTheLastRelationshipEnds) {
  // Both dial at once.
  ASSERT_TRUE(ada.tell(shared[0], "from ada"));
  ASSERT_TRUE(bob.tell(shared[0], "from bob"));
  lab.pass(1s);
  ASSERT_EQ(lab.wires_between(ada.node, bob.node), 2U);
  for (const RelationshipId& id : shared) ASSERT_TRUE(ada.node.engine->end(id, lab.now));
  lab.pass(2s);
  EXPECT_EQ(bob.ended.size(), 2U);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 0U);
}

TEST_F(EngineContacts, R77_KeepOneOfTheSessionsThatBothDialedAtOnce) {
  const RelationshipId ours[] = {relate(ada, bob, 24h), relate(ada, bob, 24h)};
  SeededRandom chance(7);
  lab.next_latency = [&chance] { return Duration(2'000 + chance.below(60'000)); };
  constexpr std::size_t kRuns = 200;
  std::size_t dials = 0;
  for (std::size_t run = 1; run <= kRuns; ++run) {
    Keeper& first = chance.below(2) == 0 ? ada : bob;
    Keeper& second = &first == &ada ? bob : ada;
    const std::string text = std::to_string(run);
    ASSERT_TRUE(first.tell(ours[0], text));
    // Before it can have heard of the other's dial.
    lab.pass(Duration(chance.below(4'000)));
    ASSERT_TRUE(second.tell(ours[1], text));
    lab.pass(5s);
    ASSERT_EQ(lab.wires_between(ada.node, bob.node), 1U) << run;
    ASSERT_TRUE(ada.tell(ours[1], text + "!"));
    ASSERT_TRUE(bob.tell(ours[0], text + "!"));
    lab.pass(1s);
    for (const Keeper* keeper : {&ada, &bob}) {
      ASSERT_EQ(keeper->heard, (std::vector{text, text + "!"})) << run;
      ASSERT_EQ(keeper->taken.size(), 2 * run);
      ASSERT_TRUE(keeper->lost.empty());
    }
    ada.heard.clear();
    bob.heard.clear();
    dials = ada.node.dials + bob.node.dials;
    // Until it has been idle for too long.
    lab.pass(70s);
    ASSERT_EQ(lab.wires_between(ada.node, bob.node), 0U);
  }
  EXPECT_EQ(dials, 2 * kRuns);
}

TEST_F(EngineContacts, R77_KeepBothSessionsAsLongAsAnythingIsUnderWayOnThem) {
  ada.takes = false;
  bob.takes = false;
  ASSERT_TRUE(ada.tell(shared[0], "from ada"));
  ASSERT_TRUE(bob.tell(shared[0], "from bob"));
  lab.pass(10s);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 2U);
  for (const Keeper* keeper : {&ada, &bob}) keeper->node.engine->take(shared[0], 1);
  lab.pass(5s);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 1U);
  EXPECT_EQ(ada.taken.size() + bob.taken.size(), 2U);
  EXPECT_TRUE(ada.lost.empty() && bob.lost.empty());
}

TEST_F(EngineContacts, HaveANewSessionBeforeTheOldOneIsTooOld) {
  const RelationshipId id = relate(ada, bob, 48h);
  std::size_t told = 0;
  for (const TimePoint end = lab.now.time + 25h; lab.now.time < end; ++told) {
    ASSERT_TRUE(ada.tell(id, "hello"));
    lab.pass(20s);
    ASSERT_GE(lab.wires_between(ada.node, bob.node), 1U);
  }
  EXPECT_EQ(bob.heard.size(), told);
  EXPECT_EQ(ada.taken.size(), told);
  EXPECT_TRUE(ada.lost.empty());
  EXPECT_EQ(ada.node.dials, 2U);
  EXPECT_EQ(bob.node.dials, 0U);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 1U);
}

TEST_F(EngineContacts, KeepTheirSessionIfAnotherOneIsNotToBeHad) {
  const RelationshipId ours = relate(ada, bob, 48h);
  ASSERT_TRUE(ada.tell(ours, "hello"));
  for (int i = 0; i < 24 * 60 * 3 - 60; ++i) {
    lab.pass(20s);
    // Nobody listens there any more.
    if (i == 0) bob.node.endpoint = EngineLab::endpoint_of(99);
    ASSERT_TRUE(ada.tell(ours, "hello"));
  }
  EXPECT_GT(ada.node.dials, 2U);
  EXPECT_EQ(lab.wires_between(ada.node, bob.node), 1U);
  EXPECT_TRUE(ada.unreachable.empty());
  EXPECT_TRUE(ada.lost.empty());
}

TEST_F(EngineContacts, AreKnownByHowFarTheLastDialCame) {
  const auto expect_last = [&](Flow flow, JoinStep step) {
    const DialProgress progress{flow, bob.node.endpoint, step};
    for (const RelationshipId& id : shared) EXPECT_EQ(ada.node.engine->last_dial(id), progress);
  };
  // It takes the connection, and all that it may say comes too late.
  lab.next_latency = [] { return 6s; };
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  lab.pass(1s);
  expect_last(Flow::reconnect, JoinStep::connecting);
  lab.pass(6s);
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  expect_last(Flow::reconnect, JoinStep::handshake);
  lab.pass(1min);
  EXPECT_EQ(ada.unreachable, std::vector(2, Errc::timed_out));
  expect_last(Flow::hidden, JoinStep::handshake);

  lab.next_latency = [] { return EngineLab::kLatency; };
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  lab.pass(1s);
  expect_last(Flow::reconnect, JoinStep::joining);
  ASSERT_TRUE(ada.node.engine->connect(shared[0], lab.now));
  EXPECT_FALSE(ada.node.engine->last_dial(shared[0])) << "there was a session";
}

TEST_F(EngineContacts, PartWhenTheLastRelationshipIsOverByItsDate) {
  const RelationshipToken ours = relate_by_hand(1min);
  const TimePoint over = lab.now.time + 1min + kClockSkewMax;
  EngineLab::Stranger& visitor = reconnect(ours.terms().id);
  std::uint64_t number = 0;
  while (!visitor.is_over() && lab.now.time < over + 1min) {
    say(visitor, encode(RelationMessage{ours.terms().id, ++number, {}}));
    lab.pass(9s);
  }
  expect_closed(visitor, CloseReason::done);
  EXPECT_GE(lab.now.time, over);
  EXPECT_LE(lab.now.time, over + 10s);
  EXPECT_EQ(ada.heard.size(), number);
}

TEST_F(EngineContacts, GoOnWhereTheirOverlayDoesNotTakeThem) {
  bob.node.verdict = Verdict::no;
  bob.takes = false;
  ada.node.engine->join({bob.node.endpoint, bob.node.engine->id()}, lab.now);
  lab.pass(1s);
  ASSERT_EQ(ada.node.join_failures.size(), 1U);
  EXPECT_EQ(ada.node.join_failures[0].why, Errc::refused);
  EXPECT_EQ(ada.node.join_failures[0].step, JoinStep::joining);
  ASSERT_TRUE(ada.tell(shared[0], "hello"));
  lab.pass(20s);
  EXPECT_EQ(bob.heard, std::vector<std::string>{"hello"});
  EXPECT_TRUE(ada.lost.empty());
  EXPECT_EQ(ada.node.dials, 1U);
  // That the session ends some time is no news to whoever wanted to join.
  bob.node.engine->leave(lab.now);
  lab.pass(5s);
  EXPECT_EQ(ada.lost.size(), 1U);
  EXPECT_EQ(ada.node.join_failures.size(), 1U);
}

TEST_F(EngineContacts, PayForTheSignaturesOfWhatTheyEnd) {
  Keeper poor{lab, lab.add(4, [](EngineConfig& config) {
                config.checks_at_once = 5;
                config.checks_per_second = 1;
              })};
  std::vector<RelationshipId> ours;
  for (int i = 0; i < 10; ++i) ours.push_back(relate_by_hand(poor).terms().id);
  EngineLab::Stranger& visitor =
      dial(poor, Flow::connection, {}, encode(JoinMessage{.entering = true}));
  ASSERT_EQ(poor.node.joined.size(), 1U);
  const auto known = [&] {
    const ByteView token = poor.node.engine->token_of(hand.local.id);
    return Bytes(token.begin(), token.end());
  };
  const Bytes before = known();
  NodeTokenParams params = hand.token_params();
  params.issued_at = lab.now.wall;
  hand.issue(params);
  ASSERT_NE(before, hand.local.token);

  for (const RelationshipId& id : ours)
    ASSERT_TRUE(visitor.party->session.send({encode(end_of(id, hand.node_key))}));
  say(visitor, encode_update(hand.local.token));
  EXPECT_EQ(poor.ended.size(), 10U);
  EXPECT_EQ(known(), before);
  lab.pass(20s);
  say(visitor, encode_update(hand.local.token));
  EXPECT_EQ(known(), hand.local.token);
}

}  // namespace
}  // namespace kith::overlay
