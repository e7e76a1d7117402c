#include "core/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

TEST(SeededRandom, GivesTheSameBytesForTheSameSeedForever) {
  // The trace of every simulation depends on these.
  SeededRandom random(1);
  EXPECT_EQ(random.next_u64(), 0xfc2eb95df6efb162U);
  EXPECT_EQ(SeededRandom(1, 1).next_u64(), 0x93b068dd37614fbbU);
  std::array<Byte, 11> bytes{};
  SeededRandom(1).fill(bytes);
  EXPECT_EQ(to_hex(bytes), "fc2eb95df6efb16289decf");
}

TEST(SeededRandom, DiffersBetweenSeedsAndStreams) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 32; ++seed)
    for (std::uint64_t stream = 0; stream < 32; ++stream)
      first.insert(SeededRandom(seed, stream).next_u64());
  EXPECT_EQ(first.size(), 32U * 32U);
}

TEST(Random, StaysBelowItsBoundAndReachesEveryValue) {
  SeededRandom random(7);
  for (const std::uint64_t bound : {1U, 2U, 3U, 7U, 10U}) {
    std::array<int, 10> seen{};
    for (int i = 0; i < 1000; ++i) {
      const auto value = random.below(bound);
      ASSERT_LT(value, bound);
      ++seen[value];
    }
    for (std::uint64_t value = 0; value < bound; ++value) EXPECT_GT(seen[value], 0) << bound;
  }
}

/// Yields what a test tells it to.
class ScriptedRandom final : public Random {
 public:
  explicit ScriptedRandom(Bytes script) : script_(std::move(script)) {}
  void fill(MutableByteView out) override {
    for (Byte& byte : out) byte = script_.at(at_++);
  }
  [[nodiscard]] std::size_t used() const { return at_; }

 private:
  Bytes script_;
  std::size_t at_ = 0;
};

TEST(Random, DrawsAgainWhatWouldFavourSmallNumbers) {
  // 2^64 mod 3 is 1, so that 0 alone is unfair.
  ScriptedRandom random({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5});
  EXPECT_EQ(random.below(3), 2U);
  EXPECT_EQ(random.used(), 16U);
}

TEST(Random, JittersWithinItsShareEitherWay) {
  test::for_each_seed(500, [](Random& random) {
    const Duration jittered = random.jittered(Duration(1000), 250);
    EXPECT_GE(jittered, Duration(750));
    EXPECT_LE(jittered, Duration(1250));
  });
  SeededRandom random(1);
  EXPECT_EQ(random.jittered(Duration(1000), 0), Duration(1000));
  std::set<Duration> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.jittered(Duration(8), 250));
  EXPECT_EQ(seen.size(), 5U);
}

}  // namespace
}  // namespace kith
