#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kith/result.hpp>

namespace kith {

using Byte = std::uint8_t;
/// Bytes that somebody owns.
using Bytes = std::vector<Byte>;
/// Bytes to read; whoever hands out a view says how long it stays valid.
using ByteView = std::span<const Byte>;
/// Bytes to write into.
using MutableByteView = std::span<Byte>;

/// The bytes of `text`, without a terminator; valid as long as `text` is.
[[nodiscard]] ByteView as_bytes(std::string_view text);

/// `bytes` read as characters; valid as long as `bytes` are.
[[nodiscard]] std::string_view as_text(ByteView bytes);

/// Appends `more` to `bytes`.
void append(Bytes& bytes, ByteView more);

/// Lower-case hexadecimal, two characters a byte.
[[nodiscard]] std::string to_hex(ByteView bytes);

/// Reads lower- or upper-case hexadecimal; `Errc::bad_text` for anything else or an odd length.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

/// Lower-case base32 (RFC 4648 alphabet), without padding.
[[nodiscard]] std::string to_base32(ByteView bytes);

/// Reads base32 of either case without padding; `Errc::bad_text` for any other character, an
/// impossible length, or bits left over that are not zero.
[[nodiscard]] Result<Bytes> from_base32(std::string_view text);

}  // namespace kith
