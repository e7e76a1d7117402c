#pragma once

#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"

namespace kith {

/// One of the two: who it is, and the node that it is dealt with through.
struct RelationshipParty {
  crypto::SigningPublicKey key{};
  Fingerprint identity;  ///< Of `key`.
  Fingerprint node;
  crypto::DhPublicKey static_key{};  ///< Of `node`.

  friend bool operator==(const RelationshipParty&, const RelationshipParty&) = default;
};

/// "A and B deal with each other, through these nodes" (R64): all that a later connection of flow
/// `K` needs.
struct RelationshipTerms {
  Uuid id{};
  Fingerprint realm;
  RelationshipParty proposer;
  RelationshipParty partner;
  WallTime issued_at;
  WallTime not_before;
  WallTime expires_at;

  /// The side of this node or identity; nothing for a stranger.
  [[nodiscard]] const RelationshipParty* party(const Fingerprint& node_or_identity) const;

  friend bool operator==(const RelationshipTerms&, const RelationshipTerms&) = default;
};

/// The terms and the proposer's signature.  It binds nobody until the partner has signed, too.
class RelationshipProposal {
 public:
  /// `Errc::wrong_kind` for a token of another kind, and for one that both have signed.
  [[nodiscard]] static Result<RelationshipProposal> decode(ByteView bytes);

  [[nodiscard]] const RelationshipTerms& terms() const { return terms_; }
  [[nodiscard]] ByteView raw() const { return raw_; }

  /// As `verify` of other tokens: dates, then the proposer's signature.
  [[nodiscard]] Result<void> verify(const crypto::Signatures& signatures, WallTime now) const;

 private:
  RelationshipTerms terms_;
  Bytes raw_;
};

/// The terms and the signatures of both; the second covers the first.
class RelationshipToken {
 public:
  /// `Errc::wrong_kind` for a token of another kind, and for a proposal.
  [[nodiscard]] static Result<RelationshipToken> decode(ByteView bytes);

  [[nodiscard]] const RelationshipTerms& terms() const { return terms_; }
  [[nodiscard]] ByteView raw() const { return raw_; }

  /// As `verify` of other tokens: dates, then both signatures.
  [[nodiscard]] Result<void> verify(const crypto::Signatures& signatures, WallTime now) const;

  friend bool operator==(const RelationshipToken& a, const RelationshipToken& b) {
    return a.raw_ == b.raw_;
  }

 private:
  RelationshipTerms terms_;
  Bytes raw_;
};

/// What the partner's signature begins with, with its final zero.
[[nodiscard]] std::string_view countersignature_domain();

}  // namespace kith
