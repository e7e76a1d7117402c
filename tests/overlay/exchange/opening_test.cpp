#include <gtest/gtest.h>
#include <chrono>

#include "tests/overlay/exchange/world.hpp"
#include "tokens/issue.hpp"

/// How channels come to be, and how they end.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

/// A sender (node 0) and a receiver (node 1) that were matched and have a session.
struct Opening : testing::Test {
  SeededRandom random{1};
  World world{random, 2};
  PublisherId publisher = world.advertise(0);
  SubscriptionId subscription = world.subscribe(1);

  TestNode& sender() { return world.node(0); }
  TestNode& receiver() { return world.node(1); }
  void meet() {
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
    world.run();
  }
};

TEST_F(Opening, MakesTheReceiverDial) {
  world.match(0, publisher, 1, subscription);
  EXPECT_EQ(sender().count<NeedSession>(), 0U);
  ASSERT_EQ(receiver().count<NeedSession>(), 1U);
  const auto& need = std::get<NeedSession>(receiver().events.front());
  EXPECT_EQ(need.node, sender().actor.node);
  ASSERT_TRUE(need.dial.has_value());
  EXPECT_EQ(need.dial->fingerprint(), sender().actor.node);
}

TEST_F(Opening, MakesTheSenderDialWhereOnlyTheReceiverIsReachable) {
  sender().exchange->set_reachability(Reachability::outbound_only);
  NodeTokenParams params;
  params.issued_at = kStart.wall;
  params.reachability = Reachability::outbound_only;
  const auto hidden =
      issue_node_token(params, sender().actor.node_key, signatures(), random).value();
  sender().exchange->on_matched(publisher,
                                world.peer_intent(1, receiver().subscriptions.at(subscription)));
  receiver().exchange->on_matched(
      subscription, {sender().publishers.at(publisher), hidden, std::nullopt}, world.now());
  world.drain(0);
  world.drain(1);
  ASSERT_EQ(sender().count<NeedSession>(), 1U);
  EXPECT_TRUE(std::get<NeedSession>(sender().events.front()).dial.has_value());
  ASSERT_EQ(receiver().count<NeedSession>(), 1U);
  EXPECT_FALSE(std::get<NeedSession>(receiver().events.front()).dial.has_value());
}

TEST_F(Opening, MakesTheReceiverDialASenderThatCanBeReachedByNow) {
  NodeTokenParams params;
  params.issued_at = kStart.wall - 1h;
  params.reachability = Reachability::outbound_only;
  const auto hidden =
      issue_node_token(params, sender().actor.node_key, signatures(), random).value();
  const IntentToken& intent = sender().publishers.at(publisher);
  receiver().exchange->on_matched(subscription, {intent, hidden, std::nullopt}, world.now());
  world.drain(1);
  ASSERT_EQ(receiver().count<NeedSession>(), 1U);
  EXPECT_FALSE(std::get<NeedSession>(receiver().events.back()).dial.has_value());

  receiver().exchange->on_matched(subscription, world.peer_intent(0, intent), world.now());
  world.drain(1);
  ASSERT_EQ(receiver().count<NeedSession>(), 2U);
  EXPECT_TRUE(std::get<NeedSession>(receiver().events.back()).dial.has_value());
  receiver().exchange->remove_subscription(subscription);
  world.drain(1);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
}

TEST_F(Opening, TellsBothSides) {
  meet();
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
  EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 1U);
  EXPECT_EQ(receiver().exchange->senders(subscription), 1U);
}

TEST_F(Opening, UsesASessionThatIsThere) {
  world.connect(0, 1);
  world.match(0, publisher, 1, subscription);
  world.run();
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
}

TEST_F(Opening, HappensOnceHoweverOftenThePeerIsNamed) {
  meet();
  world.match(0, publisher, 1, subscription);
  world.run();
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
  EXPECT_EQ(receiver().questions.size(), 0U);
}

TEST_F(Opening, WaitsForBothPolicies) {
  sender().verdict.reset();
  receiver().verdict.reset();
  meet();
  EXPECT_EQ(receiver().count<NeedSession>(), 0U);
  ASSERT_EQ(receiver().questions.size(), 1U);
  world.answer(1, true);
  world.run();
  ASSERT_EQ(sender().questions.size(), 1U);
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
  world.answer(0, true);
  world.run();
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
}

TEST_F(Opening, EndsWhereTheReceiverDoesNotWantTheSender) {
  receiver().verdict = false;
  meet();
  EXPECT_EQ(receiver().count<NeedSession>(), 0U);
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
}

TEST_F(Opening, EndsWhereTheSenderDoesNotWantTheReceiver) {
  sender().verdict = false;
  meet();
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 0U);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
}

TEST_F(Opening, WaitsIfThePublisherIsGone) {
  world.match(0, publisher, 1, subscription);
  sender().exchange->remove_publisher(publisher);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 0U);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
}

TEST_F(Opening, IsTakenBackIfTheSubscriptionEndsMeanwhile) {
  sender().verdict.reset();
  meet();
  receiver().exchange->remove_subscription(subscription);
  world.answer(0, true);
  world.run();
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 0U);
}

TEST_F(Opening, ForgetsTheQuestionWithTheSession) {
  sender().verdict.reset();
  meet();
  world.lose(0, 1);
  EXPECT_EQ(sender().count<AskNoMore>(), 1U);
  world.answer(0, true);
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
}

TEST_F(Opening, ForgetsTheQuestionAboutASenderWhoseIntentIsOver) {
  receiver().verdict.reset();
  for (std::size_t i = 1; i <= 3; ++i) {
    world.match(0, publisher, 1, subscription);
    ASSERT_EQ(receiver().questions.size(), 1U);
    const ExchangeQuestion question = receiver().questions.front();
    EXPECT_TRUE(receiver().exchange->waits_for(question));
    world.unmatch(0, publisher, 1, subscription);
    EXPECT_FALSE(receiver().exchange->waits_for(question));
    EXPECT_EQ(receiver().count<AskNoMore>(), i);
    world.answer(1, true);
  }
  EXPECT_EQ(receiver().count<NeedSession>(), 0U);
}

TEST_F(Opening, ForgetsTheQuestionsOfASubscriptionThatEnds) {
  receiver().verdict.reset();
  world.match(0, publisher, 1, subscription);
  receiver().exchange->remove_subscription(subscription);
  world.drain(1);
  EXPECT_EQ(receiver().count<AskNoMore>(), 1U);
  world.answer(1, true);
  EXPECT_EQ(receiver().count<NeedSession>(), 0U);
}

TEST_F(Opening, LeavesNothingAmongWhatIsToBeSentToAPeerThatReadsSlowly) {
  meet();
  for (int i = 0; i < 10; ++i) {
    const SubscriptionId passing = world.subscribe(1);
    world.match(0, publisher, 1, passing);
    world.fill(1, 0);
    ASSERT_TRUE(world.deliver(1, 0));
    // It takes the acceptance, and nothing else.
    world.fill(0, 1, 1);
    ASSERT_TRUE(world.deliver(0, 1));
    EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 2U);
    ASSERT_TRUE(world.publish(0, publisher, "x"));
    receiver().exchange->remove_subscription(passing);
    world.drain(1);
    world.fill(1, 0);
    while (world.deliver(1, 0)) continue;
    EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 1U);
    world.sanity_check();
  }
}

TEST_F(Opening, LeavesNothingAmongWhatIsToBeOpenedWhileNothingIsWritten) {
  meet();
  for (int i = 0; i < 10; ++i) {
    const SubscriptionId passing = world.subscribe(1);
    world.match(0, publisher, 1, passing);
    receiver().exchange->remove_subscription(passing);
    world.drain(1);
    world.sanity_check();
  }
  world.run();
  EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 1U);
}

TEST_F(Opening, LeavesNothingAmongWhatIsToBeAcknowledgedToAPeerThatReadsSlowly) {
  const PublisherId other = world.advertise(0, {}, "other");
  world.match(0, other, 1, world.subscribe(1, {}, "other"));
  world.connect(0, 1);
  world.run();
  PublisherId passing = publisher;
  for (int i = 0; i < 10; ++i) {
    world.match(0, passing, 1, subscription);
    // It takes what opens the channel, and nothing else.
    world.fill(1, 0, 1);
    ASSERT_TRUE(world.deliver(1, 0));
    world.fill(0, 1);
    while (world.deliver(0, 1)) continue;
    ASSERT_TRUE(world.publish(0, passing, "x"));
    world.fill(0, 1);
    while (world.deliver(0, 1)) continue;
    EXPECT_EQ(receiver().exchange->senders(subscription), 1U);
    sender().exchange->remove_publisher(passing);
    world.drain(0);
    world.fill(0, 1);
    while (world.deliver(0, 1)) continue;
    EXPECT_EQ(receiver().exchange->senders(subscription), 0U);
    world.sanity_check();
    world.advance(1s);
    passing = world.advertise(0);
  }
  EXPECT_EQ(receiver().payloads(subscription).size(), 10U);
}

TEST_F(Opening, KeepsTheAudienceOfThePublisher) {
  const PublisherId closed = world.advertise(0, {.audience = random_fingerprint(random)}, "closed");
  const SubscriptionId wish = world.subscribe(1, {}, "closed");
  world.match(0, closed, 1, wish);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
  EXPECT_TRUE(sender().questions.empty());
}

TEST_F(Opening, RefusesASecondPublisherOfTheSameKey) {
  const IntentToken intent = sender().publishers.at(publisher);
  EXPECT_EQ(sender().exchange->add_publisher(PublisherId{99}, intent, {}).error(),
            Errc::limit_reached);
}

TEST_F(Opening, GivesEachSubscriptionItsChannel) {
  meet();
  const SubscriptionId second = world.subscribe(1);
  world.match(0, publisher, 1, second);
  world.run();
  EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 2U);
  ASSERT_TRUE(world.publish(0, publisher, "x"));
  world.run();
  EXPECT_EQ(receiver().payloads(subscription).size(), 1U);
  EXPECT_EQ(receiver().payloads(second).size(), 1U);
  EXPECT_EQ(sender().exchange->publisher(publisher).published, 1U);
  EXPECT_EQ(sender().exchange->publisher(publisher).owed, 2U);
}

TEST_F(Opening, IsUndoneByUnsubscribing) {
  meet();
  receiver().exchange->remove_subscription(subscription);
  world.drain(1);
  world.run();
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 1U);
  EXPECT_EQ(sender().count<SessionNotNeeded>(), 1U);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionUnmatched>(), 0U);
}

TEST_F(Opening, LeavesNothingBehindWhenItIsUndone) {
  meet();
  for (int i = 0; i < 10; ++i) {
    const SubscriptionId passing = world.subscribe(1);
    world.match(0, publisher, 1, passing);
    world.run();
    receiver().exchange->remove_subscription(passing);
    world.drain(1);
    world.run();
    world.sanity_check();
  }
  EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 1U);
}

TEST_F(Opening, IsUndoneByWithdrawing) {
  meet();
  sender().exchange->remove_publisher(publisher);
  world.drain(0);
  world.run();
  EXPECT_EQ(receiver().count<SubscriptionUnmatched>(), 1U);
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 0U);
}

TEST_F(Opening, IsNotUndoneByACoordinator) {
  meet();
  world.unmatch(0, publisher, 1, subscription);
  ASSERT_TRUE(world.publish(0, publisher, "still here"));
  world.run();
  EXPECT_EQ(receiver().payloads(subscription).size(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionUnmatched>(), 0U);
}

TEST_F(Opening, IsGivenUpWhenTheIntentIsOver) {
  world.match(0, publisher, 1, subscription);
  world.unmatch(0, publisher, 1, subscription);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
}

TEST_F(Opening, BeginsAnewIfTheSenderComesBackUnderALaterToken) {
  meet();
  sender().exchange->remove_publisher(publisher);
  world.drain(0);
  world.advance(1s);
  const PublisherId again = world.advertise(0);
  // The coordinators are faster than the sender's own word.
  world.match(0, again, 1, subscription);
  world.run();
  ASSERT_TRUE(world.publish(0, again, "back"));
  world.run();
  EXPECT_EQ(receiver().payloads(subscription).size(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 2U);
}

TEST_F(Opening, ShowsTheTokenOfToday) {
  meet();
  world.advance(1h);
  const IntentToken renewed = receiver().actor.intent(
      {.subject = sender().publishers.at(publisher).subject(), .at = world.now().wall});
  receiver().exchange->set_intent(subscription, renewed);
  world.lose(0, 1);
  world.connect(0, 1);
  world.fill(1, 0);
  const auto open = decode_exchange_message(world.pipe(1, 0).front());
  ASSERT_TRUE(open && std::holds_alternative<OpenMessage>(*open));
  const ByteView shown = std::get<OpenMessage>(*open).intent;
  EXPECT_EQ(Bytes(shown.begin(), shown.end()),
            Bytes(renewed.token.raw().begin(), renewed.token.raw().end()));
}

}  // namespace
}  // namespace kith::overlay::test
