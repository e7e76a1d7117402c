#pragma once

#include <cstdint>
#include <optional>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "core/random.hpp"
#include "tokens/identity_token.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/node_token.hpp"
#include "tokens/relationship_token.hpp"
#include "tokens/ticket_token.hpp"

/// Issuing: encode, sign, and decode again, so that nobody can issue what nobody would accept; the
/// `Errc` is the one that a reader would give.  `random` gives the uuid, and
/// the secret of a ticket.
namespace kith {

struct NodeTokenParams {
  Fingerprint realm{};
  Fingerprint audience{};
  WallTime issued_at{};
  std::optional<WallTime> not_before{};  ///< `issued_at` if absent.
  Duration life = kNodeTokenLifeMax;     ///< From `issued_at` on.
  TokenEndpoints endpoints{};
  crypto::DhPublicKey static_key{};
  Reachability reachability = Reachability::direct;
};

[[nodiscard]] Result<NodeToken> issue_node_token(const NodeTokenParams& params,
                                                 const crypto::SigningKeyPair& key,
                                                 const crypto::Signatures& signatures,
                                                 Random& random);

struct IdentityTokenParams {
  Fingerprint realm{};
  Fingerprint audience{};
  WallTime issued_at{};
  std::optional<WallTime> not_before{};
  Duration life = kIdentityTokenLifeMax;
  std::optional<Fingerprint> node{};
  /// Whom the token is about, if another than the signer, who then vouches for it.
  std::optional<crypto::SigningPublicKey> holder{};
};

[[nodiscard]] Result<IdentityToken> issue_identity_token(const IdentityTokenParams& params,
                                                         const crypto::SigningKeyPair& key,
                                                         const crypto::Signatures& signatures,
                                                         Random& random);

struct IntentTokenParams {
  Fingerprint realm{};
  Fingerprint subject{};
  Fingerprint audience{};
  WallTime issued_at{};
  std::optional<WallTime> not_before{};
  Duration life = kIntentTokenLifeMax;
  IntentRole role = IntentRole::both;
  std::uint32_t threshold = 0;
  Fingerprint node{};
};

[[nodiscard]] Result<IntentToken> issue_intent_token(const IntentTokenParams& params,
                                                     const crypto::SigningKeyPair& key,
                                                     const crypto::Signatures& signatures,
                                                     Random& random);

struct TicketTokenParams {
  Fingerprint realm{};
  Fingerprint partner{};  ///< The one identity that may redeem it; zeros: whoever shows it.
  WallTime issued_at{};
  std::optional<WallTime> not_before{};
  Duration life = std::chrono::hours(24);
  DialedAddress dialed{};
  crypto::DhPublicKey static_key{};
  TicketPurpose purpose = TicketPurpose::relationship;
};

/// @param key The key of the node that is dialed.
[[nodiscard]] Result<TicketToken> issue_ticket_token(const TicketTokenParams& params,
                                                     const crypto::SigningKeyPair& key,
                                                     const crypto::Signatures& signatures,
                                                     Random& random);

/// Where one side of a relationship is.
struct RelationshipPlace {
  Fingerprint node{};
  crypto::DhPublicKey static_key{};
};

struct RelationshipParams {
  Fingerprint realm{};
  WallTime issued_at{};
  std::optional<WallTime> not_before{};
  Duration life = std::chrono::hours(24 * 365);
  RelationshipPlace proposer{};
  crypto::SigningPublicKey partner_key{};
  RelationshipPlace partner{};
};

/// @param key The proposer's identity.
[[nodiscard]] Result<RelationshipProposal> propose_relationship(
    const RelationshipParams& params, const crypto::SigningKeyPair& key,
    const crypto::Signatures& signatures, Random& random);

/// Signs what `proposal` says if it holds now; `Errc::wrong_key` if it is for another than `key`.
[[nodiscard]] Result<RelationshipToken> countersign(const RelationshipProposal& proposal,
                                                    const crypto::SigningKeyPair& key,
                                                    const crypto::Signatures& signatures,
                                                    WallTime now);

}  // namespace kith
