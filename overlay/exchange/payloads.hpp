#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"

/// A run of payloads, each behind its length: 7 bits a byte, the lowest first, the top bit set on
/// all bytes but the last (LEB128), in the fewest bytes.  Inline throughout: these few lines run
/// once for every message.
namespace kith::overlay {

/// The lengths that `kPayloadBytesMax` allows fit three bytes.
inline constexpr std::size_t kLengthBytesMax = 3;
static_assert(kPayloadBytesMax < std::size_t{1} << (7 * kLengthBytesMax));

[[nodiscard]] constexpr std::size_t length_bytes(std::size_t payload_bytes) {
  if (payload_bytes < std::size_t{1} << 7) return 1;
  if (payload_bytes < std::size_t{1} << 14) return 2;
  return 3;
}

[[nodiscard]] constexpr std::size_t framed_bytes(std::size_t payload_bytes) {
  return length_bytes(payload_bytes) + payload_bytes;
}

/// Writes `payload` behind its length.  @pre `out` holds `framed_bytes(payload.size())`.
inline void put_payload(ByteView payload, Byte* out) {
  std::size_t length = payload.size();
  while (length >= 0x80) {
    *out++ = static_cast<Byte>(length | 0x80);
    length >>= 7;
  }
  *out++ = static_cast<Byte>(length);
  if (!payload.empty()) std::memcpy(out, payload.data(), payload.size());
}

/// Walks over payloads that were checked, or that we wrote.
class PayloadCursor {
 public:
  PayloadCursor() = default;
  explicit PayloadCursor(ByteView payloads) : rest_(payloads) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] ByteView rest() const { return rest_; }

  /// @pre !at_end()
  ByteView next() {
    std::size_t length = rest_[0];
    std::size_t header = 1;
    if (length >= 0x80) {
      length = (length & 0x7f) | std::size_t{rest_[1]} << 7;
      header = 2;
      if (length >= std::size_t{1} << 14) {
        length = (length & 0x3fff) | std::size_t{rest_[2]} << 14;
        header = 3;
      }
    }
    const ByteView payload = rest_.subspan(header, length);
    rest_ = rest_.subspan(header + length);
    return payload;
  }

 private:
  ByteView rest_;
};

/// How many payloads a peer's bytes hold; they may be walked over then.  `Errc::truncated`,
/// `Errc::not_canonical`, `Errc::too_long`.
[[nodiscard]] Result<std::uint64_t> count_payloads(ByteView payloads);

}  // namespace kith::overlay
