#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"

/// Receivers that end their subscription: what they were handed by then is delivered, and nothing
/// else is.
namespace kith::overlay::test {
namespace {

struct LeavingReceiver : testing::Test {
  SeededRandom random{1};
  World world{random, 2};
  PublisherId publisher = world.advertise(0);
  SubscriptionId subscription = world.subscribe(1);
  Exchange& receiver = *world.node(1).exchange;

  void SetUp() override {
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
    world.run();
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(world.publish(0, publisher, "x"));
    world.fill(0, 1);
  }
  /// Lets what is under way arrive, and takes so many payloads of it.
  void take(int count) {
    const Bytes message = world.pipe(0, 1).front();
    ASSERT_TRUE(receiver.on_message(world.peer(1, 0), message, world.now()));
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(std::holds_alternative<Delivered>(*receiver.poll_output(world.now())));
    // Whatever it does now it does before the message is gone.
    leave();
    world.pipe(0, 1).pop_front();
  }
  virtual void leave() { receiver.remove_subscription(subscription); }
  void expect_ledger(std::uint64_t delivered, std::uint64_t refused) {
    world.drain(1);
    world.run();
    const Ledger ledger = world.node(0).exchange->ledger(publisher);
    EXPECT_EQ(ledger.delivered, delivered);
    EXPECT_EQ(ledger.refused, refused);
    EXPECT_EQ(ledger.in_flight(), 0U);
    EXPECT_EQ(world.node(0).count<PublisherUnmatched>(), 1U);
    world.sanity_check();
  }
};

TEST_F(LeavingReceiver, AcknowledgesWhatItWasHandedBefore) {
  publish(3);
  world.deliver(0, 1);
  ASSERT_EQ(world.node(1).payloads(subscription).size(), 3U);
  leave();
  expect_ledger(3, 0);
}

TEST_F(LeavingReceiver, AcknowledgesNoMoreOfABatchThanItTook) {
  publish(5);
  take(2);
  expect_ledger(2, 3);
}

TEST_F(LeavingReceiver, AcknowledgesBeforeItSaysMore) {
  publish(1);
  world.deliver(0, 1);
  leave();
  world.drain(1);
  world.fill(1, 0);
  ASSERT_EQ(world.pipe(1, 0).size(), 2U);
  const auto first = decode_exchange_message(world.pipe(1, 0).front());
  EXPECT_TRUE(std::holds_alternative<CreditMessage>(*first));
  const auto last = decode_exchange_message(world.pipe(1, 0).back());
  EXPECT_TRUE(std::holds_alternative<CloseMessage>(*last));
}

struct DecliningReceiver : LeavingReceiver {
  void leave() override { receiver.decline(subscription); }
};

TEST_F(DecliningReceiver, DoesNotAcknowledgeThePayloadThatFoundNobody) {
  publish(5);
  take(3);
  expect_ledger(2, 3);
}

TEST_F(DecliningReceiver, DoesNotAcknowledgeTheLastOfABatch) {
  publish(3);
  take(3);
  expect_ledger(2, 1);
}

TEST(DecliningOwnReceiver, IsOwedWhatFoundNobody) {
  SeededRandom random{1};
  World world{random, 1};
  Exchange& exchange = *world.node(0).exchange;
  const PublisherId publisher = world.advertise(0);
  const SubscriptionId subscription = world.subscribe(0);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(exchange.publish(publisher, as_bytes("x"), world.now()));
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(std::holds_alternative<Delivered>(*exchange.poll_output(world.now())));
  exchange.decline(subscription);
  world.drain(0);
  EXPECT_EQ(exchange.ledger(publisher).delivered, 1U);
  EXPECT_EQ(exchange.ledger(publisher).refused, 2U);
  world.sanity_check();
}

}  // namespace
}  // namespace kith::overlay::test
