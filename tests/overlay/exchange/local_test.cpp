#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"

/// Publishers and subscriptions of one node.
namespace kith::overlay::test {
namespace {

struct Local : testing::Test {
  SeededRandom random{1};
  World world{random, 1};

  TestNode& node() { return world.node(0); }
};

TEST_F(Local, ReceivesWhatItPublishes) {
  const SubscriptionId subscription = world.subscribe(0);
  const PublisherId publisher = world.advertise(0);
  EXPECT_EQ(node().count<PublisherMatched>(), 1U);
  EXPECT_EQ(node().count<SubscriptionMatched>(), 1U);
  EXPECT_EQ(node().count<NeedSession>(), 0U);
  ASSERT_TRUE(world.publish(0, publisher, "a"));
  ASSERT_TRUE(world.publish(0, publisher, "b"));
  EXPECT_EQ(node().payloads(subscription), (std::vector<Bytes>{{'a'}, {'b'}}));
  EXPECT_EQ(node().exchange->ledger(publisher).delivered, 2U);
  EXPECT_EQ(node().exchange->senders(subscription), 1U);
  EXPECT_EQ(node().received[subscription][0].sender, node().actor.identity);
}

TEST_F(Local, MatchesInEitherOrder) {
  const PublisherId publisher = world.advertise(0);
  const SubscriptionId subscription = world.subscribe(0);
  ASSERT_TRUE(world.publish(0, publisher, "a"));
  EXPECT_EQ(node().payloads(subscription).size(), 1U);
}

TEST_F(Local, IgnoresCoordinatorsThatNameUs) {
  const PublisherId publisher = world.advertise(0);
  const SubscriptionId subscription = world.subscribe(0);
  world.match(0, publisher, 0, subscription);
  EXPECT_EQ(node().count<NeedSession>(), 0U);
  ASSERT_TRUE(world.publish(0, publisher, "a"));
  EXPECT_EQ(node().payloads(subscription).size(), 1U);
}

TEST_F(Local, KeepsSubjectsApart) {
  const PublisherId publisher = world.advertise(0, {}, "one");
  const SubscriptionId subscription = world.subscribe(0, {}, "two");
  ASSERT_TRUE(world.publish(0, publisher, "a"));
  EXPECT_TRUE(node().payloads(subscription).empty());
}

TEST_F(Local, KeepsTheAudience) {
  const PublisherId publisher = world.advertise(0, {.audience = random_fingerprint(random)});
  const SubscriptionId subscription = world.subscribe(0);
  ASSERT_TRUE(world.publish(0, publisher, "a"));
  EXPECT_TRUE(node().payloads(subscription).empty());
}

TEST_F(Local, EndsWithEitherSide) {
  const PublisherId publisher = world.advertise(0);
  const SubscriptionId first = world.subscribe(0);
  node().exchange->remove_subscription(first);
  world.drain(0);
  EXPECT_EQ(node().count<PublisherUnmatched>(), 1U);
  EXPECT_EQ(node().count<SubscriptionUnmatched>(), 0U);
  (void)world.subscribe(0);
  node().exchange->remove_publisher(publisher);
  world.drain(0);
  EXPECT_EQ(node().count<SubscriptionUnmatched>(), 1U);
  EXPECT_EQ(node().count<PublisherUnmatched>(), 1U);
}

/// The next payload for `subscription`, which must be there.
Bytes next_payload(TestNode& node, Instant now) {
  while (const auto output = node.exchange->poll_output(now)) {
    if (const auto* delivered = std::get_if<Delivered>(&*output))
      return {delivered->payload.begin(), delivered->payload.end()};
  }
  return {};
}

TEST_F(Local, TakesPublishingWhileItHandsOver) {
  const PublisherId publisher = world.advertise(0);
  (void)world.subscribe(0);
  Exchange& exchange = *node().exchange;
  ASSERT_TRUE(exchange.publish(publisher, as_bytes("a"), world.now()));
  ASSERT_TRUE(exchange.publish(publisher, as_bytes("b"), world.now()));
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'a'});
  ASSERT_TRUE(exchange.publish(publisher, as_bytes("c"), world.now()));
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'b'});
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'c'});
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{});
  exchange.sanity_check();
}

TEST_F(Local, StopsWhereTheSubscriptionEnds) {
  const PublisherId publisher = world.advertise(0);
  const SubscriptionId subscription = world.subscribe(0);
  Exchange& exchange = *node().exchange;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(exchange.publish(publisher, as_bytes("a"), world.now()));
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'a'});
  exchange.remove_subscription(subscription);
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{});
  const Ledger ledger = exchange.ledger(publisher);
  EXPECT_EQ(ledger.delivered, 1U);
  EXPECT_EQ(ledger.refused, 2U);
}

TEST_F(Local, StopsWhereThePublisherEnds) {
  const PublisherId publisher = world.advertise(0);
  (void)world.subscribe(0);
  Exchange& exchange = *node().exchange;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(exchange.publish(publisher, as_bytes("a"), world.now()));
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'a'});
  exchange.remove_publisher(publisher);
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{});
}

TEST_F(Local, GoesOnAfterADeadlineBetweenTwoPayloads) {
  const PublisherId publisher = world.advertise(0);
  (void)world.subscribe(0);
  Exchange& exchange = *node().exchange;
  for (std::string_view text : {"a", "b", "c"})
    ASSERT_TRUE(exchange.publish(publisher, as_bytes(text), world.now()));
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'a'});
  exchange.on_deadline(world.now());
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'b'});
  EXPECT_EQ(next_payload(node(), world.now()), Bytes{'c'});
}

}  // namespace
}  // namespace kith::overlay::test
