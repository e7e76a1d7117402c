#include "overlay/blocks.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = WallTime(Duration(1'700'000'000'000'000));

Fingerprint name_of(std::uint64_t number) {
  SeededRandom random(number);
  std::array<Byte, 32> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

TEST(Blocks, HoldUntilTheirDate) {
  Blocks blocks;
  EXPECT_TRUE(blocks.empty());
  ASSERT_TRUE(blocks.add({name_of(1), kNow + 1h}, kNow));
  EXPECT_TRUE(blocks.contains(name_of(1), kNow));
  EXPECT_TRUE(blocks.contains(name_of(1), kNow + 1h - 1us));
  EXPECT_FALSE(blocks.contains(name_of(1), kNow + 1h));
  EXPECT_FALSE(blocks.contains(name_of(2), kNow));
  EXPECT_EQ(blocks.all(kNow), (std::vector<Blocked>{{name_of(1), kNow + 1h}}));
  EXPECT_TRUE(blocks.all(kNow + 1h).empty());
}

TEST(Blocks, AreMadeLongerAndNotShorter) {
  Blocks blocks;
  ASSERT_TRUE(blocks.add({name_of(1), kNow + 2h}, kNow));
  ASSERT_TRUE(blocks.add({name_of(1), kNow + 1h}, kNow));
  EXPECT_EQ(blocks.all(kNow).front().until, kNow + 2h);
  ASSERT_TRUE(blocks.add({name_of(1), kNow + 3h}, kNow));
  EXPECT_EQ(blocks.all(kNow).front().until, kNow + 3h);
}

TEST(Blocks, EndWhenTheyAreRemoved) {
  Blocks blocks;
  ASSERT_TRUE(blocks.add({name_of(1), kNow + 1h}, kNow));
  EXPECT_TRUE(blocks.remove(name_of(1)));
  EXPECT_FALSE(blocks.remove(name_of(1)));
  EXPECT_FALSE(blocks.contains(name_of(1), kNow));
}

TEST(Blocks, AreBoundedAndGiveWayOnceTheyAreOver) {
  Blocks blocks;
  for (std::uint64_t i = 0; i < Blocks::kMax; ++i)
    ASSERT_TRUE(blocks.add({name_of(i), kNow + (i == 0 ? 1h : 2h)}, kNow));
  const Fingerprint further = name_of(Blocks::kMax);
  EXPECT_EQ(blocks.add({further, kNow + 9h}, kNow).error(), Errc::limit_reached);
  EXPECT_TRUE(blocks.add({name_of(1), kNow + 9h}, kNow));
  EXPECT_TRUE(blocks.add({further, kNow + 9h}, kNow + 1h));
  EXPECT_FALSE(blocks.contains(name_of(0), kNow));
}

TEST(Blocks, AreThoseThatWereKept) {
  const std::vector<Blocked> kept{{name_of(1), kNow + 1h}, {name_of(2), kNow - 1h}};
  const Blocks blocks(kept);
  EXPECT_TRUE(blocks.contains(name_of(1), kNow));
  EXPECT_FALSE(blocks.contains(name_of(2), kNow));
  std::vector<Blocked> too_many;
  for (std::uint64_t i = 0; i <= Blocks::kMax; ++i) too_many.push_back({name_of(i), kNow + 1h});
  EXPECT_EQ(Blocks(too_many).all(kNow).size(), Blocks::kMax);
}

}  // namespace
}  // namespace kith::overlay
