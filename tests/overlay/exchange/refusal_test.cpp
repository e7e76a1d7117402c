#include <chrono>

#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"

/// One no is not for ever: what is matched is tried again.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

/// The longest that the first pause may take.
constexpr Duration kPause = kRefusedPauseFirst + kRefusedPauseFirst / 4;

/// A sender (node 0) and a receiver (node 1) that have a session and are about to be matched.
struct Refusal : testing::Test {
  SeededRandom random{1};
  World world{random, 2};
  PublisherId publisher{};
  SubscriptionId subscription = world.subscribe(1);

  TestNode& sender() { return world.node(0); }
  TestNode& receiver() { return world.node(1); }
  void SetUp() override {
    PublishOptions options;
    options.time_to_live = 10min;
    publisher = world.advertise(0, options);
    world.connect(0, 1);
  }
  void meet() {
    world.match(0, publisher, 1, subscription);
    world.run();
  }
  void wait(Duration span) {
    world.advance(span);
    world.run();
  }
  void refuse(RefuseReason reason) {
    const auto open = decode_exchange_message(world.pipe(1, 0).back());
    const auto number = std::get<OpenMessage>(*open).receiver_channel;
    ASSERT_TRUE(world.inject(0, 1, encode(RefuseMessage{number, reason})));
  }
};

TEST_F(Refusal, OfTheSenderIsAskedAboutAgain) {
  sender().verdict = false;
  meet();
  ASSERT_EQ(receiver().count<SessionNotNeeded>(), 1U);
  sender().verdict = true;
  wait(kRefusedPauseFirst / 2);
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
  wait(kPause - kRefusedPauseFirst / 2);
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
}

TEST_F(Refusal, OfTheReceiverIsAskedAboutAgain) {
  receiver().verdict = false;
  meet();
  EXPECT_EQ(receiver().count<NeedSession>(), 0U);
  receiver().verdict = true;
  wait(kPause);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
}

TEST_F(Refusal, TakesALongerPauseEachTime) {
  sender().verdict = false;
  meet();
  for (int second = 0; second < 3600; ++second) wait(1s);
  const auto in_an_hour = receiver().count<NeedSession>();
  EXPECT_GE(in_an_hour, 5U);
  EXPECT_LE(in_an_hour, 8U);
  for (int minute = 0; minute < 24 * 60; ++minute) wait(1min);
  EXPECT_GE(receiver().count<NeedSession>(), in_an_hour + 24 * 3 / 4);
}

TEST_F(Refusal, ForWantOfRoomTakesAShortPause) {
  world.match(0, publisher, 1, subscription);
  world.fill(1, 0);
  refuse(RefuseReason::limit_reached);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
  world.pipe(1, 0).clear();
  wait(2 * kRefusedPauseMin);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
}

TEST_F(Refusal, IsForgottenOnceTheChannelWasOpen) {
  for (int round = 0; round < 6; ++round) {
    sender().verdict = false;
    if (round == 0) {
      meet();
    } else {
      world.lose(0, 1);
      world.connect(0, 1);
      world.run();
    }
    sender().verdict = true;
    wait(kPause);
    EXPECT_EQ(receiver().exchange->senders(subscription), 1U);
  }
}

TEST_F(Refusal, IsAskedAboutSoonWhereThePeerHasALaterIntent) {
  sender().verdict = false;
  meet();
  sender().verdict = true;
  world.advance(1s);
  IntentToken& intent = sender().publishers.at(publisher);
  intent = sender().actor.intent(
      {.subject = intent.subject(), .role = IntentRole::send, .at = world.now().wall});
  receiver().exchange->on_matched(subscription, world.peer_intent(0, intent), world.now());
  wait(kRefusedPauseMin);
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
}

TEST_F(Refusal, IsTheLastWordOnceNobodyNamesTheSender) {
  sender().verdict = false;
  meet();
  sender().verdict = true;
  world.unmatch(0, publisher, 1, subscription);
  wait(kPause);
  EXPECT_EQ(sender().count<PublisherMatched>(), 0U);
  EXPECT_EQ(receiver().exchange->next_deadline(), std::nullopt);
}

TEST_F(Refusal, LosesNothingOfAChannelThatWasOpen) {
  meet();
  ASSERT_TRUE(world.publish(0, publisher, "a"));
  world.run();
  world.lose(0, 1);
  ASSERT_TRUE(world.publish(0, publisher, "b"));
  sender().verdict = false;
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(receiver().count<SubscriptionUnmatched>(), 1U);
  EXPECT_EQ(receiver().exchange->senders(subscription), 0U);
  sender().verdict = true;
  wait(kPause);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 2U);
  const auto payloads = receiver().payloads(subscription);
  ASSERT_EQ(payloads.size(), 2U);
  EXPECT_EQ(as_text(payloads[1]), "b");
}

TEST_F(Refusal, EndsWithItsSubscription) {
  sender().verdict = false;
  meet();
  receiver().exchange->remove_subscription(subscription);
  world.drain(1);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
  EXPECT_EQ(receiver().exchange->next_deadline(), std::nullopt);
}

TEST_F(Refusal, OfATokenByItsDatesClosesThatChannelOnly) {
  // The sender shows a token of the day before yesterday.
  world.advance(48h);
  IntentToken& wish = receiver().subscriptions.at(subscription);
  wish = receiver().actor.intent({.subject = wish.subject(), .at = world.now().wall});
  receiver().exchange->set_intent(subscription, wish);
  meet();
  EXPECT_TRUE(world.connected(0, 1));
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 1U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 0U);

  IntentToken& intent = sender().publishers.at(publisher);
  intent = sender().actor.intent(
      {.subject = intent.subject(), .role = IntentRole::send, .at = world.now().wall});
  sender().exchange->set_intent(publisher, intent);
  wait(kPause);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
  ASSERT_TRUE(world.publish(0, publisher, "x"));
  world.run();
  EXPECT_EQ(receiver().payloads(subscription).size(), 1U);
}

}  // namespace
}  // namespace kith::overlay::test
