#include "routing/slot.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "core/assert.hpp"

namespace kith::routing {
namespace {

using Bits = std::array<Byte, Fingerprint::kBytes>;

void set_bit(Bits& bytes, int index, bool value) {
  const auto at = static_cast<std::size_t>(index);
  const auto mask = static_cast<Byte>(0x80U >> (at % 8));
  if (value) {
    bytes[at / 8] |= mask;
  } else {
    bytes[at / 8] &= static_cast<Byte>(~mask);
  }
}

}  // namespace

Slot slot_of(const Fingerprint& distance, int spread_bits) {
  const int bucket = shared_prefix_bits(distance, Fingerprint{});
  KITH_ASSERT(bucket < Fingerprint::kBits);
  unsigned part = 0;
  // The deepest buckets have fewer bits left than the spread asks for; the missing ones are 0.
  for (int i = bucket + 1; i <= bucket + spread_bits; ++i)
    part = part << 1 | unsigned{i < Fingerprint::kBits && distance.bit(i)};
  return {static_cast<std::uint16_t>(bucket), static_cast<std::uint16_t>(part)};
}

std::optional<Slot> slot_of(std::uint64_t distance_top64, int spread_bits) {
  const int bucket = std::countl_zero(distance_top64);
  if (bucket + 1 + spread_bits > 64) return std::nullopt;
  const std::uint64_t below = distance_top64 << bucket << 1;
  const std::uint64_t part = spread_bits == 0 ? 0 : below >> (64 - spread_bits);
  return Slot{static_cast<std::uint16_t>(bucket), static_cast<std::uint16_t>(part)};
}

Fingerprint key_in(Slot slot, const Fingerprint& owner, int spread_bits, Random& random) {
  KITH_ASSERT(slot.bucket < Fingerprint::kBits && slot.part >> spread_bits == 0);
  Bits bytes{};
  random.fill(bytes);
  for (int i = 0; i < slot.bucket; ++i) set_bit(bytes, i, false);
  set_bit(bytes, slot.bucket, true);
  for (int i = 0; i < spread_bits; ++i) {
    const int at = slot.bucket + 1 + i;
    if (at < Fingerprint::kBits) set_bit(bytes, at, (slot.part >> (spread_bits - 1 - i) & 1) != 0);
  }
  return distance(Fingerprint(bytes), owner);
}

}  // namespace kith::routing
