#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"

/// Subscriptions whose application acknowledges.
namespace kith::overlay::test {
namespace {

constexpr SubscribeOptions kByApplication{.audience = {},
                                          .acknowledgement = Acknowledgement::application};

struct Acknowledging : testing::Test {
  SeededRandom random{1};
  World world{random, 2};
  PublisherId publisher = world.advertise(0);
  SubscriptionId subscription = world.subscribe(1, kByApplication);
  ChannelNumber channel{};  ///< The receiver's, in `accept_again`.

  void SetUp() override {
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
    world.run();
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(world.publish(0, publisher, "x"));
    world.run();
  }
  void acknowledge(std::uint64_t count) {
    world.node(1).exchange->acknowledge(subscription, count);
    world.drain(1);
    world.run();
  }
  std::size_t received() { return world.node(1).payloads(subscription).size(); }
  /// A new session, in which a sender of the same token accepts what the receiver opens again.
  void accept_again(std::uint64_t epoch, std::uint64_t first) {
    world.lose(0, 1);
    world.connect(0, 1);
    world.fill(1, 0);
    const Bytes opened = world.pipe(1, 0).back();
    const auto decoded = decode_exchange_message(opened);
    ASSERT_TRUE(decoded && std::holds_alternative<OpenMessage>(*decoded));
    channel = std::get<OpenMessage>(*decoded).receiver_channel;
    const IntentToken& intent = world.node(0).publishers.at(publisher);
    ASSERT_TRUE(world.inject(
        0, 1, encode(AcceptMessage{channel, ChannelNumber{9}, epoch, first, intent.token.raw()})));
  }
  void send(std::uint64_t first, ByteView payloads) {
    Bytes message;
    encode_header(DataMessage{channel, first, payloads}, message);
    append(message, payloads);
    ASSERT_TRUE(world.inject(0, 1, message));
  }
  Ledger ledger() { return world.node(0).exchange->ledger(publisher); }
};

TEST_F(Acknowledging, TellsTheSenderWhatTheApplicationHasDone) {
  publish(5);
  EXPECT_EQ(received(), 5U);
  EXPECT_EQ(ledger().delivered, 0U);
  acknowledge(3);
  EXPECT_EQ(ledger().delivered, 3U);
  acknowledge(2);
  EXPECT_EQ(ledger().delivered, 5U);
  world.sanity_check();
}

TEST_F(Acknowledging, CountsNoMoreThanThereIs) {
  publish(2);
  acknowledge(100);
  publish(2);
  EXPECT_EQ(ledger().delivered, 2U);
}

TEST_F(Acknowledging, HoldsUpTheSenderAtItsCredit) {
  publish(2'000);
  EXPECT_EQ(received(), kByApplication.credit);
  acknowledge(kByApplication.credit);
  EXPECT_EQ(received(), 2'000U);
}

TEST_F(Acknowledging, IsNotHandedTwiceWhatComesAgain) {
  publish(5);
  acknowledge(1);
  world.lose(0, 1);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(received(), 5U);
  EXPECT_EQ(ledger().delivered, 1U);
  acknowledge(4);
  EXPECT_EQ(ledger().delivered, 5U);
}

TEST_F(Acknowledging, MayAcknowledgeWhileThereIsNoSession) {
  publish(5);
  world.lose(0, 1);
  world.node(1).exchange->acknowledge(subscription, 3);
  world.drain(1);
  world.connect(0, 1);
  world.run();
  EXPECT_EQ(ledger().delivered, 3U);
  EXPECT_EQ(received(), 5U);
}

TEST_F(Acknowledging, MayAcknowledgeWhileItComesAgain) {
  publish(5);
  world.lose(0, 1);
  world.connect(0, 1);
  // The sender has accepted, and sent nothing again yet.
  world.fill(1, 0);
  world.deliver(1, 0);
  world.fill(0, 1, 1);
  world.deliver(0, 1);
  acknowledge(4);
  EXPECT_EQ(ledger().delivered, 4U);
  EXPECT_EQ(received(), 5U);
  publish(1);
  EXPECT_EQ(received(), 6U);
  world.sanity_check();
}

TEST_F(Acknowledging, IsRefusedAtTheEndWhatItIsNot) {
  publish(5);
  acknowledge(2);
  world.node(1).exchange->remove_subscription(subscription);
  world.drain(1);
  world.run();
  EXPECT_EQ(ledger().delivered, 2U);
  EXPECT_EQ(ledger().refused, 3U);
}

TEST_F(Acknowledging, ForgetsWhatAnotherPublisherWasOwed) {
  publish(5);
  world.node(0).exchange->remove_publisher(publisher);
  world.drain(0);
  world.run();
  publisher = world.advertise(0);
  world.match(0, publisher, 1, subscription);
  world.run();
  publish(3);
  EXPECT_EQ(received(), 8U);
  acknowledge(6);
  EXPECT_EQ(ledger().delivered, 1U);
}

TEST_F(Acknowledging, ForgetsWhatItWasOwedBeforeTheSenderCameBackToAnEpoch) {
  accept_again(1, 0);
  send(0, Bytes{1, 'a', 1, 'b', 1, 'c'});
  accept_again(2, 0);
  accept_again(1, 3);
  send(3, Bytes{1, 'd', 1, 'e'});
  ASSERT_EQ(received(), 5U);
  // Of the three from before nobody is to be told.
  world.node(1).exchange->acknowledge(subscription, 3);
  world.node(1).exchange->acknowledge(subscription, 1);
  world.drain(1);
  world.fill(1, 0);
  const Bytes granted = world.pipe(1, 0).back();
  const auto decoded = decode_exchange_message(granted);
  ASSERT_TRUE(decoded && std::holds_alternative<CreditMessage>(*decoded));
  EXPECT_EQ(std::get<CreditMessage>(*decoded).acknowledged, 4U);
}

TEST(AcknowledgingOwn, TellsThePublisherOfTheSameNode) {
  SeededRandom random{1};
  World world{random, 1};
  Exchange& exchange = *world.node(0).exchange;
  const PublisherId publisher = world.advertise(0);
  const SubscriptionId subscription = world.subscribe(0, kByApplication);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(exchange.publish(publisher, as_bytes("x"), world.now()));
  // In the middle of a batch, too.
  ASSERT_TRUE(std::holds_alternative<Delivered>(*exchange.poll_output(world.now())));
  exchange.acknowledge(subscription, 1);
  EXPECT_EQ(exchange.ledger(publisher).delivered, 1U);
  world.drain(0);
  EXPECT_EQ(world.node(0).payloads(subscription).size(), 3U);
  EXPECT_EQ(exchange.ledger(publisher).delivered, 1U);
  exchange.acknowledge(subscription, 3);
  world.drain(0);
  EXPECT_EQ(exchange.ledger(publisher).delivered, 4U);
  world.sanity_check();
}

}  // namespace
}  // namespace kith::overlay::test
