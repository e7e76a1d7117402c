#include "routing/slot.hpp"

#include <gtest/gtest.h>

#include "tests/routing/world.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

Fingerprint leading(Byte first, Byte second) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  bytes[0] = first;
  bytes[1] = second;
  return Fingerprint(bytes);
}

TEST(Slot, IsTheSharedPrefixAndTheBitsAfterTheFirstDifferingOne) {
  EXPECT_EQ(slot_of(leading(0b1010'1111, 0), 4), (Slot{0, 0b0101}));
  EXPECT_EQ(slot_of(leading(0b0001'0110, 0b1000'0000), 4), (Slot{3, 0b0110}));
  EXPECT_EQ(slot_of(leading(0b0000'0001, 0b1010'0000), 3), (Slot{7, 0b101}));
  EXPECT_EQ(slot_of(leading(0b0000'0001, 0b1010'0000), 0), (Slot{7, 0}));
}

TEST(Slot, OfTheVeryNearestIsTheLastBucket) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  bytes.back() = 1;
  EXPECT_EQ(slot_of(Fingerprint(bytes), 4), (Slot{255, 0}));
}

TEST(Slot, IsReadFromTheFirstBitsWhereTheySuffice) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    const auto bits = static_cast<int>(random.below(256));
    const auto spread = static_cast<int>(random.below(6));
    const Fingerprint distance = test::sharing_bits(Fingerprint{}, bits, random);
    const auto quick = slot_of(distance.top64(), spread);
    ASSERT_EQ(quick.has_value(), bits + 1 + spread <= 64);
    if (quick) {
      ASSERT_EQ(*quick, slot_of(distance, spread));
    }
  });
}

TEST(Slot, GrowsWithTheDistance) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    const auto draw = [&] {
      return test::sharing_bits(Fingerprint{}, static_cast<int>(random.below(256)), random);
    };
    Fingerprint near = draw();
    Fingerprint far = random.below(2) == 0
                          ? draw()
                          : test::sharing_bits(near, static_cast<int>(random.below(256)), random);
    if (far < near) std::swap(near, far);
    if (near.is_zero()) return;
    ASSERT_FALSE(is_nearer(slot_of(far, 4), slot_of(near, 4)));
    ASSERT_EQ(is_nearer(slot_of(near, 4), slot_of(far, 4)), slot_of(near, 4) != slot_of(far, 4));
  });
}

TEST(Slot, HoldsTheKeysDrawnForIt) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    const Fingerprint owner = test::random_id(random);
    const auto spread = static_cast<int>(random.below(6));
    const Slot slot{static_cast<std::uint16_t>(random.below(250)),
                    static_cast<std::uint16_t>(random.below(std::uint64_t{1} << spread))};
    const Fingerprint key = key_in(slot, owner, spread, random);
    ASSERT_EQ(slot_of(distance(key, owner), spread), slot);
    if (slot.bucket < 128) {
      ASSERT_NE(key_in(slot, owner, spread, random), key);
    }
  });
}

}  // namespace
}  // namespace kith::routing
