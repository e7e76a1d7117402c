#include "core/crypto/secret.hpp"

#include <algorithm>
#include <memory>
#include <type_traits>

#include <gtest/gtest.h>

namespace kith::crypto {
namespace {

using TestSecret = Secret<32>;

static_assert(!std::is_copy_constructible_v<TestSecret>);
static_assert(!std::is_copy_assignable_v<TestSecret>);
static_assert(sizeof(TestSecret) == 32, "a session keeps several");

TestSecret filled_with(Byte byte) {
  TestSecret secret;
  std::ranges::fill(secret.mutable_view(), byte);
  return secret;
}

bool is_all(ByteView bytes, Byte expected) {
  return std::ranges::all_of(bytes, [=](Byte byte) { return byte == expected; });
}

TEST(Secret, IsZeroAtFirst) { EXPECT_TRUE(is_all(TestSecret().view(), 0)); }

TEST(Secret, IsWipedWhereItWasMovedFrom) {
  TestSecret from = filled_with(7);
  const TestSecret to = std::move(from);
  EXPECT_TRUE(is_all(to.view(), 7));
  EXPECT_TRUE(is_all(from.view(), 0));  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, IsWipedWhereItWasAssignedFrom) {
  TestSecret from = filled_with(7);
  TestSecret to = filled_with(9);
  to = std::move(from);
  EXPECT_TRUE(is_all(to.view(), 7));
  EXPECT_TRUE(is_all(from.view(), 0));  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, SurvivesAssignmentToItself) {
  TestSecret secret = filled_with(7);
  TestSecret& same = secret;
  secret = std::move(same);
  EXPECT_TRUE(is_all(secret.view(), 7));
}

TEST(Secret, IsWipedWhenItDies) {
  // The memory outlives the object, so that there is something left to look at.
  alignas(TestSecret) std::array<Byte, sizeof(TestSecret)> memory;
  auto* secret = std::construct_at(reinterpret_cast<TestSecret*>(memory.data()));
  std::ranges::fill(secret->mutable_view(), Byte{7});
  ASSERT_TRUE(is_all(memory, 7));
  std::destroy_at(secret);
  EXPECT_TRUE(is_all(memory, 0));
}

TEST(Secret, CloneIsASecondCopy) {
  TestSecret original = filled_with(7);
  TestSecret copy = original.clone();
  wipe(original.mutable_view());
  EXPECT_TRUE(is_all(copy.view(), 7));
}

TEST(EqualConstantTime, ComparesEveryByteAndTheLength) {
  const TestSecret secret = filled_with(7);
  TestSecret other = filled_with(7);
  EXPECT_TRUE(equal_constant_time(secret.view(), other.view()));
  EXPECT_FALSE(equal_constant_time(secret.view(), other.view().first(31)));
  EXPECT_TRUE(equal_constant_time({}, {}));
  for (Byte& byte : other.mutable_view()) {
    byte ^= 0x80;
    EXPECT_FALSE(equal_constant_time(secret.view(), other.view()));
    byte ^= 0x80;
  }
}

}  // namespace
}  // namespace kith::crypto
