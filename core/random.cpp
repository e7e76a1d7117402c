#include "core/random.hpp"

#include <algorithm>
#include <array>

#include "core/assert.hpp"

namespace kith {

std::uint64_t Random::next_u64() {
  std::array<Byte, 8> bytes{};
  fill(bytes);
  std::uint64_t value = 0;
  for (Byte byte : bytes) value = value << 8 | byte;
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  KITH_ASSERT(bound > 0);
  // Values under 2^64 mod bound would be drawn once too often; draw again.
  const std::uint64_t first_fair = (0 - bound) % bound;
  std::uint64_t value = next_u64();
  while (value < first_fair) value = next_u64();
  return value % bound;
}

Duration Random::jittered(Duration base, std::uint32_t per_mille) {
  const auto spread = static_cast<std::uint64_t>(base.count()) * per_mille / 1000;
  if (spread == 0) return base;
  return base - Duration(static_cast<std::int64_t>(spread)) +
         Duration(static_cast<std::int64_t>(below(2 * spread + 1)));
}

SeededRandom::SeededRandom(std::uint64_t seed, std::uint64_t stream)
    : key_(mix64(seed ^ mix64(stream))) {}

void SeededRandom::fill(MutableByteView out) {
  for (std::size_t at = 0; at < out.size(); at += 8) {
    const std::uint64_t value = mix64(key_ ^ mix64(counter_++));
    const std::size_t end = std::min<std::size_t>(8, out.size() - at);
    for (std::size_t i = 0; i < end; ++i) out[at + i] = static_cast<Byte>(value >> (56 - 8 * i));
  }
}

}  // namespace kith
