#include <bit>
#include <cstdint>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "core/little_endian.hpp"

namespace kith::crypto {
namespace {

constexpr Byte kMark = 0x80;
constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

/// The last word of a text that is not zero, and where it begins.
struct LastWord {
  std::uint64_t word = 0;
  std::size_t at = 0;

  /// Takes note of the next word, without a branch that would tell time what it is.
  void see(std::uint64_t next, std::size_t next_at) {
    const std::uint64_t zero_mask = ((next | (0 - next)) >> 63) - 1;
    word = (word & zero_mask) | next;
    at = (at & zero_mask) | (next_at & ~zero_mask);
  }
};

}  // namespace

void pad(Bytes& bytes, std::size_t block) {
  KITH_ASSERT(block > 0);
  const std::size_t unpadded = bytes.size();
  bytes.resize(unpadded + block - unpadded % block);
  bytes[unpadded] = kMark;
}

Result<std::size_t> unpadded_bytes(ByteView bytes) {
  // sodium_unpad finds the same, a byte at a time; that took longer than to decrypt the record.
  LastWord last;
  std::size_t at = 0;
  for (; at + kWordBytes <= bytes.size(); at += kWordBytes) {
    last.see(load_little_endian(bytes.subspan(at).first<kWordBytes>()), at);
  }
  last.see(load_little_endian(bytes.subspan(at)), at);
  if (last.word == 0) return std::unexpected(Errc::bad_padding);
  const auto index = static_cast<std::size_t>(std::bit_width(last.word) - 1) / 8;
  if (last.word >> (8 * index) != kMark) return std::unexpected(Errc::bad_padding);
  return last.at + index;
}

std::size_t padme(std::size_t bytes) {
  if (bytes < 2) return bytes;
  const auto exponent = static_cast<unsigned>(std::bit_width(bytes)) - 1;
  const auto mantissa_bits = static_cast<unsigned>(std::bit_width(exponent));
  const std::size_t mask = (std::size_t{1} << (exponent - mantissa_bits)) - 1;
  return (bytes + mask) & ~mask;
}

}  // namespace kith::crypto
