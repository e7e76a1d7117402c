#include "core/siphash.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace kith {
namespace {

SipKey reference_key() {
  SipKey key{};
  std::iota(key.begin(), key.end(), Byte{0});
  return key;
}

std::uint64_t hash_of_first(std::size_t count) {
  Bytes bytes(count);
  std::iota(bytes.begin(), bytes.end(), Byte{0});
  return siphash(reference_key(), bytes);
}

// From vectors_sip64 of the reference implementation, and appendix A of the paper.
TEST(SipHash, AgreesWithTheReferenceVectors) {
  EXPECT_EQ(hash_of_first(0), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(hash_of_first(1), 0x74f839c593dc67fdU);
  EXPECT_EQ(hash_of_first(7), 0xab0200f58b01d137U);
  EXPECT_EQ(hash_of_first(8), 0x93f5f5799a932462U);
  EXPECT_EQ(hash_of_first(15), 0xa129ca6149be45e5U);
}

TEST(SipHash, DependsOnEveryBitOfTheKey) {
  const std::uint64_t before = siphash(reference_key(), {});
  for (std::size_t bit = 0; bit < 128; ++bit) {
    SipKey key = reference_key();
    key[bit / 8] = static_cast<Byte>(key[bit / 8] ^ 1U << (bit % 8));
    EXPECT_NE(siphash(key, {}), before) << bit;
  }
}

}  // namespace
}  // namespace kith
