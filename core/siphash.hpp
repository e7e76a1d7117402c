#pragma once

#include <array>
#include <cstdint>

#include <kith/bytes.hpp>

namespace kith {

/// The secret of a keyed hash, drawn at start-up, so that nobody outside can choose keys that
/// collide in our maps.
using SipKey = std::array<Byte, 16>;

/// SipHash-2-4 (Aumasson, Bernstein 2012): for maps keyed by what a peer may choose.
[[nodiscard]] std::uint64_t siphash(const SipKey& key, ByteView bytes);

}  // namespace kith
