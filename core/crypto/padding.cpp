#include <bit>

#include <sodium.h>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"

namespace kith::crypto {

void pad(Bytes& bytes, std::size_t block) {
  KITH_ASSERT(block > 0);
  const std::size_t unpadded = bytes.size();
  bytes.resize(unpadded + block - unpadded % block);
  bytes[unpadded] = 0x80;
}

Result<std::size_t> unpadded_bytes(ByteView bytes) {
  if (bytes.empty()) return std::unexpected(Errc::bad_padding);
  // With the whole length as the block any amount of padding is found, and the scan takes as long
  // whatever it finds.
  std::size_t unpadded = 0;
  if (sodium_unpad(&unpadded, bytes.data(), bytes.size(), bytes.size()) != 0) {
    return std::unexpected(Errc::bad_padding);
  }
  return unpadded;
}

std::size_t padme(std::size_t bytes) {
  if (bytes < 2) return bytes;
  const auto exponent = static_cast<unsigned>(std::bit_width(bytes)) - 1;
  const auto mantissa_bits = static_cast<unsigned>(std::bit_width(exponent));
  const std::size_t mask = (std::size_t{1} << (exponent - mantissa_bits)) - 1;
  return (bytes + mask) & ~mask;
}

}  // namespace kith::crypto
