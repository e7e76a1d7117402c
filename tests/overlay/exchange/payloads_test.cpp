#include "overlay/exchange/payloads.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

Bytes framed(ByteView payload) {
  Bytes out(framed_bytes(payload.size()));
  put_payload(payload, out.data());
  return out;
}

TEST(Payloads, ReadAsTheyWereWritten) {
  const std::vector<std::size_t> sizes{0,      1,      126,    127,    128,       129,
                                       16'383, 16'384, 16'385, 70'000, 1'000'000, kPayloadBytesMax};
  Bytes run;
  for (std::size_t size : sizes) append(run, framed(Bytes(size, static_cast<Byte>(size))));
  ASSERT_EQ(count_payloads(run), sizes.size());
  PayloadCursor cursor(run);
  for (std::size_t size : sizes) {
    ASSERT_FALSE(cursor.at_end());
    const ByteView payload = cursor.next();
    EXPECT_EQ(Bytes(payload.begin(), payload.end()), Bytes(size, static_cast<Byte>(size)));
  }
  EXPECT_TRUE(cursor.at_end());
}

TEST(Payloads, MustBeWhole) {
  Bytes run = framed(Bytes(200));
  for (std::size_t size = 1; size < run.size(); ++size)
    EXPECT_EQ(count_payloads(ByteView(run).first(size)).error(), Errc::truncated) << size;
}

TEST(Payloads, HaveTheShortestLengths) {
  EXPECT_EQ(count_payloads(Bytes{0x80, 0x00}).error(), Errc::not_canonical);
  EXPECT_EQ(count_payloads(Bytes{0x81, 0x00, 7}).error(), Errc::not_canonical);
  EXPECT_EQ(count_payloads(Bytes{0x81, 0x80, 0x00, 7}).error(), Errc::not_canonical);
}

TEST(Payloads, AreNotTooLong) {
  Bytes longest = framed(Bytes(kPayloadBytesMax));
  EXPECT_EQ(count_payloads(longest), 1U);
  ++longest[0];
  longest.push_back(0);
  EXPECT_EQ(count_payloads(longest).error(), Errc::too_long);
  EXPECT_EQ(count_payloads(Bytes{0x80, 0x80, 0x80, 0x01}).error(), Errc::too_long);
}

TEST(Payloads, AreWalkedOverInAsManyStepsAsTheyWereCounted) {
  kith::test::for_each_seed(2'000, [](Random& random) {
    Bytes run(random.below(40));
    for (Byte& byte : run)
      byte = static_cast<Byte>(random.below(3) == 0 ? random.next_u64() : random.below(6));
    const auto count = count_payloads(run);
    if (!count) return;
    PayloadCursor cursor(run);
    Bytes again;
    for (std::uint64_t i = 0; i < *count; ++i) append(again, framed(cursor.next()));
    EXPECT_TRUE(cursor.at_end());
    EXPECT_EQ(to_hex(again), to_hex(run));
  });
}

}  // namespace
}  // namespace kith::overlay
