#include "overlay/coordinator/coordinator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/coordinator/desk.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using testing::ElementsAre;
using testing::IsEmpty;
using CoordinatorTest = AtADesk;

TEST_F(CoordinatorTest, AnswersADeclareWithItsHoldersAndUntilWhen) {
  const PeerIntent peer = receives(ada);
  const DeclaredMessage answer = desk.declare(peer);
  EXPECT_EQ(answer.verdict, DeclareVerdict::held);
  EXPECT_EQ(answer.until, peer.intent.token.expires_at());
  EXPECT_THAT(answer.holders, ElementsAre(desk.self.id()));
  EXPECT_THAT(answer.matches, IsEmpty());
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
  EXPECT_EQ(desk.coordinator.subjects_coordinated(), 1U);
}

TEST_F(CoordinatorTest, HoldsNoLongerThanTheNodeTokenLives) {
  PeerIntent peer = receives(ada);
  peer.node = ada.node_token(kStart.wall, 1min);
  EXPECT_EQ(desk.declare(peer).until, after(1min).wall);
}

TEST_F(CoordinatorTest, TellsTheSecondOfAPairInItsAnswerAndTheFirstAtOnce) {
  desk.declare(receives(ada));
  const PeerIntent sender = sends(bob);
  const DeclaredMessage answer = desk.declare(sender);
  ASSERT_EQ(answer.matches.size(), 1U);
  EXPECT_EQ(key_of(answer.matches[0].intent), key_of(receives(ada).intent));
  const auto pushed = desk.take_pushed();
  EXPECT_THAT(told_to(pushed, ada.id()), ElementsAre(key_of(sender.intent)));
  EXPECT_EQ(pushed.size(), 1U);
}

TEST_F(CoordinatorTest, TellsNobodyOfAnIntentThatItIsNotFor) {
  desk.declare(receives(ada, {.audience = cyd.identity}));
  EXPECT_THAT(desk.declare(sends(bob)).matches, IsEmpty());
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
  EXPECT_EQ(desk.declare(sends(cyd)).matches.size(), 1U);
}

TEST_F(CoordinatorTest, LeavesPairsOfOneNodeToIt) {
  desk.declare(receives(ada));
  EXPECT_THAT(desk.declare(sends(ada)).matches, IsEmpty());
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
}

TEST_F(CoordinatorTest, PushesToAClientThroughItsRelays) {
  const Relays relays{bob.id(), desk.self.id()};
  desk.declare(cyd.peer_intent({.subject = subject}, relays));
  desk.declare(sends(bob));
  const auto pushed = desk.take_pushed();
  ASSERT_EQ(pushed.size(), 1U);
  EXPECT_EQ(pushed[0].to, cyd.id());
  EXPECT_EQ(pushed[0].relays, relays);
}

TEST_F(CoordinatorTest, AnswersARepeatedDeclareAlikeAndTellsNobodyAgain) {
  const PeerIntent sender = sends(bob);
  desk.declare(receives(ada));
  desk.declare(sender);
  desk.take_pushed();
  const DeclaredMessage again = desk.declare(sender);
  EXPECT_EQ(again.verdict, DeclareVerdict::held);
  EXPECT_EQ(again.matches.size(), 1U);
  desk.wait(10s);
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
}

TEST_F(CoordinatorTest, SendsNoMatchesToWhoKnowsThem) {
  desk.declare(receives(ada));
  const PeerIntent sender = sends(bob);
  const std::uint64_t known = digest_of(key_of(receives(ada).intent));
  EXPECT_THAT(desk.declare(sender, known).matches, IsEmpty());
  EXPECT_EQ(desk.declare(sender, known + 1).matches.size(), 1U);
}

TEST_F(CoordinatorTest, TellsMatchesOfARenewalLater) {
  desk.declare(receives(ada));
  desk.declare(sends(bob));
  desk.take_pushed();
  desk.wait(1min);
  const PeerIntent renewed = sends(bob, {.at = desk.now.wall});
  const DeclaredMessage answer = desk.declare(renewed);
  EXPECT_EQ(answer.until, renewed.intent.token.expires_at());
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
  desk.wait(5s);
  const auto pushed = desk.take_pushed();
  ASSERT_EQ(pushed.size(), 1U);
  EXPECT_EQ(pushed[0].to, ada.id());
  EXPECT_EQ(pushed[0].intents[0].intent.token, renewed.intent.token);
  EXPECT_EQ(desk.coordinator.intents_held(), 1U + 1U);
}

TEST_F(CoordinatorTest, ARenewalForOthersIsAnotherIntent) {
  desk.declare(receives(ada, {.audience = cyd.identity}));
  desk.declare(sends(bob));
  desk.wait(1min);
  desk.take_pushed();
  EXPECT_EQ(desk.declare(receives(ada, {.at = desk.now.wall})).matches.size(), 1U);
  EXPECT_THAT(told_to(desk.take_pushed(), bob.id()), ElementsAre(key_of(receives(ada).intent)));
}

TEST_F(CoordinatorTest, RefusesAnOlderIntentAndSaysWhatIsHeld) {
  desk.declare(receives(ada, {.at = after(1min).wall}));
  const DeclaredMessage answer = desk.declare(receives(ada));
  EXPECT_EQ(answer.verdict, DeclareVerdict::superseded);
  EXPECT_EQ(answer.until, after(1min).wall);
}

TEST_F(CoordinatorTest, TellsMatchesThatANodeMoved) {
  desk.declare(sends(bob));
  const PeerIntent client = cyd.peer_intent({.subject = subject}, {ada.id()});
  desk.declare(client);
  desk.take_pushed();
  PeerIntent moved = client;
  moved.attachment =
      sign_attachment(cyd.identity, after(1s).wall, {{bob.id()}}, cyd.node_key, signatures());
  EXPECT_EQ(desk.declare(moved).verdict, DeclareVerdict::held);
  desk.wait(5s);
  const auto pushed = desk.take_pushed();
  ASSERT_EQ(pushed.size(), 1U);
  EXPECT_EQ(pushed[0].intents[0].attachment, moved.attachment);
}

TEST_F(CoordinatorTest, AnOlderAttachmentDoesNotBringOldRelaysBack) {
  PeerIntent now = cyd.peer_intent({.subject = subject}, {ada.id()});
  PeerIntent before = now;
  before.attachment =
      sign_attachment(cyd.identity, after(-1s).wall, {{bob.id()}}, cyd.node_key, signatures());
  desk.declare(now);
  EXPECT_EQ(desk.declare(before).verdict, DeclareVerdict::held);
  EXPECT_EQ(desk.declare(sends(bob)).matches.at(0).attachment, now.attachment);

  PeerIntent renewed = cyd.peer_intent({.subject = subject, .at = after(1s).wall});
  renewed.attachment = before.attachment;
  EXPECT_EQ(desk.declare(renewed).verdict, DeclareVerdict::held);
  const PeerIntent match = desk.declare(sends(bob, {.at = after(1s).wall})).matches.at(0);
  EXPECT_EQ(match.intent.token, renewed.intent.token);
  EXPECT_EQ(match.attachment, now.attachment);
}

TEST_F(CoordinatorTest, TellsMatchesOfAWithdrawalAtOnce) {
  desk.declare(receives(ada));
  const PeerIntent sender = sends(bob);
  desk.declare(sender);
  desk.take_pushed();
  EXPECT_EQ(desk.withdraw(bob.withdrawal(sender.intent)).verdict, DeclareVerdict::withdrawn);
  EXPECT_THAT(ended_to(desk.take_pushed(), ada.id()), ElementsAre(key_of(sender.intent)));
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
}

TEST_F(CoordinatorTest, DoesNotTakeBackWhatWasWithdrawn) {
  const PeerIntent sender = sends(bob);
  desk.declare(sender);
  desk.withdraw(bob.withdrawal(sender.intent));
  EXPECT_EQ(desk.declare(sender).verdict, DeclareVerdict::superseded);
  desk.replicate(ada.id(), sender);
  EXPECT_EQ(desk.coordinator.intents_held(), 0U);
  EXPECT_EQ(desk.declare(sends(bob, {.at = after(1s).wall})).verdict, DeclareVerdict::held);
}

TEST_F(CoordinatorTest, AWithdrawalThatOvertakesItsDeclareCounts) {
  const PeerIntent sender = sends(bob);
  EXPECT_EQ(desk.withdraw(bob.withdrawal(sender.intent)).verdict, DeclareVerdict::withdrawn);
  EXPECT_EQ(desk.declare(sender).verdict, DeclareVerdict::superseded);
}

TEST_F(CoordinatorTest, AWithdrawalDoesNotEndWhatWasRenewedSince) {
  const PeerIntent old = sends(bob);
  const PeerIntent renewed = sends(bob, {.at = after(1s).wall});
  desk.declare(old);
  desk.declare(renewed);
  EXPECT_EQ(desk.withdraw(bob.withdrawal(old.intent)).verdict, DeclareVerdict::withdrawn);
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
}

TEST_F(CoordinatorTest, ForgetsAnIntentWhenItsTimeIsOverAndTellsItsMatches) {
  const PeerIntent sender = sends(bob, {.life = 1min});
  desk.declare(receives(ada, {.life = 1h}));
  desk.declare(sender);
  desk.take_pushed();
  desk.wait(1min + kClockSkewMax - 1s);
  EXPECT_EQ(desk.coordinator.intents_held(), 2U);
  desk.wait(1s);
  EXPECT_THAT(ended_to(desk.take_pushed(), ada.id()), ElementsAre(key_of(sender.intent)));
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
  desk.wait(1min);
  EXPECT_EQ(desk.coordinator.store().records(), 1U);
}

TEST_F(CoordinatorTest, ForgetsAWithdrawalWhenNothingIsLeftToWithdraw) {
  const PeerIntent sender = sends(bob);
  desk.declare(sender);
  desk.withdraw(bob.withdrawal(sender.intent));
  desk.wait(10min + kClockSkewMax);
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
  EXPECT_EQ(desk.coordinator.next_deadline(), std::nullopt);
}

TEST_F(CoordinatorTest, ExpiresByItsTimerWhateverBecomesOfTheDate) {
  desk.declare(receives(ada, {.life = 1min}));
  desk.now.wall += 24h * 3650;
  desk.wait(1min);
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
  desk.wait(kClockSkewMax);
  EXPECT_EQ(desk.coordinator.intents_held(), 0U);
}

TEST_F(CoordinatorTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(desk.declare_bytes(as_bytes("hello")).verdict, DeclareVerdict::invalid);
  EXPECT_EQ(desk.coordinator.counters().malformed, 1U);
}

TEST_F(CoordinatorTest, RefusesWhatIsForged) {
  PeerIntent forged = receives(ada);
  forged.node = bob.node_token();
  EXPECT_EQ(desk.declare(forged).verdict, DeclareVerdict::invalid);

  Actor liar(random);
  liar.identity_key.public_key = ada.identity_key.public_key;
  liar.node = ada.node;
  forged = receives(ada);
  Bytes raw(forged.intent.token.raw().begin(), forged.intent.token.raw().end());
  raw.back() ^= 1;
  forged.intent = decode_intent_token(raw).value();
  EXPECT_EQ(desk.declare(forged).verdict, DeclareVerdict::invalid);
  EXPECT_EQ(desk.coordinator.counters().forged, 1U);

  Withdrawal withdrawal = ada.withdrawal(receives(ada).intent);
  withdrawal.signature[0] ^= 1;
  EXPECT_EQ(desk.withdraw(withdrawal).verdict, DeclareVerdict::invalid);
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
}

TEST_F(CoordinatorTest, AForgedTwinOfAHeldIntentIsNotTakenForIt) {
  const PeerIntent good = receives(ada);
  desk.declare(good);
  Bytes raw(good.intent.token.raw().begin(), good.intent.token.raw().end());
  raw.back() ^= 1;
  PeerIntent twin = good;
  twin.intent = decode_intent_token(raw).value();
  EXPECT_EQ(desk.declare(twin).verdict, DeclareVerdict::superseded);
  EXPECT_EQ(desk.declare(sends(bob)).matches.at(0).intent.token, good.intent.token);
}

TEST_F(CoordinatorTest, RefusesSubjectsThatAreFarFromIt) {
  std::vector<Fingerprint> others;
  for (int i = 0; i < 64; ++i) {
    others.push_back(random_fingerprint(random));
    desk.neighbours.join(others.back());
  }
  // Next to itself the others are farther.
  std::array<Byte, 32> near = desk.self.id().bytes();
  near[31] ^= 1;
  subject = Fingerprint(near);
  EXPECT_EQ(desk.declare(receives(ada)).verdict, DeclareVerdict::held);
  near[0] ^= 0x80;
  subject = Fingerprint(near);
  EXPECT_EQ(desk.declare(receives(ada)).verdict, DeclareVerdict::elsewhere);
}

TEST_F(CoordinatorTest, CutsAHotSubjectIntoSteps) {
  std::vector<Actor> receivers;
  for (int i = 0; i < 600; ++i) {
    receivers.emplace_back(random);
    desk.declare(receives(receivers.back()));
  }
  const PeerIntent sender = sends(bob);
  EXPECT_EQ(desk.declare(sender).matches.size(), kIntentsPerMessageMax);
  std::vector<Pushed> pushed = desk.take_pushed();
  EXPECT_LE(pushed.size(), 256U);
  desk.wait(1s);
  for (Pushed& it : desk.take_pushed()) pushed.push_back(std::move(it));
  for (const Actor& receiver : receivers)
    EXPECT_THAT(told_to(pushed, receiver.id()), ElementsAre(key_of(sender.intent)));
  EXPECT_EQ(told_to(pushed, bob.id()).size(), 600U - kIntentsPerMessageMax);
  for (const Pushed& it : pushed) {
    EXPECT_LE(it.intents.size(), kIntentsPerMessageMax);
    EXPECT_LE(it.bytes, kCoordinatorMessageBytesMax);
  }
}

TEST_F(CoordinatorTest, SeveralRenewalsShareAMessage) {
  desk.declare(receives(ada));
  std::vector<Actor> senders;
  for (int i = 0; i < 20; ++i) {
    senders.emplace_back(random);
    desk.declare(sends(senders.back()));
  }
  desk.wait(1min);
  desk.take_pushed();
  for (const Actor& sender : senders)
    desk.declare(sends(sender, {.at = desk.now.wall}), digest_of(key_of(receives(ada).intent)));
  desk.wait(6s);
  const auto pushed = desk.take_pushed();
  EXPECT_EQ(pushed.size(), 2U);
  EXPECT_EQ(told_to(pushed, ada.id()).size(), 20U);
}

TEST_F(CoordinatorTest, KeepsItsLimits) {
  struct Case {
    const char* what;
    IntentLimits limits;
  };
  for (const Case& it :
       {Case{"total", {.total = 3}}, Case{"per subject", {.per_subject = 3}},
        Case{"per identity", {.per_identity = 2}}, Case{"per node", {.per_node = 2}}}) {
    CoordinatorConfig config;
    config.limits = it.limits;
    Desk limited(random, config);
    EXPECT_EQ(limited.declare(receives(bob)).verdict, DeclareVerdict::held) << it.what;
    EXPECT_EQ(limited.declare(receives(ada)).verdict, DeclareVerdict::held) << it.what;
    EXPECT_EQ(limited.declare(sends(ada)).verdict, DeclareVerdict::held) << it.what;
    const PeerIntent more = ada.peer_intent({.subject = subject, .role = IntentRole::both});
    EXPECT_EQ(limited.declare(more).verdict, DeclareVerdict::full) << it.what;
    EXPECT_EQ(limited.coordinator.intents_held(), 3U) << it.what;
    // What is held may still be renewed, and replaced by its end.
    const PeerIntent renewed = receives(ada, {.at = after(1s).wall});
    EXPECT_EQ(limited.declare(renewed).verdict, DeclareVerdict::held) << it.what;
    EXPECT_EQ(limited.withdraw(ada.withdrawal(renewed.intent)).verdict, DeclareVerdict::withdrawn);
    EXPECT_EQ(limited.coordinator.intents_held(), 2U) << it.what;
  }
}

/// Ends what was never declared, at a node that never heard of it.
Withdrawal of_nothing(Random& random, const Fingerprint& node, const Fingerprint& subject) {
  Actor stranger(random);
  stranger.node = node;
  return stranger.withdrawal(stranger.intent({.subject = subject, .life = 24h}));
}

TEST_F(CoordinatorTest, WithdrawalsOfNothingTakeNoRoomFromIntents) {
  CoordinatorConfig config;
  config.limits = {.total = 2, .per_subject = 2, .per_identity = 2, .per_node = 2};
  Desk limited(random, config);
  for (int i = 0; i < 8; ++i) limited.withdraw(of_nothing(random, ada.id(), subject));
  EXPECT_EQ(limited.declare(receives(ada)).verdict, DeclareVerdict::held);
  EXPECT_EQ(limited.declare(sends(ada)).verdict, DeclareVerdict::held);
  EXPECT_EQ(limited.declare(receives(bob)).verdict, DeclareVerdict::full);
}

TEST_F(CoordinatorTest, RemembersAWithdrawalOfNothingForAShortTime) {
  const PeerIntent peer = receives(ada, {.life = 24h});
  desk.withdraw(ada.withdrawal(peer.intent));
  EXPECT_EQ(desk.declare(peer).verdict, DeclareVerdict::superseded);
  desk.wait(61s);
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
}

}  // namespace
}  // namespace kith::overlay::test
