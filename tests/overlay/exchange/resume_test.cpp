#include <gtest/gtest.h>
#include <chrono>

#include "tests/overlay/exchange/world.hpp"

/// Sessions that are lost, and nodes that start again.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

struct Resume : testing::Test {
  SeededRandom random{1};
  World world{random, 2};
  PublisherId publisher = world.advertise(0);
  SubscriptionId subscription = world.subscribe(1);

  TestNode& sender() { return world.node(0); }
  TestNode& receiver() { return world.node(1); }
  void SetUp() override {
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
  }
  void publish(std::string_view text) { ASSERT_TRUE(world.publish(0, publisher, text)); }
  std::vector<std::string> texts() {
    std::vector<std::string> found;
    for (const Bytes& payload : receiver().payloads(subscription))
      found.emplace_back(as_text(payload));
    return found;
  }
  void reconnect() {
    world.lose(0, 1);
    world.connect(0, 1);
  }
};

TEST_F(Resume, SendsAgainWhatWasLost) {
  world.run();
  publish("a");
  world.fill(0, 1);
  reconnect();
  world.run();
  EXPECT_EQ(texts(), std::vector<std::string>{"a"});
}

TEST_F(Resume, SendsNothingTwice) {
  world.run();
  publish("a");
  world.fill(0, 1);
  world.deliver(0, 1);
  publish("b");
  world.fill(0, 1);
  // Acknowledged by nobody.
  reconnect();
  world.run();
  EXPECT_EQ(texts(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(sender().exchange->ledger(publisher).delivered, 2U);
}

TEST_F(Resume, KeepsTheMatch) {
  world.run();
  reconnect();
  world.run();
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
  EXPECT_EQ(sender().count<PublisherUnmatched>(), 0U);
  EXPECT_EQ(receiver().count<SubscriptionMatched>(), 1U);
}

TEST_F(Resume, AcceptsMessagesWhileThereIsNoSession) {
  world.run();
  world.lose(0, 1);
  publish("a");
  world.connect(0, 1);
  publish("b");
  world.run();
  EXPECT_EQ(texts(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(Resume, DeliversWhatWasPublishedAfterAnAcceptThatWasLost) {
  world.fill(1, 0);
  world.deliver(1, 0);
  ASSERT_EQ(sender().count<PublisherMatched>(), 1U);
  publish("first");
  world.fill(0, 1);
  reconnect();
  world.run();
  EXPECT_EQ(texts(), std::vector<std::string>{"first"});
  EXPECT_EQ(sender().count<PublisherMatched>(), 1U);
}

TEST_F(Resume, CountsANewSessionForTheLossOfTheOld) {
  world.run();
  publish("a");
  world.fill(0, 1);
  world.pipe(0, 1).clear();
  sender().wants_write.clear();
  receiver().wants_write.clear();
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(texts(), std::vector<std::string>{"a"});
}

TEST(GivingUp, ReportsWhatAReceiverThatDoesNotComeBackIsOwed) {
  SeededRandom random{1};
  World world{random, 3};
  const PublisherId publisher = world.advertise(0, {.audience = {}, .resume_time = 10s});
  for (std::size_t i : {1U, 2U}) {
    world.match(0, publisher, i, world.subscribe(i));
    world.connect(0, i);
  }
  world.run();
  world.lose(0, 1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.publish(0, publisher, "x"));
  world.run();
  world.advance(9s);
  EXPECT_EQ(world.node(0).count<PublisherUnmatched>(), 0U);
  world.advance(1s);
  EXPECT_EQ(world.node(0).count<PublisherUnmatched>(), 1U);
  EXPECT_EQ(world.node(0).expired(), 3U);
  EXPECT_EQ(world.node(0).exchange->ledger(publisher).delivered, 3U);
  EXPECT_EQ(world.node(0).count<PublisherDrained>(), 1U);
}

TEST(GivingUp, GoesOnWithAReceiverThatComesBackTooLate) {
  SeededRandom random{1};
  World world{random, 2};
  const PublisherId publisher = world.advertise(0, {.audience = {}, .resume_time = 10s});
  const SubscriptionId subscription = world.subscribe(1);
  world.match(0, publisher, 1, subscription);
  world.connect(0, 1);
  world.run();
  ASSERT_TRUE(world.publish(0, publisher, "before"));
  world.run();
  world.lose(0, 1);
  ASSERT_TRUE(world.publish(0, publisher, "missed"));
  world.advance(10s);
  ASSERT_EQ(world.node(0).expired(), 1U);
  world.connect(0, 1);
  world.run();
  ASSERT_TRUE(world.publish(0, publisher, "after"));
  world.run();
  const std::vector<Bytes> received = world.node(1).payloads(subscription);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(as_text(received.back()), "after");
  EXPECT_EQ(world.node(1).count<SubscriptionUnmatched>(), 0U);
}

TEST(ResumeLater, TellsThatASenderIsGoneAndThatItIsBack) {
  SeededRandom random(1);
  World world(random, 2);
  const PublisherId publisher = world.advertise(0, {.audience = {}, .time_to_live = 1h});
  const SubscriptionId subscription = world.subscribe(1);
  world.match(0, publisher, 1, subscription);
  world.connect(0, 1);
  world.run();
  ASSERT_TRUE(world.publish(0, publisher, "before"));
  world.run();
  world.lose(0, 1);
  ASSERT_TRUE(world.publish(0, publisher, "missed"));
  world.advance(kResumeTime - 1s);
  EXPECT_EQ(world.node(1).count<SubscriptionUnmatched>(), 0U);
  EXPECT_EQ(world.node(1).exchange->senders(subscription), 1U);
  world.advance(1s);
  EXPECT_EQ(world.node(1).count<SubscriptionUnmatched>(), 1U);
  EXPECT_EQ(world.node(1).exchange->senders(subscription), 0U);
  // Once is enough, and nothing of the channel is forgotten.
  for (int i = 0; i < 10; ++i) world.advance(1min);
  EXPECT_EQ(world.node(1).count<SubscriptionUnmatched>(), 1U);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(world.node(1).count<SubscriptionMatched>(), 2U);
  const std::vector<Bytes> received = world.node(1).payloads(subscription);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(as_text(received.back()), "missed");
}

TEST_F(Resume, AsksThePolicyAgain) {
  world.run();
  sender().verdict = false;
  reconnect();
  world.run();
  EXPECT_EQ(receiver().count<SubscriptionUnmatched>(), 1U);
}

TEST_F(Resume, TakesAPublisherThatStartedAgainForANewOne) {
  world.run();
  publish("a");
  publish("b");
  world.run();
  // The node comes back with the same keys, and nothing else.
  world.lose(0, 1);
  ExchangeConfig config;
  config.signatures = &signatures();
  config.node = sender().actor.node;
  sender().exchange = std::make_unique<Exchange>(config, random);
  world.advance(1s);
  const PublisherId again = world.advertise(0);
  world.match(0, again, 1, subscription);
  world.connect(0, 1);
  world.run();
  ASSERT_TRUE(world.publish(0, again, "c"));
  world.run();
  EXPECT_EQ(texts(), (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(Resume, TakesAReceiverThatStartedAgainForANewOne) {
  world.run();
  publish("a");
  world.lose(0, 1);
  ExchangeConfig config;
  config.signatures = &signatures();
  config.node = receiver().actor.node;
  receiver().exchange = std::make_unique<Exchange>(config, random);
  const SubscriptionId again = world.subscribe(1);
  world.match(0, publisher, 1, again);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 2U);
  publish("b");
  world.run();
  ASSERT_EQ(receiver().payloads(again).size(), 1U);
  EXPECT_EQ(as_text(receiver().payloads(again)[0]), "b");
  world.advance(kResumeTime + 1s);
  EXPECT_EQ(sender().exchange->publisher(publisher).receivers, 1U);
  EXPECT_EQ(sender().expired(), 2U);
}

TEST_F(Resume, IsGivenUpByTheReceiverWhenNobodyNamesTheSender) {
  world.run();
  world.unmatch(0, publisher, 1, subscription);
  world.lose(0, 1);
  world.advance(kResumeTime);
  EXPECT_EQ(receiver().count<SubscriptionUnmatched>(), 1U);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
}

TEST_F(Resume, IsNotGivenUpWhileTheSenderIsNamed) {
  world.run();
  world.lose(0, 1);
  for (int i = 0; i < 10; ++i) world.advance(kResumeTime);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 0U);
  world.connect(0, 1);
  world.run();
  publish("a");
  world.run();
  EXPECT_EQ(texts(), std::vector<std::string>{"a"});
}

TEST_F(Resume, IsNotGivenUpWhenTheTokenShownOnAcceptanceIsOver) {
  world.run();
  world.lose(0, 1);
  for (int i = 0; i < 26; ++i) world.advance(1h);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 0U);
  // Whether the sender is still named is for those to say who follow its renewals.
  world.unmatch(0, publisher, 1, subscription);
  world.advance(kResumeTime);
  EXPECT_EQ(receiver().count<SessionNotNeeded>(), 1U);
}

TEST_F(Resume, DialsWhereTheSenderIsNow) {
  world.run();
  const std::size_t needs = receiver().count<NeedSession>();
  world.lose(0, 1);
  receiver().exchange->on_matched(subscription,
                                  {sender().publishers.at(publisher),
                                   sender().actor.node_token(kStart.wall + 1s), std::nullopt},
                                  world.now());
  world.drain(1);
  EXPECT_EQ(receiver().count<NeedSession>(), needs + 1);
}

}  // namespace
}  // namespace kith::overlay::test
