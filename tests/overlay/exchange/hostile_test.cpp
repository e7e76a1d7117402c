#include <chrono>
#include <deque>
#include <optional>

#include <gtest/gtest.h>

#include "tests/overlay/exchange/world.hpp"
#include "tests/support/for_each_seed.hpp"
#include "tokens/issue.hpp"

/// Peers that lie.
namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

/// An honest sender (node 0) and receiver (node 1) with an open channel; and somebody (node 2) who
/// has sessions with both.
struct Hostile : testing::Test {
  SeededRandom random{1};
  World world{random, 3};
  PublisherId publisher = world.advertise(0);
  SubscriptionId subscription = world.subscribe(1, {.audience = {}, .credit = 8});
  ChannelNumber sender_channel{};
  ChannelNumber receiver_channel{};
  std::uint64_t epoch = 0;
  std::deque<IntentToken> intents;

  void SetUp() override {
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
    world.connect(0, 2);
    world.connect(1, 2);
    world.fill(1, 0);
    world.deliver(1, 0);
    world.fill(0, 1);
    const auto decoded = decode_exchange_message(world.pipe(0, 1).front());
    const auto& accept = std::get<AcceptMessage>(*decoded);
    sender_channel = accept.sender_channel;
    receiver_channel = accept.receiver_channel;
    epoch = accept.publisher_epoch;
    world.run();
  }

  Errc to_sender(std::size_t from, ByteView message) {
    const auto result = world.inject(from, 0, message);
    return result ? Errc::closed : result.error();
  }
  Errc to_receiver(std::size_t from, ByteView message) {
    const auto result = world.inject(from, 1, message);
    return result ? Errc::closed : result.error();
  }
  static Bytes credit(ChannelNumber channel, std::uint64_t acknowledged, std::uint64_t messages,
                      std::uint64_t bytes = kWindowBytes) {
    Bytes out;
    encode(CreditMessage{channel, acknowledged, messages, bytes}, out);
    return out;
  }
  static Bytes data(ChannelNumber channel, std::uint64_t first, ByteView payloads) {
    Bytes out;
    encode_header(DataMessage{channel, first, payloads}, out);
    append(out, payloads);
    return out;
  }
  static Bytes expired(ChannelNumber channel, std::uint64_t next) {
    Bytes out;
    encode(ExpiredMessage{channel, next}, out);
    return out;
  }
  OpenMessage open(const IntentToken& intent) {
    return {.receiver_channel = ChannelNumber{0},
            .subscription_epoch = 77,
            .identity = world.node(0).actor.identity,
            .role = IntentRole::send,
            .credit_messages = 8,
            .credit_bytes = 1'000,
            .intent = intent.token.raw()};
  }
  /// Stays valid, so that messages may refer to it.
  const IntentToken& intent_of(std::size_t who, Fingerprint node) {
    IntentTokenParams params;
    params.subject = *subject_id({}, "news");
    params.issued_at = world.now().wall;
    params.life = 1h;
    params.role = IntentRole::receive;
    params.node = node;
    return intents.emplace_back(
        issue_intent_token(params, world.node(who).actor.identity_key, signatures(), random)
            .value());
  }
  /// Node 2 asks for the publisher, for one of its subscriptions.
  Errc open_for(std::uint64_t subscription_number) {
    OpenMessage message = open(intent_of(2, world.node(2).actor.node));
    message.receiver_channel = ChannelNumber{subscription_number};
    message.subscription_epoch = 100 + subscription_number;
    return to_sender(2, encode(message));
  }
  /// Why node 2 was refused what it asked for last, if it was.
  std::optional<RefuseReason> refusal() {
    world.fill(0, 2);
    const auto answer = decode_exchange_message(world.pipe(0, 2).back());
    const auto* refuse = answer ? std::get_if<RefuseMessage>(&*answer) : nullptr;
    return refuse == nullptr ? std::nullopt : std::optional(refuse->reason);
  }
  std::size_t receivers() { return world.node(0).exchange->publisher(publisher).receivers; }
};

constexpr Errc kAccepted = Errc::closed;

TEST_F(Hostile, MayNotAcknowledgeWhatWasNotSent) {
  EXPECT_EQ(to_sender(1, credit(sender_channel, 1, 100)), Errc::protocol_error);
}

TEST_F(Hostile, MayNotTakeCreditBack) {
  EXPECT_EQ(to_sender(1, credit(sender_channel, 0, 7)), Errc::protocol_error);
  EXPECT_EQ(to_sender(1, credit(sender_channel, 0, 8, kWindowBytes - 1)), Errc::protocol_error);
  EXPECT_EQ(to_sender(1, credit(sender_channel, 0, 8)), kAccepted);
}

TEST_F(Hostile, MayNotUseTheChannelsOfOthers) {
  EXPECT_EQ(to_sender(2, credit(sender_channel, 0, 100)), Errc::protocol_error);
  EXPECT_EQ(to_sender(2, encode(CloseMessage{true, sender_channel})), Errc::protocol_error);
  EXPECT_EQ(to_receiver(2, data(receiver_channel, 0, Bytes{1, 'x'})), Errc::protocol_error);
  EXPECT_EQ(to_receiver(2, expired(receiver_channel, 5)), Errc::protocol_error);
  EXPECT_EQ(to_receiver(2, encode(CloseMessage{false, receiver_channel})), Errc::protocol_error);
  EXPECT_TRUE(world.node(1).payloads(subscription).empty());
}

TEST_F(Hostile, MayNotNameChannelsThatNeverWere) {
  for (std::uint64_t number : {std::uint64_t{3}, std::uint64_t{1} << 24, ~std::uint64_t{0}}) {
    const ChannelNumber channel{number};
    EXPECT_EQ(to_sender(1, credit(channel, 0, 100)), Errc::protocol_error);
    EXPECT_EQ(to_sender(1, encode(CloseMessage{true, channel})), Errc::protocol_error);
    EXPECT_EQ(to_receiver(0, data(channel, 0, Bytes{1, 'x'})), Errc::protocol_error);
    EXPECT_EQ(to_receiver(0, encode(RefuseMessage{channel, {}})), Errc::protocol_error);
  }
}

TEST_F(Hostile, MayBeLateForAChannelThatIsOver) {
  world.node(1).exchange->remove_subscription(subscription);
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 0, Bytes{1, 'x'})), kAccepted);
  EXPECT_EQ(to_receiver(0, expired(receiver_channel, 5)), kAccepted);
  world.run();
  EXPECT_EQ(to_sender(1, credit(sender_channel, 0, 100)), kAccepted);
}

TEST_F(Hostile, MayNotSendBeyondTheCredit) {
  Bytes payloads;
  for (int i = 0; i < 9; ++i) append(payloads, Bytes{1, 'x'});
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 0, payloads)), Errc::protocol_error);
  payloads.resize(16);
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 0, payloads)), kAccepted);
}

TEST_F(Hostile, MayNotLeaveMessagesOut) {
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 1, Bytes{1, 'x'})), Errc::protocol_error);
}

TEST_F(Hostile, MayNotGoBackByExpiry) {
  EXPECT_EQ(to_receiver(0, expired(receiver_channel, 5)), kAccepted);
  EXPECT_EQ(to_receiver(0, expired(receiver_channel, 4)), Errc::protocol_error);
}

TEST_F(Hostile, MayExpireUpToTheEndOfSequencesAndNoFurther) {
  EXPECT_EQ(to_receiver(0, expired(receiver_channel, kSequenceMax)), kAccepted);
  EXPECT_EQ(to_receiver(0, data(receiver_channel, kSequenceMax, Bytes{1, 'x'})),
            Errc::protocol_error);
}

TEST_F(Hostile, DeliversADuplicateOnce) {
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 0, Bytes{1, 'x'})), kAccepted);
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 0, Bytes{1, 'x', 1, 'y'})), kAccepted);
  EXPECT_EQ(world.node(1).payloads(subscription), (std::vector<Bytes>{{'x'}, {'y'}}));
}

TEST_F(Hostile, DeliversNothingOfAMessageThatIsMalformed) {
  EXPECT_EQ(to_receiver(0, data(receiver_channel, 0, Bytes{1, 'x', 9, 'y'})), Errc::truncated);
  EXPECT_TRUE(world.node(1).payloads(subscription).empty());
}

TEST_F(Hostile, MayNotAcceptTwice) {
  const auto& intent = world.node(0).publishers.at(publisher);
  EXPECT_EQ(to_receiver(0, encode(AcceptMessage{receiver_channel, sender_channel, epoch, 0,
                                                intent.token.raw()})),
            Errc::protocol_error);
}

TEST_F(Hostile, MayNotRefuseWhatItAccepted) {
  EXPECT_EQ(to_receiver(0, encode(RefuseMessage{receiver_channel, {}})), Errc::protocol_error);
}

TEST_F(Hostile, MayNotOpenAChannelTwice) {
  const IntentToken& intent = intent_of(2, world.node(2).actor.node);
  EXPECT_EQ(to_sender(2, encode(open(intent))), kAccepted);
  EXPECT_EQ(world.node(0).count<PublisherMatched>(), 2U);
  EXPECT_EQ(to_sender(2, encode(open(intent))), Errc::protocol_error);
}

TEST_F(Hostile, MayNotShowTheIntentOfAnotherNode) {
  EXPECT_EQ(to_sender(2, encode(open(intent_of(1, world.node(1).actor.node)))), Errc::wrong_key);
}

TEST_F(Hostile, MayNotForgeAnIntent) {
  const IntentToken& intent = intent_of(2, world.node(2).actor.node);
  Bytes forged(intent.token.raw().begin(), intent.token.raw().end());
  forged.back() ^= 1;
  OpenMessage message = open(intent);
  message.intent = forged;
  EXPECT_EQ(to_sender(2, encode(message)), Errc::bad_signature);
  EXPECT_EQ(world.node(0).count<PublisherMatched>(), 1U);
}

TEST_F(Hostile, IsRefusedWithAnIntentThatIsOver) {
  const IntentToken& intent = intent_of(2, world.node(2).actor.node);
  world.advance(2h);
  EXPECT_EQ(to_sender(2, encode(open(intent))), kAccepted);
  EXPECT_EQ(world.node(0).count<PublisherMatched>(), 1U);
  world.fill(0, 2);
  const auto answer = decode_exchange_message(world.pipe(0, 2).front());
  ASSERT_TRUE(answer && std::holds_alternative<RefuseMessage>(*answer));
  EXPECT_EQ(std::get<RefuseMessage>(*answer).reason, RefuseReason::not_authorized);
}

TEST_F(Hostile, IsRefusedWhatNobodyOffers) {
  OpenMessage message = open(intent_of(2, world.node(2).actor.node));
  message.role = IntentRole::both;
  EXPECT_EQ(to_sender(2, encode(message)), kAccepted);
  world.fill(0, 2);
  const auto answer = decode_exchange_message(world.pipe(0, 2).front());
  ASSERT_TRUE(answer && std::holds_alternative<RefuseMessage>(*answer));
  EXPECT_EQ(std::get<RefuseMessage>(*answer).reason, RefuseReason::unknown_intent);
}

TEST_F(Hostile, MayNotResumeBeyondWhatWasSent) {
  world.lose(0, 1);
  world.connect(0, 1);
  world.fill(1, 0);
  const auto decoded = decode_exchange_message(world.pipe(1, 0).front());
  OpenMessage message = std::get<OpenMessage>(*decoded);
  message.next = 1;
  EXPECT_EQ(to_sender(1, encode(message)), Errc::protocol_error);
}

TEST_F(Hostile, MayNotAcceptInAnothersName) {
  world.lose(0, 1);
  world.connect(0, 1);
  world.fill(1, 0);
  // A token of the same subject and node, of another identity.
  const IntentToken& intent = intent_of(2, world.node(0).actor.node);
  EXPECT_EQ(to_receiver(0, encode(AcceptMessage{receiver_channel, sender_channel, epoch, 0,
                                                intent.token.raw()})),
            Errc::wrong_key);
}

TEST_F(Hostile, MayNotGoBackWhenItAcceptsAgain) {
  ASSERT_EQ(to_receiver(0, data(receiver_channel, 0, Bytes{1, 'x'})), kAccepted);
  world.lose(0, 1);
  world.connect(0, 1);
  world.fill(1, 0);
  const auto& intent = world.node(0).publishers.at(publisher);
  EXPECT_EQ(to_receiver(0, encode(AcceptMessage{receiver_channel, sender_channel, epoch, 0,
                                                intent.token.raw()})),
            Errc::protocol_error);
}

TEST_F(Hostile, IsStoppedWhenItAsksAndDoesNotRead) {
  OpenMessage message = open(intent_of(2, world.node(2).actor.node));
  message.role = IntentRole::both;
  const Bytes bytes = encode(message);
  for (std::size_t i = 0; i < kAnswersPerPeerMax; ++i) ASSERT_EQ(to_sender(2, bytes), kAccepted);
  EXPECT_EQ(to_sender(2, bytes), Errc::limit_reached);
}

TEST_F(Hostile, IsStoppedWhenItOpensAndClosesAndDoesNotRead) {
  const Bytes bytes = encode(open(intent_of(2, world.node(2).actor.node)));
  // The second place of the sender's table, taken again and again.
  const auto close = [](std::uint64_t turn) {
    return encode(CloseMessage{true, ChannelNumber{turn << 24 | 1}});
  };
  for (std::size_t i = 0; i < kAnswersPerPeerMax; ++i) {
    ASSERT_EQ(to_sender(2, bytes), kAccepted);
    ASSERT_EQ(to_sender(2, close(i)), kAccepted);
  }
  EXPECT_EQ(to_sender(2, bytes), Errc::limit_reached);
}

TEST_F(Hostile, IsStoppedWhenItIsRefusedByThePolicyAndDoesNotRead) {
  world.node(0).verdict = false;
  const Bytes bytes = encode(open(intent_of(2, world.node(2).actor.node)));
  for (std::size_t i = 0; i < kAnswersPerPeerMax; ++i) ASSERT_EQ(to_sender(2, bytes), kAccepted);
  EXPECT_EQ(to_sender(2, bytes), Errc::limit_reached);
}

TEST_F(Hostile, IsRefusedMoreOpeningsThanThePolicyCanKeepUpWith) {
  world.node(0).verdict.reset();
  const IntentToken& intent = intent_of(2, world.node(2).actor.node);
  OpenMessage message = open(intent);
  for (std::size_t i = 0; i <= kOpeningsPerPeerMax; ++i) {
    message.subscription_epoch = 100 + i;
    ASSERT_EQ(to_sender(2, encode(message)), kAccepted);
  }
  EXPECT_EQ(world.node(0).questions.size(), kOpeningsPerPeerMax);
}

TEST_F(Hostile, IsRefusedMoreChannelsOfOnePublisherThanANodeMayHave) {
  for (std::size_t i = 0; i < kChannelsPerPublisherAndPeerMax; ++i)
    ASSERT_EQ(open_for(i), kAccepted);
  EXPECT_FALSE(refusal());
  EXPECT_EQ(open_for(kChannelsPerPublisherAndPeerMax), kAccepted);
  EXPECT_EQ(refusal(), RefuseReason::limit_reached);
  EXPECT_EQ(receivers(), 1 + kChannelsPerPublisherAndPeerMax);
}

TEST_F(Hostile, IsRefusedChannelsBeyondThatHoweverLateThePolicyIs) {
  world.node(0).verdict.reset();
  for (std::size_t i = 0; i <= kChannelsPerPublisherAndPeerMax; ++i)
    ASSERT_EQ(open_for(i), kAccepted);
  while (!world.node(0).questions.empty()) world.answer(0, true);
  EXPECT_EQ(refusal(), RefuseReason::limit_reached);
  EXPECT_EQ(receivers(), 1 + kChannelsPerPublisherAndPeerMax);
}

TEST_F(Hostile, MayOpenAgainAsManyChannelsAsANodeMayHave) {
  for (std::size_t i = 0; i < kChannelsPerPublisherAndPeerMax; ++i)
    ASSERT_EQ(open_for(i), kAccepted);
  world.lose(0, 2);
  world.connect(0, 2);
  EXPECT_EQ(open_for(0), kAccepted);
  EXPECT_FALSE(refusal());
  EXPECT_EQ(receivers(), 1 + kChannelsPerPublisherAndPeerMax);
}

TEST_F(Hostile, IsNotRememberedForEverWhatItWasSentAndNeverAcknowledges) {
  const auto ledger = [&] { return world.node(0).exchange->ledger(publisher); };
  const auto publish = [&](int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(world.publish(0, publisher, "x"));
  };
  publish(8);
  world.fill(0, 1);
  // One of two is sent each time, the other expires.
  const std::uint64_t rounds = kGapsMax + 10;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    publish(2);
    ASSERT_EQ(to_sender(1, credit(sender_channel, 0, 9 + 2 * i)), kAccepted);
    world.fill(0, 1);
    world.advance(61s);
    world.sanity_check();
  }
  EXPECT_EQ(ledger().in_flight(), 8 + kGapsMax);
  EXPECT_EQ(ledger().expired, 2 * rounds - kGapsMax);
  EXPECT_EQ(to_sender(1, credit(sender_channel, 8 + 2 * rounds, 8 + 2 * rounds)), kAccepted);
  EXPECT_EQ(ledger().in_flight(), 0U);
  EXPECT_EQ(ledger().delivered, 8 + kGapsMax);
  world.sanity_check();
}

void flip_bit(Bytes& bytes, Random& random) {
  Byte& byte = bytes[random.below(bytes.size())];
  byte = static_cast<Byte>(byte ^ 1U << random.below(8));
}

/// Whatever a peer makes of the messages of an honest one, the machine stays sound.
TEST(HostileLaw, KeepsTheMachineSound) {
  kith::test::for_each_seed(300, [](Random& random) {
    World world(random, 2);
    const PublisherId publisher = world.advertise(0, {.audience = {}, .time_to_live = 100ms});
    const SubscriptionId subscription = world.subscribe(1, {.audience = {}, .credit = 4});
    world.match(0, publisher, 1, subscription);
    world.connect(0, 1);
    for (int i = 0; i < 100; ++i) {
      const std::size_t from = random.below(2);
      if (random.below(3) == 0) (void)world.publish(0, publisher, Bytes(random.below(30)));
      if (random.below(10) == 0)
        world.advance(Duration(static_cast<std::int64_t>(random.below(90'000))));
      (void)world.fill(from, 1 - from);
      auto& pipe = world.pipe(from, 1 - from);
      if (pipe.empty()) continue;
      Bytes message = pipe.front();
      if (random.below(3) == 0) flip_bit(message, random);
      if (random.below(3) != 0) pipe.pop_front();
      (void)world.inject(from, 1 - from, message);
      world.sanity_check();
    }
  });
}

}  // namespace
}  // namespace kith::overlay::test
