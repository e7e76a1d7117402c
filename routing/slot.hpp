#pragma once

#include <cstdint>
#include <optional>

#include <kith/fingerprint.hpp>

#include "core/random.hpp"

namespace kith::routing {

/// One place of a table: what shares exactly `bucket` leading bits with its owner, and among these
/// the ones whose `spread_bits` bits of distance after the first differing one are `part`.
struct Slot {
  std::uint16_t bucket = 0;
  std::uint16_t part = 0;

  friend constexpr bool operator==(Slot, Slot) = default;
};

/// Whether all of `a` is nearer to the owner of the table than all of `b`.
[[nodiscard]] constexpr bool is_nearer(Slot a, Slot b) {
  return a.bucket != b.bucket ? a.bucket > b.bucket : a.part < b.part;
}

/// The slot of what lies `distance` away from the owner.  @pre distance is not zero.
[[nodiscard]] Slot slot_of(const Fingerprint& distance, int spread_bits);

/// The same from the first 64 bits of the distance, or nothing if they do not tell.
[[nodiscard]] std::optional<Slot> slot_of(std::uint64_t distance_top64, int spread_bits);

/// A random key in `slot` of the table of `owner`: what to look up in order to fill it.
[[nodiscard]] Fingerprint key_in(Slot slot, const Fingerprint& owner, int spread_bits,
                                 Random& random);

}  // namespace kith::routing
