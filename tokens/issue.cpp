#include "tokens/issue.hpp"

#include <utility>

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
  // A ticket is wiped by whoever holds it, and must not leave pieces behind as it grows.
  bytes.reserve(rules.bytes_max);
  codec::Writer writer(bytes);
  writer.array(rules.countersigned ? kCountersignedFields : kTokenFields)
      .unsigned_number(static_cast<std::uint64_t>(statement.kind))
      .binary(uuid)
      .fingerprint(statement.realm)
      .fingerprint(signer_fingerprint(rules, key.public_key))
      .fingerprint(statement.subject)
      .fingerprint(statement.audience);
  write_time(writer, statement.issued_at);
  write_time(writer, statement.not_before.value_or(statement.issued_at));
  write_time(writer, statement.issued_at + statement.life);
  writer.binary(statement.public_key);
  write_extensions(writer, statement.extensions);

  // The head of the signature is signed too: all that precedes its 64 bytes.
  writer.raw(kSignatureHead);
  writer.raw(signatures.sign(key, {as_bytes(rules.signature_domain), bytes}));
  if (rules.countersigned) writer.binary({});
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

Result<TicketToken> issue_ticket_token(const TicketTokenParams& params,
                                       const crypto::SigningKeyPair& key,
                                       const crypto::Signatures& signatures, Random& random) {
  TicketSecret secret;
  random.fill(secret.mutable_view());
  auto bytes = sign({.kind = TokenKind::ticket,
                     .realm = params.realm,
                     .audience = params.partner,
                     .issued_at = params.issued_at,
                     .not_before = params.not_before,
                     .life = params.life,
                     .public_key = key.public_key,
                     .extensions = {.static_key = params.static_key,
                                    .dialed = params.dialed,
                                    .secret = std::move(secret),
                                    .purpose = params.purpose}},
                    key, signatures, random);
  if (!bytes) return std::unexpected(bytes.error());
  const crypto::WipeAtEnd wipe(*bytes);
  return TicketToken::decode(*bytes);
}

Result<RelationshipProposal> propose_relationship(const RelationshipParams& params,
                                                  const crypto::SigningKeyPair& key,
                                                  const crypto::Signatures& signatures,
                                                  Random& random) {
  const auto bytes = sign({.kind = TokenKind::relationship,
                           .realm = params.realm,
                           .audience = identity_fingerprint(params.partner_key),
                           .issued_at = params.issued_at,
                           .not_before = params.not_before,
                           .life = params.life,
                           .public_key = key.public_key,
                           .extensions = {.static_key = params.proposer.static_key,
                                          .node = params.proposer.node,
                                          .partner_key = params.partner_key,
                                          .partner_node = params.partner.node,
                                          .partner_static_key = params.partner.static_key}},
                          key, signatures, random);
  if (!bytes) return std::unexpected(bytes.error());
  return RelationshipProposal::decode(*bytes);
}

Result<RelationshipToken> countersign(const RelationshipProposal& proposal,
                                      const crypto::SigningKeyPair& key,
                                      const crypto::Signatures& signatures, WallTime now) {
  if (key.public_key != proposal.terms().partner.key) return std::unexpected(Errc::wrong_key);
  if (auto holds = proposal.verify(signatures, now); !holds) return std::unexpected(holds.error());
  const ByteView unsigned_part = proposal.raw().first(proposal.raw().size() - kBinaryHeadBytes);
  Bytes bytes(unsigned_part.begin(), unsigned_part.end());
  append(bytes, kSignatureHead);
  append(bytes, signatures.sign(key, {as_bytes(countersignature_domain()), bytes}));
  return RelationshipToken::decode(bytes);
}

}  // namespace kith
