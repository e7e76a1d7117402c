#include <kith/fingerprint.hpp>

#include <algorithm>
#include <bit>

#include "core/assert.hpp"

namespace kith {

Result<Fingerprint> Fingerprint::from_bytes(ByteView bytes) {
  if (bytes.size() != kBytes) return std::unexpected(Errc::out_of_range);
  Fingerprint fingerprint;
  std::ranges::copy(bytes, fingerprint.bytes_.begin());
  return fingerprint;
}

Result<Fingerprint> Fingerprint::parse(std::string_view text) {
  auto bytes = text.size() == 2 * kBytes ? from_hex(text) : from_base32(text);
  if (!bytes || bytes->size() != kBytes) return std::unexpected(Errc::bad_text);
  return from_bytes(*bytes);
}

std::string Fingerprint::to_string() const { return to_base32(bytes_); }

std::string Fingerprint::abbreviated() const { return to_string().substr(0, 10); }

bool Fingerprint::bit(int index) const {
  KITH_ASSERT(index >= 0 && index < kBits);
  const auto at = static_cast<std::size_t>(index);
  return (bytes_[at / 8] >> (7 - at % 8) & 1) != 0;
}

Fingerprint distance(const Fingerprint& a, const Fingerprint& b) {
  std::array<Byte, Fingerprint::kBytes> xored{};
  for (std::size_t i = 0; i < xored.size(); ++i)
    xored[i] = static_cast<Byte>(a.bytes()[i] ^ b.bytes()[i]);
  return Fingerprint(xored);
}

int shared_prefix_bits(const Fingerprint& a, const Fingerprint& b) {
  if (const std::uint64_t differing = a.top64() ^ b.top64(); differing != 0)
    return std::countl_zero(differing);
  for (std::size_t i = sizeof(std::uint64_t); i < Fingerprint::kBytes; ++i) {
    const auto differing = static_cast<Byte>(a.bytes()[i] ^ b.bytes()[i]);
    if (differing != 0) return static_cast<int>(8 * i) + std::countl_zero(differing);
  }
  return Fingerprint::kBits;
}

bool is_closer(const Fingerprint& target, const Fingerprint& a, const Fingerprint& b) {
  return distance(target, a) < distance(target, b);
}

}  // namespace kith
