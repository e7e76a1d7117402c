#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/codec/reader.hpp"
#include "core/codec/writer.hpp"
#include "tests/tokens/token_samples.hpp"

namespace kith::test {

enum Field : std::size_t {
  at_kind,
  at_uuid,
  at_realm,
  at_issuer,
  at_subject,
  at_audience,
  at_issued,
  at_not_before,
  at_expires,
  at_public_key,
  at_extensions,
  signed_fields,
};

/// A token taken to pieces.  A forger replaces some, each by any encoding, and signs the whole as
/// an honest issuer would, so that nothing but the replaced piece is wrong.
struct TokenPieces {
  Bytes head = {0x9c};
  std::array<Bytes, signed_fields> fields;
  Bytes signature_head = {0xc4, 64};
  Bytes tail;
  const crypto::SigningKeyPair* signer = nullptr;
  std::string_view domain;
  /// Instead of a signature.
  std::optional<Bytes> signature;

  static TokenPieces of(const Token& token, const crypto::SigningKeyPair& signer) {
    return of(token.raw(), token.kind(), signer);
  }

  static TokenPieces of(ByteView raw, TokenKind kind, const crypto::SigningKeyPair& signer) {
    TokenPieces pieces;
    codec::Reader reader(raw);
    pieces.head = {raw.front()};
    reader.array(0, 99);
    for (Bytes& field : pieces.fields) {
      const ByteView encoded = reader.skip();
      field.assign(encoded.begin(), encoded.end());
    }
    pieces.signer = &signer;
    pieces.domain = signature_domain(kind);
    return pieces;
  }

  /// No bytes at all.
  static TokenPieces none() {
    TokenPieces pieces;
    pieces.head.clear();
    pieces.signature_head.clear();
    pieces.signature.emplace();
    return pieces;
  }

  [[nodiscard]] Bytes put_together() const {
    Bytes bytes = head;
    for (const Bytes& field : fields) append(bytes, field);
    append(bytes, signature_head);
    if (signature)
      append(bytes, *signature);
    else
      append(bytes, crypto::ed25519().sign(*signer, {as_bytes(domain), bytes}));
    append(bytes, tail);
    return bytes;
  }
};

/// What `write` writes.
template <class Write>
Bytes encoding(Write write) {
  Bytes bytes;
  codec::Writer writer(bytes);
  write(writer);
  return bytes;
}

inline Bytes encoded_time(WallTime time) {
  return encoding([time](codec::Writer& writer) {
    writer.unsigned_number(static_cast<std::uint64_t>(time.time_since_epoch().count()));
  });
}

inline Bytes encoded_binary(ByteView content) {
  return encoding([content](codec::Writer& writer) { writer.binary(content); });
}

/// Hexadecimal, for encodings that no writer yields.
inline Bytes hex(std::string_view text) { return from_hex(text).value(); }

}  // namespace kith::test
