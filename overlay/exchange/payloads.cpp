#include "overlay/exchange/payloads.hpp"

namespace kith::overlay {
namespace {

struct Length {
  std::size_t value = 0;
  std::size_t bytes = 0;
};

/// A length of two or three bytes.
Result<Length> long_length(ByteView rest) {
  Length length;
  for (;;) {
    if (length.bytes == rest.size()) return std::unexpected(Errc::truncated);
    const Byte byte = rest[length.bytes];
    length.value |= std::size_t{byte & 0x7fU} << (7 * length.bytes);
    ++length.bytes;
    if (byte < 0x80) break;
    if (length.bytes == kLengthBytesMax) return std::unexpected(Errc::too_long);
  }
  if (length.bytes != length_bytes(length.value)) return std::unexpected(Errc::not_canonical);
  if (length.value > kPayloadBytesMax) return std::unexpected(Errc::too_long);
  return length;
}

}  // namespace

Result<std::uint64_t> count_payloads(ByteView payloads) {
  std::uint64_t count = 0;
  for (ByteView rest = payloads; !rest.empty(); ++count) {
    Length length{rest[0], 1};
    if (length.value >= 0x80) {
      const auto found = long_length(rest);
      if (!found) return std::unexpected(found.error());
      length = *found;
    }
    if (length.value > rest.size() - length.bytes) return std::unexpected(Errc::truncated);
    rest = rest.subspan(length.bytes + length.value);
  }
  return count;
}

}  // namespace kith::overlay
