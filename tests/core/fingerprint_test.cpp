#include <kith/fingerprint.hpp>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

Fingerprint random_fingerprint(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

/// A fingerprint that shares a random number of leading bits with `other`.
Fingerprint random_near(const Fingerprint& other, Random& random) {
  auto bytes = other.bytes();
  for (auto at = random.below(bytes.size() + 1); at < bytes.size(); ++at)
    bytes[at] = static_cast<Byte>(random.below(256));
  return Fingerprint(bytes);
}

/// `a + b` as a big-endian number, or all ones if it does not fit.
Fingerprint saturated_sum(const Fingerprint& a, const Fingerprint& b) {
  std::array<Byte, Fingerprint::kBytes> sum{};
  unsigned carry = 0;
  for (std::size_t i = sum.size(); i-- > 0;) {
    carry += static_cast<unsigned>(a.bytes()[i]) + b.bytes()[i];
    sum[i] = static_cast<Byte>(carry);
    carry >>= 8;
  }
  if (carry != 0) sum.fill(0xff);
  return Fingerprint(sum);
}

TEST(Fingerprint, ReadsBackBothTexts) {
  test::for_each_seed(200, [](Random& random) {
    const Fingerprint any = random_fingerprint(random);
    EXPECT_EQ(any.to_string().size(), 52U);
    EXPECT_EQ(Fingerprint::parse(any.to_string()), any);
    EXPECT_EQ(Fingerprint::parse(to_hex(any.view())), any);
    EXPECT_TRUE(any.to_string().starts_with(any.abbreviated()));
  });
}

TEST(Fingerprint, RefusesTextsOfOtherLengths) {
  for (const std::string& bad : {std::string(), std::string(51, 'a'), std::string(53, 'a'),
                                 std::string(63, '0'), std::string(65, '0'), std::string(52, '1')})
    EXPECT_EQ(Fingerprint::parse(bad), std::unexpected(Errc::bad_text)) << bad;
}

TEST(Fingerprint, IsMadeFromExactlyItsBytes) {
  EXPECT_EQ(Fingerprint::from_bytes(Bytes(31)), std::unexpected(Errc::out_of_range));
  EXPECT_EQ(Fingerprint::from_bytes(Bytes(33)), std::unexpected(Errc::out_of_range));
  EXPECT_EQ(Fingerprint::from_bytes(Bytes(32)), Fingerprint());
  EXPECT_TRUE(Fingerprint().is_zero());
}

TEST(Fingerprint, NumbersBitsFromTheMostSignificant) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  bytes[0] = 0x80;
  bytes[31] = 0x01;
  const Fingerprint ends(bytes);
  for (int index = 0; index < Fingerprint::kBits; ++index)
    EXPECT_EQ(ends.bit(index), index == 0 || index == 255) << index;
  EXPECT_EQ(ends.top64(), std::uint64_t{1} << 63);
}

TEST(Distance, IsAMetric) {
  test::for_each_seed(1000, [](Random& random) {
    const Fingerprint a = random_fingerprint(random);
    const Fingerprint b = random_near(a, random);
    const Fingerprint c = random_near(b, random);
    EXPECT_TRUE(distance(a, a).is_zero());
    EXPECT_EQ(distance(a, b).is_zero(), a == b);
    EXPECT_EQ(distance(a, b), distance(b, a));
    EXPECT_LE(distance(a, c), saturated_sum(distance(a, b), distance(b, c)));
    // One-sided: exactly one point lies at a given distance.
    EXPECT_EQ(distance(a, distance(a, b)), b);
  });
}

TEST(Distance, SharesPrefixBitsAsCountedOneByOne) {
  test::for_each_seed(1000, [](Random& random) {
    const Fingerprint a = random_fingerprint(random);
    const Fingerprint b = random_near(a, random);
    int shared = 0;
    while (shared < Fingerprint::kBits && a.bit(shared) == b.bit(shared)) ++shared;
    EXPECT_EQ(shared_prefix_bits(a, b), shared);
    EXPECT_EQ(shared_prefix_bits(a, a), Fingerprint::kBits);
  });
}

TEST(Distance, OrdersAsItsFirstDifferingBitSays) {
  test::for_each_seed(1000, [](Random& random) {
    const Fingerprint target = random_fingerprint(random);
    const Fingerprint a = random_near(target, random);
    const Fingerprint b = random_near(a, random);
    const int bit = shared_prefix_bits(a, b);
    const bool closer = bit < Fingerprint::kBits && a.bit(bit) == target.bit(bit);
    EXPECT_EQ(is_closer(target, a, b), closer);
  });
}

}  // namespace
}  // namespace kith
