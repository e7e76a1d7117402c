#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "core/crypto/primitives.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/node_token.hpp"
#include "tokens/ticket_token.hpp"

namespace kith {

/// Their numbers on the wire, one space for all kinds of tokens.
enum class Extension : std::uint8_t {
  endpoints = 1,            ///< Array of binaries: 16 bytes of address, 2 of port.
  static_key = 2,           ///< X25519 key, 32 bytes.
  reachability = 3,         ///< `Reachability`.
  node = 4,                 ///< Fingerprint of a node.
  role = 5,                 ///< `IntentRole`.
  threshold = 6,            ///< Number of messages.
  dialed = 7,               ///< Array of a host in text and a port.
  secret = 8,               ///< 32 bytes.
  purpose = 9,              ///< `TicketPurpose`.
  partner_key = 10,         ///< Ed25519 key, 32 bytes.
  partner_node = 11,        ///< Fingerprint of a node.
  partner_static_key = 12,  ///< X25519 key, 32 bytes.
};

/// The map of extensions.  What a kind must have or may have, `kind_rules.hpp` tells.
struct Extensions {
  std::optional<TokenEndpoints> endpoints{};
  std::optional<crypto::DhPublicKey> static_key{};
  std::optional<Reachability> reachability{};
  std::optional<Fingerprint> node{};
  std::optional<IntentRole> role{};
  std::optional<std::uint32_t> threshold{};
  std::optional<DialedAddress> dialed{};
  std::optional<TicketSecret> secret{};
  std::optional<TicketPurpose> purpose{};
  std::optional<crypto::SigningPublicKey> partner_key{};
  std::optional<Fingerprint> partner_node{};
  std::optional<crypto::DhPublicKey> partner_static_key{};
};

/// Reads the map and holds it against the rules of `kind`: `Errc::unexpected_key` for an extension
/// that has no place there, `Errc::missing_key` if one lacks.
[[nodiscard]] Extensions read_extensions(codec::Reader& reader, TokenKind kind);

void write_extensions(codec::Writer& writer, const Extensions& extensions);

}  // namespace kith
