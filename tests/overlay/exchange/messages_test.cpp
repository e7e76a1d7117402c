#include "overlay/exchange/messages.hpp"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/exchange/limits.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

const Bytes kIntent{1, 2, 3};

OpenMessage an_open() {
  return {.receiver_channel = ChannelNumber{5},
          .subscription_epoch = 6,
          .identity = Fingerprint{},
          .role = IntentRole::both,
          .publisher_epoch = 7,
          .next = 300,
          .credit_messages = 16,
          .credit_bytes = 4'194'304,
          .intent = kIntent};
}

Bytes encoded(const CreditMessage& message) {
  Bytes out;
  encode(message, out);
  return out;
}

Bytes encoded(const ExpiredMessage& message) {
  Bytes out;
  encode(message, out);
  return out;
}

Bytes encoded(const DataMessage& message) {
  Bytes out;
  encode_header(message, out);
  append(out, message.payloads);
  return out;
}

/// One message of each kind as it goes over the wire: what docs/protocol.md shows.
TEST(ExchangeMessages, HaveTheirFormOnTheWire) {
  const std::string zeros(64, '0');
  EXPECT_EQ(to_hex(encode(an_open())),
            "9a30"
            "05"
            "06"
            "c420" +
                zeros +
                "03"
                "07"
                "cd012c"
                "10"
                "ce00400000"
                "c403010203");
  EXPECT_EQ(to_hex(encode(AcceptMessage{ChannelNumber{5}, ChannelNumber{8}, 7, 300, kIntent})),
            "9631"
            "05"
            "08"
            "07"
            "cd012c"
            "c403010203");
  EXPECT_EQ(to_hex(encode(RefuseMessage{ChannelNumber{5}, RefuseReason::not_authorized})),
            "9332"
            "05"
            "01");
  EXPECT_EQ(to_hex(encoded(DataMessage{ChannelNumber{5}, 300, as_bytes("\x02hi\x01!")})),
            "9333"
            "05"
            "cd012c"
            "026869"
            "0121");
  EXPECT_EQ(to_hex(encoded(CreditMessage{ChannelNumber{8}, 302, 1326, 4'194'304})),
            "9534"
            "08"
            "cd012e"
            "cd052e"
            "ce00400000");
  EXPECT_EQ(to_hex(encoded(ExpiredMessage{ChannelNumber{5}, 400})),
            "9335"
            "05"
            "cd0190");
  EXPECT_EQ(to_hex(encode(CloseMessage{true, ChannelNumber{8}})),
            "9336"
            "c3"
            "08");
}

TEST(ExchangeMessages, ReadAsTheyWereWritten) {
  const Bytes opening = encode(an_open());
  const auto open = decode_exchange_message(opening);
  ASSERT_TRUE(open && std::holds_alternative<OpenMessage>(*open));
  EXPECT_EQ(encode(std::get<OpenMessage>(*open)), opening);
  const DataMessage data{ChannelNumber{70'000}, kSequenceMax,
                         as_bytes("\x03"
                                  "abc")};
  const Bytes bytes = encoded(data);
  const auto read = decode_exchange_message(bytes);
  ASSERT_TRUE(read && std::holds_alternative<DataMessage>(*read));
  EXPECT_EQ(encoded(std::get<DataMessage>(*read)), bytes);
}

/// What is taken for a message is the only encoding of it.
Bytes encode_again(const ExchangeMessage& message) {
  return std::visit(
      [](const auto& what) {
        if constexpr (requires { encoded(what); })
          return encoded(what);
        else
          return encode(what);
      },
      message);
}

TEST(ExchangeMessages, HaveOneEncodingEach) {
  const std::vector<Bytes> messages{
      encode(an_open()),
      encode(AcceptMessage{ChannelNumber{5}, ChannelNumber{8}, 7, 300, kIntent}),
      encode(RefuseMessage{ChannelNumber{5}, RefuseReason::limit_reached}),
      encoded(DataMessage{ChannelNumber{5}, 300, as_bytes("\x02hi")}),
      encoded(CreditMessage{ChannelNumber{8}, 302, 1326, 9}),
      encoded(ExpiredMessage{ChannelNumber{5}, 400}),
      encode(CloseMessage{false, ChannelNumber{8}})};
  kith::test::for_each_seed(2'000, [&](Random& random) {
    Bytes bytes = messages[random.below(messages.size())];
    bytes[random.below(bytes.size())] = static_cast<Byte>(random.next_u64());
    if (random.below(4) == 0) bytes.resize(random.below(bytes.size() + 1));
    const auto message = decode_exchange_message(bytes);
    if (message) {
      EXPECT_EQ(to_hex(encode_again(*message)), to_hex(bytes));
    }
  });
}

TEST(ExchangeMessages, RefuseWhatIsCutShort) {
  const Bytes whole = encode(an_open());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(decode_exchange_message(ByteView(whole).first(size))) << size;
  EXPECT_FALSE(decode_exchange_message(encoded(DataMessage{ChannelNumber{5}, 300, {}})));
}

TEST(ExchangeMessages, RefuseWhatGoesOn) {
  Bytes bytes = encode(an_open());
  bytes.push_back(0);
  EXPECT_EQ(decode_exchange_message(bytes).error(), Errc::trailing_bytes);
}

TEST(ExchangeMessages, RefuseOtherKinds) {
  EXPECT_EQ(decode_exchange_message(Bytes{0x92, 1, 0}).error(), Errc::unknown_kind);
}

TEST(ExchangeMessages, RefuseTheEpochZero) {
  OpenMessage open = an_open();
  open.subscription_epoch = 0;
  EXPECT_EQ(decode_exchange_message(encode(open)).error(), Errc::out_of_range);
  EXPECT_EQ(decode_exchange_message(
                encode(AcceptMessage{ChannelNumber{5}, ChannelNumber{8}, 0, 300, kIntent}))
                .error(),
            Errc::out_of_range);
}

TEST(ExchangeMessages, RefuseASequenceOfAnUnknownPublisher) {
  OpenMessage open = an_open();
  open.publisher_epoch = 0;
  EXPECT_EQ(decode_exchange_message(encode(open)).error(), Errc::out_of_range);
}

TEST(ExchangeMessages, RefuseToReceiveFromAReceiver) {
  OpenMessage open = an_open();
  open.role = IntentRole::receive;
  EXPECT_EQ(decode_exchange_message(encode(open)).error(), Errc::out_of_range);
}

TEST(ExchangeMessages, RefuseSequencesBeyondTheEnd) {
  EXPECT_EQ(
      decode_exchange_message(encoded(ExpiredMessage{ChannelNumber{5}, kSequenceMax + 1})).error(),
      Errc::out_of_range);
}

}  // namespace
}  // namespace kith::overlay
