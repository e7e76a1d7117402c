#pragma once

#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

namespace kith {

/// Base64 for addresses (RFC 4648 §5), without padding.
[[nodiscard]] std::string to_base64url(ByteView bytes);

/// Reads it: `Errc::bad_text` for any other character, an impossible length, or bits left over that
/// are not zero, so that bytes have one text.
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

}  // namespace kith
