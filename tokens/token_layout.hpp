#pragma once

#include <array>
#include <cstddef>
#include <tuple>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

/// Where the fields of a token lie: those before the dates have fixed sizes, and so has the
/// signature at the end.
namespace kith {

inline constexpr std::size_t kTokenFields = 12;
/// With what a second one says to the first.
inline constexpr std::size_t kCountersignedFields = 13;
inline constexpr std::size_t kUuidBytes = std::tuple_size_v<Uuid>;
inline constexpr std::size_t kSignatureBytes = 64;

/// What a binary of 64 bytes begins with.
inline constexpr std::array<Byte, 2> kSignatureHead = {0xc4, kSignatureBytes};

/// Every binary of 32 bytes, and that of the uuid, has a head of two.
inline constexpr std::size_t kBinaryHeadBytes = 2;
inline constexpr std::size_t kKindAt = 1;
inline constexpr std::size_t kUuidAt = kKindAt + 1 + kBinaryHeadBytes;
inline constexpr std::size_t kRealmAt = kUuidAt + kUuidBytes + kBinaryHeadBytes;
inline constexpr std::size_t kIssuerAt = kRealmAt + Fingerprint::kBytes + kBinaryHeadBytes;
inline constexpr std::size_t kSubjectAt = kIssuerAt + Fingerprint::kBytes + kBinaryHeadBytes;
inline constexpr std::size_t kAudienceAt = kSubjectAt + Fingerprint::kBytes + kBinaryHeadBytes;

}  // namespace kith
