#include "tokens/issue.hpp"

#include "core/codec/writer.hpp"
#include "tokens/extensions.hpp"
#include "tokens/kind_rules.hpp"
#include "tokens/token_layout.hpp"
#include "tokens/verify.hpp"

namespace kith {
namespace {

/// All that a token says, before it is signed.
struct Statement {
  TokenKind kind;
  Fingerprint realm{};
  Fingerprint subject{};
  Fingerprint audience{};
  WallTime issued_at{};
  std::optional<WallTime> not_before{};
  Duration life{};
  crypto::SigningPublicKey public_key{};
  Extensions extensions{};
};

void write_time(codec::Writer& writer, WallTime time) {
  // A date before 1970 becomes one far behind the last, and no reader takes that.
  writer.unsigned_number(static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

/// Encodes and signs; dates that cannot be added are refused, all else is left to the decoder.
Result<Bytes> sign(const Statement& statement, const crypto::SigningKeyPair& key,
                   const crypto::Signatures& signatures, Random& random) {
  const KindRules& rules = rules_of(statement.kind);
  if (statement.life > rules.life_max) return std::unexpected(Errc::life_too_long);
  if (statement.issued_at < WallTime{} || statement.issued_at > kTokenTimeMax)
    return std::unexpected(Errc::out_of_range);

  Uuid uuid{};
  random.fill(uuid);
  Bytes bytes;
  codec::Writer writer(bytes);
  writer.array(kTokenFields)
      .unsigned_number(static_cast<std::uint64_t>(statement.kind))
      .binary(uuid)
      .fingerprint(statement.realm)
      .fingerprint(statement.kind == TokenKind::node ? node_fingerprint(key.public_key)
                                                     : identity_fingerprint(key.public_key))
      .fingerprint(statement.subject)
      .fingerprint(statement.audience);
  write_time(writer, statement.issued_at);
  write_time(writer, statement.not_before.value_or(statement.issued_at));
  write_time(writer, statement.issued_at + statement.life);
  writer.binary(statement.public_key);
  write_extensions(writer, statement.extensions);

  // The head of the signature is signed too: all that precedes its 64 bytes.
  constexpr std::array<Byte, kBinaryHeadBytes> kSignatureHead = {0xc4, kSignatureBytes};
  writer.raw(kSignatureHead);
  writer.raw(signatures.sign(key, {as_bytes(rules.signature_domain), bytes}));
  return bytes;
}

}  // namespace

Result<NodeToken> issue_node_token(const NodeTokenParams& params, const crypto::SigningKeyPair& key,
                                   const crypto::Signatures& signatures, Random& random) {
  const auto bytes = sign({.kind = TokenKind::node,
                           .realm = params.realm,
                           .audience = params.audience,
                           .issued_at = params.issued_at,
                           .not_before = params.not_before,
                           .life = params.life,
                           .public_key = key.public_key,
                           .extensions = {.endpoints = params.endpoints,
                                          .static_key = params.static_key,
                                          .reachability = params.reachability}},
                          key, signatures, random);
  if (!bytes) return std::unexpected(bytes.error());
  return decode_node_token(*bytes);
}

Result<IdentityToken> issue_identity_token(const IdentityTokenParams& params,
                                           const crypto::SigningKeyPair& key,
                                           const crypto::Signatures& signatures, Random& random) {
  const auto bytes = sign({.kind = TokenKind::identity,
                           .realm = params.realm,
                           .audience = params.audience,
                           .issued_at = params.issued_at,
                           .not_before = params.not_before,
                           .life = params.life,
                           .public_key = params.holder.value_or(key.public_key),
                           .extensions = {.node = params.node}},
                          key, signatures, random);
  if (!bytes) return std::unexpected(bytes.error());
  return decode_identity_token(*bytes);
}

Result<IntentToken> issue_intent_token(const IntentTokenParams& params,
                                       const crypto::SigningKeyPair& key,
                                       const crypto::Signatures& signatures, Random& random) {
  const auto bytes = sign(
      {.kind = TokenKind::intent,
       .realm = params.realm,
       .subject = params.subject,
       .audience = params.audience,
       .issued_at = params.issued_at,
       .not_before = params.not_before,
       .life = params.life,
       .public_key = key.public_key,
       .extensions = {.node = params.node, .role = params.role, .threshold = params.threshold}},
      key, signatures, random);
  if (!bytes) return std::unexpected(bytes.error());
  return decode_intent_token(*bytes);
}

}  // namespace kith
