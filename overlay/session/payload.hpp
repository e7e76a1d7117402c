#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

namespace kith::overlay {

/// The keys of the map that a handshake message carries (docs/protocol.md §4.2).
enum class PayloadKey : std::uint8_t {
  token = 0,
  time = 1,
  ticket = 2,
  certificate = 3,
  about = 4,
  early = 5,
  join = 6,
  site = 7,
  node = 8,
  signature = 9,
};

inline constexpr std::size_t kPayloadKeys = 10;
/// Payloads are padded to multiples of this.
inline constexpr std::size_t kPayloadBlock = 256;
/// The longest message that may ride in the handshake of flow `H`, and in that of `N` and `K`.
inline constexpr std::size_t kJoinBytesMax = 2048;
inline constexpr std::size_t kEarlyBytesMax = 1024;
/// What a user shows of itself, with a ticket or after it.
inline constexpr std::size_t kCertificateBytesMax = 2048;
inline constexpr std::size_t kSiteBytesMax = 255;

/// A set of keys.
class PayloadKeys {
 public:
  constexpr PayloadKeys() = default;
  constexpr PayloadKeys(std::initializer_list<PayloadKey> keys) {
    for (PayloadKey key : keys) bits_ = static_cast<std::uint16_t>(bits_ | bit(key));
  }
  [[nodiscard]] constexpr bool contains(PayloadKey key) const { return (bits_ & bit(key)) != 0; }

 private:
  static constexpr std::uint16_t bit(PayloadKey key) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(key));
  }
  std::uint16_t bits_ = 0;
};

/// Which keys a message must and may hold; any other is refused.
struct PayloadSchema {
  PayloadKeys required;
  PayloadKeys optional;

  [[nodiscard]] constexpr bool allows(PayloadKey key) const {
    return required.contains(key) || optional.contains(key);
  }
};

/// The values of one payload, by key.  Views point to where they were read or put from.
class Payload {
 public:
  void set(PayloadKey key, ByteView value) { values_[index(key)] = value; }
  void set_time(std::uint64_t time) { time_ = time; }

  [[nodiscard]] bool has(PayloadKey key) const {
    return key == PayloadKey::time ? time_.has_value() : values_[index(key)].has_value();
  }
  /// The bytes (or characters) under `key`.  @pre has(key)
  [[nodiscard]] ByteView get(PayloadKey key) const { return *values_[index(key)]; }
  [[nodiscard]] const std::optional<std::uint64_t>& time() const { return time_; }

 private:
  static constexpr std::size_t index(PayloadKey key) { return static_cast<std::size_t>(key); }

  std::array<std::optional<ByteView>, kPayloadKeys> values_;
  std::optional<std::uint64_t> time_;
};

/// The canonical map of `payload`.
[[nodiscard]] Bytes encode_map(const Payload& payload);
/// The same, padded to a multiple of 256.
[[nodiscard]] Bytes encode_payload(const Payload& payload);

/// Reads a map that holds what `schema` says and nothing else.
[[nodiscard]] Result<Payload> decode_map(const PayloadSchema& schema, ByteView bytes);
/// The same of a padded one.
[[nodiscard]] Result<Payload> decode_payload(const PayloadSchema& schema, ByteView padded);

}  // namespace kith::overlay
