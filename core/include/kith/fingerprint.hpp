#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

namespace kith {

/// A place in the ring of 2^256 keys: the name of a node or an identity (the hash of its public
/// key), or of a subject (the hash of realm and name).  Ordered as a big-endian number.
class Fingerprint {
 public:
  static constexpr std::size_t kBytes = 32;
  static constexpr int kBits = 256;

  /// All zeros: the public realm, and "nobody" where the place says so.
  constexpr Fingerprint() = default;
  constexpr explicit Fingerprint(const std::array<Byte, kBytes>& bytes) : bytes_(bytes) {}

  /// `Errc::out_of_range` unless `bytes` are exactly 32.
  [[nodiscard]] static Result<Fingerprint> from_bytes(ByteView bytes);

  /// Reads 52 characters of base32 or 64 of hexadecimal; `Errc::bad_text` otherwise.
  [[nodiscard]] static Result<Fingerprint> parse(std::string_view text);

  /// 52 characters of lower-case base32.
  [[nodiscard]] std::string to_string() const;

  /// The first 10 characters, for people who compare two lines on a screen.
  [[nodiscard]] std::string abbreviated() const;

  [[nodiscard]] constexpr const std::array<Byte, kBytes>& bytes() const { return bytes_; }
  [[nodiscard]] ByteView view() const { return bytes_; }

  /// The first 64 bits as a number; enough to order almost every pair.
  [[nodiscard]] constexpr std::uint64_t top64() const {
    std::uint64_t top = 0;
    for (std::size_t i = 0; i < sizeof(top); ++i) top = top << 8 | bytes_[i];
    return top;
  }

  /// Bit `index`, 0 being the most significant.  @pre 0 <= index < 256.
  [[nodiscard]] bool bit(int index) const;

  [[nodiscard]] constexpr bool is_zero() const { return *this == Fingerprint{}; }

  friend constexpr auto operator<=>(const Fingerprint&, const Fingerprint&) = default;

 private:
  std::array<Byte, kBytes> bytes_{};
};

/// XOR distance (Kademlia §2.1), ordered as a big-endian number.  A metric: zero only between
/// equals, symmetric, within the triangle inequality; and for each point and distance there is
/// exactly one point that far away.
[[nodiscard]] Fingerprint distance(const Fingerprint& a, const Fingerprint& b);

/// How many leading bits `a` and `b` share: 0 to 256.
[[nodiscard]] int shared_prefix_bits(const Fingerprint& a, const Fingerprint& b);

/// Whether `a` is strictly closer to `target` than `b` is.
[[nodiscard]] bool is_closer(const Fingerprint& target, const Fingerprint& a, const Fingerprint& b);

}  // namespace kith
