#include "overlay/exchange/exchange.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"
#include "tests/support/allocations.hpp"

/// Delivery over sessions that last.
namespace kith::overlay::test {
namespace {

/// One sender (node 0) and `receivers` receivers, with open channels.
struct Delivering {
  explicit Delivering(std::size_t receivers, const PublishOptions& offer = {},
                      const SubscribeOptions& wish = {})
      : world(random, receivers + 1), publisher(world.advertise(0, offer)) {
    for (std::size_t i = 1; i <= receivers; ++i) {
      subscriptions.push_back(world.subscribe(i, wish));
      world.match(0, publisher, i, subscriptions.back());
      world.connect(0, i);
    }
    world.run();
  }

  TestNode& sender() { return world.node(0); }
  std::vector<Bytes> received(std::size_t at) {
    return world.node(at).payloads(subscriptions[at - 1]);
  }

  SeededRandom random{1};
  World world;
  PublisherId publisher;
  std::vector<SubscriptionId> subscriptions;
};

Bytes numbered(std::uint32_t number) {
  return {static_cast<Byte>(number >> 16), static_cast<Byte>(number >> 8),
          static_cast<Byte>(number)};
}

std::vector<Bytes> numbered_to(std::uint32_t count) {
  std::vector<Bytes> found;
  for (std::uint32_t i = 0; i < count; ++i) found.push_back(numbered(i));
  return found;
}

TEST(Exchange, DeliversInOrderToEveryReceiver) {
  Delivering test(3);
  for (std::uint32_t i = 0; i < 100; ++i)
    ASSERT_TRUE(test.world.publish(0, test.publisher, numbered(i)));
  test.world.run();
  for (std::size_t i = 1; i <= 3; ++i) EXPECT_EQ(test.received(i), numbered_to(100));
  EXPECT_EQ(test.sender().exchange->ledger(test.publisher).delivered, 300U);
}

TEST(Exchange, NamesTheIdentityThatSent) {
  Delivering test(1);
  ASSERT_TRUE(test.world.publish(0, test.publisher, "x"));
  test.world.run();
  EXPECT_EQ(test.world.node(1).received.at(test.subscriptions[0]).front().sender,
            test.sender().actor.identity);
}

TEST(Exchange, BatchesWhatWaitsIntoOneMessage) {
  Delivering test(1);
  for (std::uint32_t i = 0; i < 500; ++i)
    ASSERT_TRUE(test.world.publish(0, test.publisher, numbered(i)));
  test.world.fill(0, 1);
  EXPECT_EQ(test.world.pipe(0, 1).size(), 1U);
  test.world.run();
  EXPECT_EQ(test.received(1), numbered_to(500));
}

TEST(Exchange, KeepsNoHistoryForLateReceivers) {
  Delivering test(1);
  const SubscriptionId late = test.world.subscribe(1);
  ASSERT_TRUE(test.world.publish(0, test.publisher, "before"));
  test.world.match(0, test.publisher, 1, late);
  test.world.run();
  ASSERT_TRUE(test.world.publish(0, test.publisher, "after"));
  test.world.run();
  const Bytes after(as_bytes("after").begin(), as_bytes("after").end());
  EXPECT_EQ(test.world.node(1).payloads(late), std::vector<Bytes>{after});
}

TEST(Exchange, AcceptsWhatNobodyReceives) {
  Delivering test(0);
  ASSERT_TRUE(test.world.publish(0, test.publisher, "x"));
  EXPECT_EQ(test.sender().exchange->ledger(test.publisher).published, 1U);
  EXPECT_EQ(test.sender().exchange->publisher(test.publisher).unheard, 1U);
  EXPECT_EQ(test.sender().exchange->publisher(test.publisher).queued_messages, 0U);
  EXPECT_EQ(test.sender().count<PublisherDrained>(), 0U);
}

TEST(Exchange, CarriesPayloadsOfEverySize) {
  Delivering test(1);
  std::vector<Bytes> sent;
  for (std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{127}, std::size_t{128}, std::size_t{61'000},
        std::size_t{61'440}, std::size_t{70'000}, kPayloadBytesMax}) {
    sent.push_back(Bytes(size, static_cast<Byte>(size % 251)));
    ASSERT_TRUE(test.world.publish(0, test.publisher, sent.back()));
  }
  test.world.run();
  EXPECT_EQ(test.received(1), sent);
}

TEST(Exchange, KeepsMessagesWithinWhatASessionCarries) {
  Delivering test(1);
  ASSERT_TRUE(test.world.publish(0, test.publisher, Bytes(kPayloadBytesMax)));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(test.world.publish(0, test.publisher, Bytes(2'000)));
  test.world.fill(0, 1);
  ASSERT_GT(test.world.pipe(0, 1).size(), 3U);
  EXPECT_LE(test.world.pipe(0, 1).front().size(), std::size_t{1} << 20);
  test.world.pipe(0, 1).pop_front();
  for (const Bytes& message : test.world.pipe(0, 1)) EXPECT_LE(message.size(), kBatchBytesMax);
}

TEST(Exchange, RefusesPayloadsThatAreTooLong) {
  for (std::size_t receivers : {0U, 1U}) {
    Delivering test(receivers);
    EXPECT_EQ(test.world.publish(0, test.publisher, Bytes(kPayloadBytesMax + 1)).error(),
              Errc::too_long);
  }
}

TEST(Exchange, AsksNoNodeForMoreChannelsThanANodeIsGiven) {
  SeededRandom random(1);
  World world(random, 2);
  const PublisherId publisher = world.advertise(0);
  const PeerIntent peer = world.peer_intent(0, world.node(0).publishers.at(publisher));
  TestNode& receiver = world.node(1);
  receiver.verdict.reset();
  for (std::size_t i = 0; i <= kChannelsPerPeerMax; ++i) {
    const SubscriptionId subscription = world.subscribe(1);
    receiver.exchange->on_matched(subscription, peer, world.now());
    world.drain(1);
  }
  EXPECT_EQ(receiver.questions.size(), kChannelsPerPeerMax);
}

TEST(Exchange, RefusesToPublishForNobody) {
  Delivering test(1);
  EXPECT_EQ(test.world.publish(0, PublisherId{77}, "x").error(), Errc::not_found);
}

TEST(Exchange, SaysWouldBlockAndWhenThereIsRoomAgain) {
  Delivering test(1, {.audience = {}, .queue_messages = 8});
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(test.world.publish(0, test.publisher, "x"));
  EXPECT_EQ(test.world.publish(0, test.publisher, "x").error(), Errc::would_block);
  EXPECT_EQ(test.sender().count<PublisherWritable>(), 0U);
  test.world.run();
  EXPECT_EQ(test.sender().count<PublisherWritable>(), 1U);
  EXPECT_TRUE(test.world.publish(0, test.publisher, "x"));
  test.world.run();
  EXPECT_EQ(test.sender().count<PublisherWritable>(), 1U);
}

TEST(Exchange, SaysDrainedWhenAllIsAcknowledged) {
  Delivering test(2);
  ASSERT_TRUE(test.world.publish(0, test.publisher, "x"));
  test.world.fill(0, 1);
  test.world.fill(0, 2);
  test.world.deliver(0, 1);
  test.world.fill(1, 0);
  test.world.deliver(1, 0);
  EXPECT_EQ(test.sender().count<PublisherDrained>(), 0U);
  test.world.run();
  EXPECT_EQ(test.sender().count<PublisherDrained>(), 1U);
}

TEST(Exchange, WritesNoMoreThanAskedFor) {
  Delivering test(1);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(test.world.publish(0, test.publisher, Bytes(50'000)));
  EXPECT_TRUE(test.world.fill(0, 1, 120'000));
  EXPECT_EQ(test.world.pipe(0, 1).size(), 3U);
  EXPECT_TRUE(test.world.fill(0, 1, 0));
  EXPECT_EQ(test.world.pipe(0, 1).size(), 3U);
  test.world.run();
  EXPECT_EQ(test.received(1).size(), 20U);
}

TEST(Exchange, LetsChannelsOfOnePeerTakeTurns) {
  Delivering test(1);
  const PublisherId other = test.world.advertise(0, {}, "other");
  const SubscriptionId wish = test.world.subscribe(1, {}, "other");
  test.world.match(0, other, 1, wish);
  test.world.run();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(test.world.publish(0, test.publisher, Bytes(50'000)));
  ASSERT_TRUE(test.world.publish(0, other, "small"));
  test.world.fill(0, 1, 60'000);
  while (test.world.deliver(0, 1)) continue;
  EXPECT_EQ(test.world.node(1).payloads(wish).size(), 1U);
}

TEST(Exchange, WritesControlBeforeData) {
  Delivering test(1);
  // The other way round, so that both ends have data and credit to write.
  const PublisherId back = test.world.advertise(1, {}, "back");
  const SubscriptionId wish = test.world.subscribe(0, {}, "back");
  test.world.match(1, back, 0, wish);
  test.world.run();
  ASSERT_TRUE(test.world.publish(0, test.publisher, "x"));
  test.world.fill(0, 1);
  test.world.deliver(0, 1);
  ASSERT_TRUE(test.world.publish(1, back, "y"));
  test.world.fill(1, 0);
  ASSERT_EQ(test.world.pipe(1, 0).size(), 2U);
  const auto first = decode_exchange_message(test.world.pipe(1, 0).front());
  EXPECT_TRUE(std::holds_alternative<CreditMessage>(*first));
}

TEST(Exchange, DoesNotSlowOthersForASlowReceiver) {
  Delivering test(2, {.audience = {}, .queue_messages = 1'000}, {.audience = {}, .credit = 16});
  // Node 2 reads nothing.
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(test.world.publish(0, test.publisher, numbered(i)));
    test.world.fill(0, 1);
    while (test.world.deliver(0, 1)) continue;
    test.world.fill(1, 0);
    while (test.world.deliver(1, 0)) continue;
  }
  EXPECT_EQ(test.received(1), numbered_to(1'000));
  EXPECT_TRUE(test.received(2).empty());
  EXPECT_EQ(test.world.publish(0, test.publisher, "x").error(), Errc::would_block);
  test.world.run();
  EXPECT_EQ(test.received(2), numbered_to(1'000));
}

TEST(Exchange, SendsNoMoreThanTheFirstGrantBeforeAnAnswer) {
  Delivering test(1, {}, {.audience = {}, .credit = 16});
  for (std::uint32_t i = 0; i < 40; ++i)
    ASSERT_TRUE(test.world.publish(0, test.publisher, numbered(i)));
  EXPECT_FALSE(test.world.fill(0, 1));
  while (test.world.deliver(0, 1)) continue;
  EXPECT_EQ(test.received(1), numbered_to(16));
  test.world.run();
  EXPECT_EQ(test.received(1), numbered_to(40));
}

TEST(Exchange, CountsWhatACloseCutsOffAsRefused) {
  Delivering test(1);
  ASSERT_TRUE(test.world.publish(0, test.publisher, "x"));
  test.world.node(1).exchange->remove_subscription(test.subscriptions[0]);
  test.world.drain(1);
  test.world.run();
  const Ledger ledger = test.sender().exchange->ledger(test.publisher);
  EXPECT_EQ(ledger.refused, 1U);
  EXPECT_EQ(ledger.in_flight(), 0U);
  EXPECT_EQ(test.sender().count<PublisherDrained>(), 1U);
  EXPECT_EQ(test.sender().exchange->publisher(test.publisher).queued_messages, 0U);
}

TEST(Exchange, AccountsForWhatWasExchanged) {
  Delivering test(1);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(test.world.publish(0, test.publisher, Bytes(9)));
  test.world.run();
  test.world.advance(kAccountInterval);
  for (std::size_t at : {0U, 1U}) {
    ASSERT_EQ(test.world.node(at).count<Account>(), 1U);
    for (const ExchangeOutput& event : test.world.node(at).events)
      if (const auto* account = std::get_if<Account>(&event)) {
        EXPECT_EQ(account->what.messages, 3U);
        EXPECT_EQ(account->what.bytes, 30U);
        EXPECT_EQ(account->what.peer, test.world.node(1 - at).actor.identity);
      }
  }
}

/// Counts, and keeps what it is given without allocating.
struct FlatPipe {
  Bytes buffer = Bytes(1 << 20);
  std::size_t used = 0;
  std::vector<std::size_t> ends = std::vector<std::size_t>(64);
  std::size_t messages = 0;

  Result<void> send(std::initializer_list<ByteView> parts) {
    for (ByteView part : parts) {
      std::copy(part.begin(), part.end(), buffer.begin() + static_cast<std::ptrdiff_t>(used));
      used += part.size();
    }
    ends[messages++] = used;
    return {};
  }
};

TEST(Exchange, AllocatesForBlocksNotForMessages) {
  Delivering test(1);
  Exchange& from = *test.sender().exchange;
  Exchange& to = *test.world.node(1).exchange;
  const Bytes payload(16);
  FlatPipe forth;
  FlatPipe back;
  std::size_t delivered = 0;
  const auto round = [&](int count) {
    forth.used = forth.messages = back.used = back.messages = 0;
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE(from.publish(test.publisher, payload, test.world.now()));
    while (from.poll_output(test.world.now())) continue;
    (void)from.fill(test.world.peer(0, 1), SIZE_MAX, kith::overlay::MessageSink(forth),
                    test.world.now());
    for (std::size_t i = 0, at = 0; i < forth.messages; at = forth.ends[i++]) {
      const ByteView message = ByteView(forth.buffer).subspan(at, forth.ends[i] - at);
      ASSERT_TRUE(to.on_message(test.world.peer(1, 0), message, test.world.now()));
      while (const auto output = to.poll_output(test.world.now()))
        delivered += std::holds_alternative<kith::overlay::Delivered>(*output);
    }
    (void)to.fill(test.world.peer(1, 0), SIZE_MAX, kith::overlay::MessageSink(back),
                  test.world.now());
    ASSERT_EQ(back.messages, 1U);
    ASSERT_TRUE(from.on_message(test.world.peer(0, 1), ByteView(back.buffer).first(back.used),
                                test.world.now()));
    while (from.poll_output(test.world.now())) continue;
  };
  round(1'000);
  const kith::test::Allocations allocations;
  for (int i = 0; i < 10; ++i) round(1'000);
  EXPECT_EQ(delivered, 11'000U);
  // 170 kB in flight, in blocks of 4 kB and more; and their places in queues.
  EXPECT_LT(allocations.count(), 150U);
}

}  // namespace
}  // namespace kith::overlay::test
