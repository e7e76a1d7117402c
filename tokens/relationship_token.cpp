#include "tokens/relationship_token.hpp"

#include <algorithm>

#include "tokens/token_decoder.hpp"
#include "tokens/token_layout.hpp"
#include "tokens/verify.hpp"

namespace kith {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kCountersignedTail = kBinaryHeadBytes + kSignatureBytes;

Result<RelationshipTerms> decode_terms(ByteView bytes, bool countersigned) {
  auto decoded = TokenDecoder::decode(bytes, TokenKind::relationship);
  if (!decoded) return std::unexpected(decoded.error());
  const auto& [token, extensions, is_countersigned] = *decoded;
  if (is_countersigned != countersigned) return std::unexpected(Errc::wrong_kind);
  RelationshipTerms terms{.id = token.uuid(),
                          .realm = token.realm(),
                          .proposer = {.key = token.public_key(),
                                       .identity = token.fingerprint(),
                                       .node = *extensions.node,
                                       .static_key = *extensions.static_key},
                          .partner = {.key = *extensions.partner_key,
                                      .identity = identity_fingerprint(*extensions.partner_key),
                                      .node = *extensions.partner_node,
                                      .static_key = *extensions.partner_static_key},
                          .issued_at = token.issued_at(),
                          .not_before = token.not_before(),
                          .expires_at = token.expires_at()};
  if (token.audience() != terms.partner.identity) return std::unexpected(Errc::wrong_key);
  // Nobody deals with himself.
  if (terms.partner.identity == terms.proposer.identity) return std::unexpected(Errc::out_of_range);
  return terms;
}

/// `bytes` end in a signature by `key` of all that stands before it.
bool is_signed(ByteView bytes, const crypto::SigningPublicKey& key, std::string_view domain,
               const crypto::Signatures& signatures) {
  crypto::Signature signature{};
  std::ranges::copy(bytes.last(kSignatureBytes), signature.begin());
  return signatures.verify(key, {as_bytes(domain), bytes.first(bytes.size() - kSignatureBytes)},
                           signature);
}

/// Dates, and the proposer's signature at the end of `bytes`.
Result<void> verify_proposal(ByteView bytes, const RelationshipTerms& terms,
                             const crypto::Signatures& signatures, WallTime now) {
  if (auto in_time = verify_dates(terms.not_before, terms.expires_at, now); !in_time)
    return in_time;
  if (!is_signed(bytes, terms.proposer.key, signature_domain(TokenKind::relationship), signatures))
    return std::unexpected(Errc::bad_signature);
  return {};
}

}  // namespace

const RelationshipParty* RelationshipTerms::party(const Fingerprint& node_or_identity) const {
  for (const RelationshipParty* side : {&proposer, &partner})
    if (side->node == node_or_identity || side->identity == node_or_identity) return side;
  return nullptr;
}

Result<RelationshipProposal> RelationshipProposal::decode(ByteView bytes) {
  auto terms = decode_terms(bytes, false);
  if (!terms) return std::unexpected(terms.error());
  RelationshipProposal proposal;
  proposal.terms_ = *terms;
  proposal.raw_.assign(bytes.begin(), bytes.end());
  return proposal;
}

Result<void> RelationshipProposal::verify(const crypto::Signatures& signatures,
                                          WallTime now) const {
  return verify_proposal(raw().first(raw_.size() - kBinaryHeadBytes), terms_, signatures, now);
}

Result<RelationshipToken> RelationshipToken::decode(ByteView bytes) {
  auto terms = decode_terms(bytes, true);
  if (!terms) return std::unexpected(terms.error());
  RelationshipToken token;
  token.terms_ = *terms;
  token.raw_.assign(bytes.begin(), bytes.end());
  return token;
}

Result<void> RelationshipToken::verify(const crypto::Signatures& signatures, WallTime now) const {
  const ByteView proposal = raw().first(raw_.size() - kCountersignedTail);
  if (auto proposed = verify_proposal(proposal, terms_, signatures, now); !proposed)
    return proposed;
  if (!is_signed(raw_, terms_.partner.key, countersignature_domain(), signatures))
    return std::unexpected(Errc::bad_signature);
  return {};
}

std::string_view countersignature_domain() { return "kith/1 relationship token\0"sv; }

}  // namespace kith
