#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <boost/container/static_vector.hpp>
#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay {

/// The most peers through which a client may be reached.
inline constexpr std::size_t kRelaysMax = 3;
using Relays = boost::container::static_vector<Fingerprint, kRelaysMax>;

/// Names the wish of one identity at one node.  Whatever is newest under a key counts: a renewed
/// intent replaces the one before it, a withdrawal ends it.
struct IntentKey {
  Fingerprint subject;
  Fingerprint identity;
  Fingerprint node;
  IntentRole role = IntentRole::both;

  friend auto operator<=>(const IntentKey&, const IntentKey&) = default;
};

[[nodiscard]] IntentKey key_of(const IntentToken& intent);

/// Spreads keys over 64 bits, so that sums of them tell sets apart; no secret, no proof.
[[nodiscard]] std::uint64_t digest_of(const IntentKey& key);

/// What a node says of an identity that is used at it, and how messages for it reach the node.
/// Signed by the node: nobody else can lead the peers of an identity to it, or away from it.
struct Attachment {
  WallTime at;  ///< The newest counts.
  Relays relays;
  crypto::Signature signature{};

  friend bool operator==(const Attachment&, const Attachment&) = default;
};

/// An intent and how to reach the node where it was declared.  The attachment is absent where the
/// node key speaks for the identity as well and there are no relays.
struct PeerIntent {
  IntentToken intent;
  NodeToken node;
  std::optional<Attachment> attachment;

  [[nodiscard]] std::span<const Fingerprint> relays() const;
};

/// The end of every intent of `key` that was issued up to `issued_at`, signed by its identity.
struct Withdrawal {
  IntentKey key;  ///< `key.identity` follows from `public_key`.
  crypto::SigningPublicKey public_key{};
  Fingerprint audience;  ///< Of the last intent: who may know.
  WallTime issued_at;
  WallTime until;  ///< When the last of them would have expired.
  crypto::Signature signature{};

  friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};

[[nodiscard]] Attachment sign_attachment(const Fingerprint& identity, WallTime at,
                                         std::span<const Fingerprint> relays,
                                         const crypto::SigningKeyPair& node_key,
                                         const crypto::Signatures& signatures);

[[nodiscard]] Withdrawal sign_withdrawal(const IntentToken& last,
                                         const crypto::SigningKeyPair& identity_key,
                                         const crypto::Signatures& signatures);

/// Whether the parts of `peer` belong together and to `realm`; no signature, no date.
[[nodiscard]] Result<void> check_consistency(const PeerIntent& peer, const Fingerprint& realm);

/// Signature and date of an attachment; the tokens of `peer` are verified by `kith::verify`.
[[nodiscard]] Result<void> verify_attachment(const PeerIntent& peer,
                                             const crypto::Signatures& signatures, WallTime now);

/// Everything about `peer`: consistency, dates, signatures.
[[nodiscard]] Result<void> verify(const PeerIntent& peer, const Fingerprint& realm,
                                  const crypto::Signatures& signatures, WallTime now);

/// Signature and dates of a withdrawal.  `Errc::expired` if there is nothing left to withdraw.
[[nodiscard]] Result<void> verify(const Withdrawal& withdrawal,
                                  const crypto::Signatures& signatures, WallTime now);

/// Whether the two are about one subject, one sends what the other receives, and each is in the
/// other's audience.  An intent never matches itself; two intents of one node may match, and are
/// then matched by their own node, without a coordinator.
[[nodiscard]] bool intents_match(const IntentToken& a, const IntentToken& b);

}  // namespace kith::overlay
