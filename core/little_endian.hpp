#pragma once

#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>

namespace kith {

/// @pre bytes.size() <= 8
[[nodiscard]] inline std::uint64_t load_little_endian(ByteView bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

}  // namespace kith
