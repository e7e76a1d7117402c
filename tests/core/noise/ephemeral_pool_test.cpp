#include "core/noise/ephemeral_pool.hpp"

#include <set>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"

namespace kith::noise {
namespace {

TEST(EphemeralPool, GivesEachPairAwayOnce) {
  SeededRandom random(1);
  EphemeralPool pool;
  pool.fill(crypto::x25519(), random);
  std::set<crypto::DhPublicKey> seen;
  for (std::size_t i = 0; i < EphemeralPool::kPairsMax + 10; ++i) {
    const crypto::DhKeyPair pair = pool.take(crypto::x25519(), random);
    EXPECT_EQ(crypto::x25519().public_key(pair.secret), pair.public_key);
    EXPECT_TRUE(seen.insert(pair.public_key).second);
  }
  EXPECT_EQ(pool.size(), 0U);
}

TEST(EphemeralPool, IsFilledAsFarAsAskedAndNoFurtherThanItsRoom) {
  SeededRandom random(1);
  EphemeralPool pool;
  pool.fill(crypto::x25519(), random, 5);
  EXPECT_EQ(pool.size(), 5U);
  EXPECT_FALSE(pool.is_full());
  pool.fill(crypto::x25519(), random, 500);
  EXPECT_EQ(pool.size(), EphemeralPool::kPairsMax);
  EXPECT_TRUE(pool.is_full());
}

TEST(EphemeralPool, DrawsNothingByItself) {
  SeededRandom random(1);
  SeededRandom untouched(1);
  EphemeralPool pool;
  EXPECT_FALSE(pool.is_full());
  EXPECT_EQ(random.next_u64(), untouched.next_u64());
}

}  // namespace
}  // namespace kith::noise
