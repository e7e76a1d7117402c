// Whether those who run a coordinator let others use their subjects.

#include <chrono>

#include <gtest/gtest.h>

#include "tests/overlay/coordinator/desk.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using CoordinatorPolicyTest = AtADesk;

TEST_F(CoordinatorPolicyTest, HoldsNothingThatItsPolicyDoesNotAllow) {
  desk.neighbours.join(bob.id());
  for (const Verdict verdict : {Verdict::no, Verdict::defer}) {
    desk.policy = verdict;
    EXPECT_EQ(desk.declare(receives(ada)).verdict, DeclareVerdict::not_authorized);
  }
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
  EXPECT_TRUE(desk.take_sent().empty());
  EXPECT_TRUE(desk.take_pushed().empty());
}

TEST_F(CoordinatorPolicyTest, IsAskedAboutTheIntentAndItsSubject) {
  const PeerIntent sender = sends(ada);
  desk.declare(sender);
  ASSERT_EQ(desk.asked.size(), 1U);
  EXPECT_EQ(desk.asked[0].intent.token, sender.intent.token);
  EXPECT_EQ(desk.asked[0].intent.subject(), subject);
}

TEST_F(CoordinatorPolicyTest, IsAskedAgainWhenAnIntentIsRenewed) {
  const PeerIntent sender = sends(ada);
  desk.declare(sender);
  desk.declare(sender);
  EXPECT_EQ(desk.asked.size(), 1U) << "what is held already is not asked about";
  desk.policy = Verdict::no;
  const PeerIntent renewed = sends(ada, {.at = after(1s).wall});
  EXPECT_EQ(desk.declare(renewed).verdict, DeclareVerdict::not_authorized);
  EXPECT_EQ(desk.asked.size(), 2U);
}

TEST_F(CoordinatorPolicyTest, IsNotAskedAboutWhatIsForged) {
  PeerIntent forged = receives(ada);
  Bytes raw(forged.intent.token.raw().begin(), forged.intent.token.raw().end());
  raw.back() ^= 1;
  forged.intent = decode_intent_token(raw).value();
  EXPECT_EQ(desk.declare(forged).verdict, DeclareVerdict::invalid);
  EXPECT_TRUE(desk.asked.empty());
}

TEST_F(CoordinatorPolicyTest, MayAnswerLaterAndInAnyOrder) {
  desk.policy.reset();
  desk.submit(receives(ada));
  desk.submit(sends(bob));
  EXPECT_TRUE(desk.take_answers().empty());
  ASSERT_EQ(desk.asked.size(), 2U);

  desk.coordinator.on_verdict(desk.asked[1].question, Verdict::yes, desk.now);
  desk.coordinator.on_verdict(desk.asked[0].question, Verdict::yes, desk.now);
  const auto answers = desk.take_answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[0].matches.empty());
  EXPECT_EQ(answers[1].matches.size(), 1U);
  EXPECT_EQ(desk.coordinator.intents_held(), 2U);
}

TEST_F(CoordinatorPolicyTest, TakesTheNewestOfWhatItAllowed) {
  desk.policy.reset();
  const PeerIntent renewed = receives(ada, {.at = after(1s).wall});
  desk.submit(renewed);
  desk.submit(receives(ada));
  desk.take_answers();
  ASSERT_EQ(desk.asked.size(), 2U);
  desk.coordinator.on_verdict(desk.asked[0].question, Verdict::yes, desk.now);
  desk.coordinator.on_verdict(desk.asked[1].question, Verdict::yes, desk.now);
  const auto answers = desk.take_answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].verdict, DeclareVerdict::held);
  EXPECT_EQ(answers[1].verdict, DeclareVerdict::superseded);
}

TEST_F(CoordinatorPolicyTest, IsAskedAboutANewerIntentOnceItHasAnsweredAboutTheOlder) {
  desk.policy.reset();
  const PeerIntent renewed = receives(ada, {.at = after(1s).wall});
  desk.submit(receives(ada));
  desk.submit(renewed);
  auto answers = desk.take_answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].verdict, DeclareVerdict::superseded);
  EXPECT_EQ(answers[0].until, renewed.intent.token.issued_at());
  ASSERT_EQ(desk.asked.size(), 1U);

  desk.coordinator.on_verdict(desk.asked[0].question, Verdict::yes, desk.now);
  EXPECT_TRUE(desk.take_answers().empty());
  EXPECT_EQ(desk.coordinator.intents_held(), 0U);
  ASSERT_EQ(desk.asked.size(), 2U);
  EXPECT_EQ(desk.asked[1].intent.token, renewed.intent.token);
  desk.coordinator.on_verdict(desk.asked[1].question, Verdict::yes, desk.now);
  answers = desk.take_answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].verdict, DeclareVerdict::held);
}

TEST_F(CoordinatorPolicyTest, IsAskedAboutOthersWhileOneIdentityAsksForALot) {
  desk.policy.reset();
  for (int i = 0; i < 1024; ++i) {
    const PeerIntent peer = ada.peer_intent({.subject = random_fingerprint(random)});
    desk.submit(peer);
  }
  const auto answers = desk.take_answers();
  EXPECT_EQ(desk.asked.size(), 512U) << "half of the places";
  ASSERT_EQ(answers.size(), 512U);
  for (const DeclaredMessage& answer : answers) EXPECT_EQ(answer.verdict, DeclareVerdict::full);

  desk.submit(receives(bob));
  EXPECT_TRUE(desk.take_answers().empty());
  EXPECT_EQ(desk.asked.size(), 513U);
}

TEST_F(CoordinatorPolicyTest, IsAskedAboutOthersWhileOneNodeAsksForALot) {
  desk.policy.reset();
  for (int i = 0; i < 600; ++i) {
    Actor puppet(random, true);
    puppet.node_key = ada.node_key.clone();
    puppet.node = ada.node;
    desk.submit(receives(puppet));
  }
  desk.take_answers();
  EXPECT_EQ(desk.asked.size(), 512U);
  desk.submit(receives(bob));
  EXPECT_TRUE(desk.take_answers().empty());
  EXPECT_EQ(desk.asked.size(), 513U);
}

TEST_F(CoordinatorPolicyTest, IsAskedAboutOthersWhileOnePeerBringsALot) {
  desk.policy.reset();
  const Fingerprint neighbour = random_fingerprint(random);
  for (int i = 0; i < 600; ++i) desk.submit(receives(Actor(random)), neighbour);
  const auto answers = desk.take_answers();
  EXPECT_EQ(desk.asked.size(), 512U) << "half of the places";
  ASSERT_EQ(answers.size(), 600U - 512U);
  for (const DeclaredMessage& answer : answers) EXPECT_EQ(answer.verdict, DeclareVerdict::full);

  desk.submit(receives(bob), random_fingerprint(random));
  EXPECT_TRUE(desk.take_answers().empty());
  EXPECT_EQ(desk.asked.size(), 513U);
}

TEST_F(CoordinatorPolicyTest, IsAskedAboutWhatAPeerBringsOnceItHasAnsweredAboutTheRest) {
  desk.policy.reset();
  const Fingerprint neighbour = random_fingerprint(random);
  for (int i = 0; i < 513; ++i) desk.submit(receives(Actor(random)), neighbour);
  ASSERT_EQ(desk.take_answers().size(), 1U);
  for (const Coordinator::Ask& ask : desk.asked)
    desk.coordinator.on_verdict(ask.question, Verdict::no, desk.now);
  desk.take_answers();
  desk.submit(receives(bob), neighbour);
  EXPECT_TRUE(desk.take_answers().empty());
  EXPECT_EQ(desk.asked.size(), 513U);
}

TEST_F(CoordinatorPolicyTest, IsNotBelievedTwice) {
  desk.policy.reset();
  desk.submit(receives(ada));
  desk.take_answers();
  desk.coordinator.on_verdict(desk.asked.at(0).question, Verdict::no, desk.now);
  desk.coordinator.on_verdict(desk.asked.at(0).question, Verdict::yes, desk.now);
  EXPECT_EQ(desk.take_answers().size(), 1U);
  EXPECT_EQ(desk.coordinator.intents_held(), 0U);
}

TEST_F(CoordinatorPolicyTest, KeepsOnlySoManyQuestionsOpen) {
  CoordinatorConfig config;
  config.questions_max = 2;
  Desk busy(random, config);
  busy.policy.reset();
  for (int i = 0; i < 3; ++i) {
    busy.submit(receives(Actor(random)));
  }
  const auto answers = busy.take_answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].verdict, DeclareVerdict::full);

  // Nobody waits any more for the answers to those that are old.
  busy.wait(config.question_life);
  busy.submit(receives(ada));
  EXPECT_TRUE(busy.take_answers().empty());
  ASSERT_EQ(busy.asked.size(), 3U);
  busy.coordinator.on_verdict(busy.asked[0].question, Verdict::yes, busy.now);
  EXPECT_TRUE(busy.take_answers().empty());
  busy.coordinator.on_verdict(busy.asked[2].question, Verdict::yes, busy.now);
  EXPECT_EQ(busy.take_answers().size(), 1U);
}

}  // namespace
}  // namespace kith::overlay::test
