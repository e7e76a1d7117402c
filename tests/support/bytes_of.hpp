#pragma once

#include <string_view>

#include <kith/bytes.hpp>

namespace kith::test {

inline Bytes bytes_of(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

inline Bytes bytes_of(std::string_view text) { return bytes_of(as_bytes(text)); }

}  // namespace kith::test
