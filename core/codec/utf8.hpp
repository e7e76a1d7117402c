#pragma once

#include <kith/bytes.hpp>

namespace kith::codec {

/// Whether `bytes` are well-formed UTF-8 (Unicode 15, table 3-7): no overlong forms, no surrogates,
/// nothing above U+10FFFF.
[[nodiscard]] bool is_utf8(ByteView bytes);

}  // namespace kith::codec
