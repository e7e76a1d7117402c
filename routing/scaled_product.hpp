#pragma once

#include <cstdint>
#include <limits>

namespace kith::routing {

__extension__ using Wide = unsigned __int128;

/// The largest number of nodes that is ever assumed.
inline constexpr std::uint64_t kNodesMax = std::uint64_t{1} << 62;

/// a · b / 2^shift, or the greatest number if that is greater.
[[nodiscard]] constexpr std::uint64_t scaled_product(std::uint64_t a, std::uint64_t b, int shift) {
  const Wide product = Wide{a} * b >> shift;
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  return product > kMax ? kMax : static_cast<std::uint64_t>(product);
}

/// count · 2^64 / distance, at most `kNodesMax`.
[[nodiscard]] constexpr std::uint64_t scaled_quotient(std::uint64_t count, std::uint64_t distance) {
  if (distance == 0) return kNodesMax;
  const Wide quotient = (Wide{count} << 64) / distance;
  return quotient > kNodesMax ? kNodesMax : static_cast<std::uint64_t>(quotient);
}

}  // namespace kith::routing
