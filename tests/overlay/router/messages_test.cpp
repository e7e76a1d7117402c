#include "overlay/router/messages.hpp"

#include <array>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

Fingerprint random_id(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

TEST(RouteMessage, SurvivesTheWire) {
  kith::test::for_each_seed(1000, [](SeededRandom& random) {
    Bytes payload(1 + random.below(300));
    random.fill(payload);
    RouteMessage message;
    message.number = static_cast<std::uint32_t>(random.next_u64());
    message.key = random_id(random);
    if (random.below(2) == 0) message.target = random_id(random);
    if (random.below(2) == 0) message.avoid = random_id(random);
    message.hops_left = static_cast<std::uint8_t>(random.below(256));
    message.recorded = random.below(2) == 0;
    message.payload = payload;
    const Bytes bytes = encode(message);
    const auto decoded = decode_route(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encode(*decoded), bytes);
    EXPECT_EQ(decoded->target, message.target);
    EXPECT_EQ(decoded->avoid, message.avoid);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      EXPECT_FALSE(decode_route(ByteView(bytes).first(cut)));
  });
}

TEST(AnswerMessage, SurvivesTheWire) {
  kith::test::for_each_seed(1000, [](SeededRandom& random) {
    AnswerMessage message;
    message.number = static_cast<std::uint32_t>(random.next_u64());
    message.status = static_cast<AnswerStatus>(random.below(3));
    message.hops = static_cast<std::uint8_t>(random.below(256));
    for (std::uint64_t i = random.below(5); i > 0; --i) message.record.push_back(random_id(random));
    const Bytes bytes = encode(message);
    const auto decoded = decode_answer(bytes);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(encode(*decoded), bytes);
    EXPECT_EQ(decoded->record, message.record);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      EXPECT_FALSE(decode_answer(ByteView(bytes).first(cut)));
  });
}

TEST(RouteMessage, IsRefusedWithATargetThatIsNoFingerprint) {
  RouteMessage message;
  const Bytes payload{1};
  message.payload = payload;
  Bytes bytes = encode(message);
  // The empty target: c4 00 after the key.
  const std::size_t target = 1 + 1 + 1 + 2 + Fingerprint::kBytes;
  ASSERT_EQ(bytes[target], 0xc4);
  bytes[target + 1] = 1;
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(target) + 2, 0x55);
  EXPECT_FALSE(decode_route(bytes));
}

}  // namespace
}  // namespace kith::overlay
