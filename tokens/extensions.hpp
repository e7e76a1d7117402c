#pragma once

#include <cstdint>
#include <optional>

#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "core/crypto/primitives.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/node_token.hpp"

namespace kith {

/// Their numbers on the wire, one space for all kinds of tokens.
enum class Extension : std::uint8_t {
  endpoints = 1,     ///< Array of binaries: 16 bytes of address, 2 of port.
  static_key = 2,    ///< X25519 key, 32 bytes.
  reachability = 3,  ///< `Reachability`.
  node = 4,          ///< Fingerprint of a node.
  role = 5,          ///< `IntentRole`.
  threshold = 6,     ///< Number of messages.
};

/// The map of extensions.  What a kind must have or may have, `kind_rules.hpp` tells.
struct Extensions {
  std::optional<TokenEndpoints> endpoints{};
  std::optional<crypto::DhPublicKey> static_key{};
  std::optional<Reachability> reachability{};
  std::optional<Fingerprint> node{};
  std::optional<IntentRole> role{};
  std::optional<std::uint32_t> threshold{};
};

/// Reads the map and holds it against the rules of `kind`: `Errc::unexpected_key` for an extension
/// that has no place there, `Errc::missing_key` if one lacks.
[[nodiscard]] Extensions read_extensions(codec::Reader& reader, TokenKind kind);

void write_extensions(codec::Writer& writer, const Extensions& extensions);

}  // namespace kith
