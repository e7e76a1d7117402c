#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <kith/bytes.hpp>

#include "core/random.hpp"

namespace kith::sim {

/// A fast hash of many bytes to up to 64, against accidents, not against enemies.  It does not
/// matter how the bytes are cut into calls of `absorb`.
class Digest {
 public:
  explicit Digest(std::uint64_t domain) : a_(mix64(domain)), b_(~domain) {}

  void absorb(ByteView bytes) {
    bytes_ += bytes.size();
    while (pending_bytes_ > 0 && !bytes.empty()) {
      absorb_byte(bytes.front());
      bytes = bytes.subspan(1);
    }
    for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t))) {
      absorb_word(load(bytes.data()));
    }
    for (const Byte byte : bytes) absorb_byte(byte);
  }

  void absorb(std::uint64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      const Byte byte = static_cast<Byte>(number >> shift);
      absorb(ByteView(&byte, 1));
    }
  }

  /// Writes the digest; a shorter one is the beginning of a longer one.
  void finish(MutableByteView out) const {
    const std::uint64_t a = mix64(a_ ^ pending_ ^ bytes_ << 56);
    const std::uint64_t b = mix64(b_ + a + bytes_);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (i % 8 == 0) word = mix64(a ^ mix64(b + i));
      out[i] = static_cast<Byte>(word >> (8 * (i % 8)));
    }
  }

 private:
  static std::uint64_t load(const Byte* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
    return word;
  }

  void absorb_byte(Byte byte) {
    pending_ |= std::uint64_t{byte} << (8 * pending_bytes_);
    if (++pending_bytes_ < 8) return;
    absorb_word(pending_);
    pending_ = 0;
    pending_bytes_ = 0;
  }

  /// Each step is a bijection of the state for a given word, and of the word for a given state.
  void absorb_word(std::uint64_t word) {
    a_ = (a_ ^ word) * 0x9E3779B97F4A7C15U;
    a_ ^= a_ >> 32;
    b_ = (std::rotl(b_, 23) + a_) * 0xD6E8FEB86659FD93U;
  }

  std::uint64_t a_;
  std::uint64_t b_;
  std::uint64_t bytes_ = 0;
  std::uint64_t pending_ = 0;
  unsigned pending_bytes_ = 0;
};

}  // namespace kith::sim
