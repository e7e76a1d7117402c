#include "overlay/session/payload.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/codec/writer.hpp"
#include "core/crypto/sodium.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

constexpr PayloadKeys kAll{PayloadKey::token,       PayloadKey::time,  PayloadKey::ticket,
                           PayloadKey::certificate, PayloadKey::about, PayloadKey::early,
                           PayloadKey::join,        PayloadKey::site,  PayloadKey::node,
                           PayloadKey::signature};
constexpr PayloadSchema kAnything{.required = {}, .optional = kAll};

/// How a payload with one value of this length under `key` is read.
Errc read_with(PayloadKey key, std::size_t bytes) {
  const Bytes value(bytes, 'x');
  Payload payload;
  payload.set(key, value);
  const auto read = decode_payload(kAnything, encode_payload(payload));
  return read ? Errc::closed : read.error();
}

TEST(Payload, IsReadAsItWasWritten) {
  kith::test::for_each_seed(200, [](Random& random) {
    constexpr std::size_t kLengths[kPayloadKeys] = {300, 0, 32, 2048, 16, 1024, 2048, 255, 32, 64};
    const Bytes filler(2048, 'f');
    Payload payload;
    for (std::size_t i = 0; i < kPayloadKeys; ++i) {
      if (random.below(2) == 0) continue;
      const auto key = static_cast<PayloadKey>(i);
      if (key == PayloadKey::time) {
        payload.set_time(random.next_u64() >> random.below(64));
      } else {
        payload.set(key, ByteView(filler).first(kLengths[i]));
      }
    }
    const Bytes encoded = encode_payload(payload);
    ASSERT_EQ(encoded.size() % kPayloadBlock, 0U);
    const auto read = decode_payload(kAnything, encoded);
    ASSERT_TRUE(read);
    for (std::size_t i = 0; i < kPayloadKeys; ++i) {
      const auto key = static_cast<PayloadKey>(i);
      ASSERT_EQ(read->has(key), payload.has(key));
      if (key == PayloadKey::time || !payload.has(key)) continue;
      ASSERT_TRUE(std::ranges::equal(read->get(key), payload.get(key)));
    }
    ASSERT_EQ(read->time(), payload.time());
  });
}

TEST(Payload, R17_RefusesValuesOfAnotherLength) {
  EXPECT_EQ(read_with(PayloadKey::token, 1024), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::token, 1025), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::token, 0), Errc::closed);
  EXPECT_EQ(read_with(PayloadKey::join, 2048), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::join, 2049), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::join, 0), Errc::closed);
  EXPECT_EQ(read_with(PayloadKey::certificate, 2048), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::certificate, 2049), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::certificate, 0), Errc::closed);
  EXPECT_EQ(read_with(PayloadKey::early, 1024), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::early, 1025), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::early, 0), Errc::closed);
  for (PayloadKey key : {PayloadKey::ticket, PayloadKey::node}) {
    EXPECT_NE(read_with(key, 31), Errc::closed);
    EXPECT_EQ(read_with(key, 32), Errc::closed);
    EXPECT_NE(read_with(key, 33), Errc::closed);
  }
  EXPECT_NE(read_with(PayloadKey::about, 15), Errc::closed);
  EXPECT_EQ(read_with(PayloadKey::about, 16), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::about, 17), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::signature, 63), Errc::closed);
  EXPECT_EQ(read_with(PayloadKey::signature, 64), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::signature, 65), Errc::closed);
  EXPECT_EQ(read_with(PayloadKey::site, 255), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::site, 256), Errc::closed);
  EXPECT_NE(read_with(PayloadKey::site, 0), Errc::closed);
}

Bytes padded_map(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> pairs) {
  Bytes bytes;
  codec::Writer writer(bytes);
  writer.map(pairs.size());
  for (const auto& [key, value] : pairs) writer.unsigned_number(key).unsigned_number(value);
  crypto::pad(bytes, kPayloadBlock);
  return bytes;
}

TEST(Payload, RefusesKeysThatHaveNoPlace) {
  const PayloadSchema time_only{.required = {PayloadKey::time}, .optional = {}};
  EXPECT_TRUE(decode_payload(time_only, padded_map({{1, 5}})));
  EXPECT_EQ(decode_payload(time_only, padded_map({})).error(), Errc::missing_key);
  EXPECT_EQ(decode_payload(time_only, padded_map({{1, 5}, {1, 6}})).error(), Errc::duplicate_key);
  EXPECT_EQ(decode_payload(time_only, padded_map({{1, 5}, {7, 6}})).error(), Errc::unexpected_key);
  EXPECT_EQ(decode_payload(time_only, padded_map({{1, 5}, {10, 6}})).error(), Errc::unexpected_key);
  EXPECT_EQ(decode_payload(kAnything, padded_map({{0, 5}})).error(), Errc::wrong_type);
}

TEST(Payload, RefusesOtherPadding) {
  const PayloadSchema nothing;
  Bytes empty_map{0x80};
  EXPECT_EQ(decode_payload(nothing, empty_map).error(), Errc::bad_padding);
  empty_map.resize(kPayloadBlock);
  // The map itself looks like padding: nothing is left of it.
  EXPECT_FALSE(decode_payload(nothing, empty_map));
  EXPECT_FALSE(decode_payload(nothing, Bytes(kPayloadBlock)));
  EXPECT_FALSE(decode_payload(nothing, {}));
  EXPECT_TRUE(decode_payload(nothing, padded_map({})));
}

TEST(Payload, RefusesMorePaddingThanItNeeds) {
  Bytes bytes = padded_map({});
  bytes.resize(2 * kPayloadBlock);
  EXPECT_EQ(decode_payload(PayloadSchema{}, bytes).error(), Errc::bad_padding);
}

TEST(Payload, RefusesWhatFollowsTheMap) {
  Bytes bytes{0x80, 0x00};
  crypto::pad(bytes, kPayloadBlock);
  EXPECT_EQ(decode_payload(PayloadSchema{}, bytes).error(), Errc::trailing_bytes);
}

}  // namespace
}  // namespace kith::overlay
