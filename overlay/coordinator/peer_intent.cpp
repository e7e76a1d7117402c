#include "overlay/coordinator/peer_intent.hpp"

#include <string_view>

#include "core/codec/writer.hpp"
#include "core/random.hpp"
#include "overlay/message_fields.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kAttachmentDomain = "kith/1 attachment\0"sv;
constexpr std::string_view kWithdrawalDomain = "kith/1 withdrawal\0"sv;

Bytes attachment_statement(const Fingerprint& identity, WallTime at,
                           std::span<const Fingerprint> relays) {
  Bytes bytes;
  codec::Writer out(bytes);
  out.array(3).fingerprint(identity).unsigned_number(microseconds(at)).array(relays.size());
  for (const Fingerprint& relay : relays) out.fingerprint(relay);
  return bytes;
}

Bytes withdrawal_statement(const Withdrawal& withdrawal) {
  Bytes bytes;
  codec::Writer(bytes)
      .array(6)
      .fingerprint(withdrawal.key.subject)
      .fingerprint(withdrawal.key.node)
      .unsigned_number(static_cast<std::uint64_t>(withdrawal.key.role))
      .fingerprint(withdrawal.audience)
      .unsigned_number(microseconds(withdrawal.issued_at))
      .unsigned_number(microseconds(withdrawal.until));
  return bytes;
}

bool node_speaks_for_identity(const PeerIntent& peer) {
  return peer.intent.token.public_key() == peer.node.token.public_key();
}

}  // namespace

IntentKey key_of(const IntentToken& intent) {
  return {intent.subject(), intent.identity(), intent.node, intent.role};
}

std::uint64_t digest_of(const IntentKey& key) {
  const std::uint64_t place = mix64(key.subject.top64() ^ static_cast<std::uint64_t>(key.role));
  return mix64(mix64(place ^ key.identity.top64()) ^ key.node.top64());
}

std::span<const Fingerprint> PeerIntent::relays() const {
  if (!attachment) return {};
  return attachment->relays;
}

Attachment sign_attachment(const Fingerprint& identity, WallTime at,
                           std::span<const Fingerprint> relays,
                           const crypto::SigningKeyPair& node_key,
                           const crypto::Signatures& signatures) {
  Attachment attachment{at, Relays(relays.begin(), relays.end()), {}};
  attachment.signature = signatures.sign(
      node_key, {as_bytes(kAttachmentDomain), attachment_statement(identity, at, relays)});
  return attachment;
}

Withdrawal sign_withdrawal(const IntentToken& last, const crypto::SigningKeyPair& identity_key,
                           const crypto::Signatures& signatures) {
  Withdrawal withdrawal{key_of(last),           identity_key.public_key, last.token.audience(),
                        last.token.issued_at(), last.token.expires_at(), {}};
  withdrawal.signature = signatures.sign(
      identity_key, {as_bytes(kWithdrawalDomain), withdrawal_statement(withdrawal)});
  return withdrawal;
}

Result<void> check_consistency(const PeerIntent& peer, const Fingerprint& realm) {
  if (peer.intent.token.realm() != realm || peer.node.token.realm() != realm)
    return std::unexpected(Errc::wrong_realm);
  if (peer.intent.node != peer.node.fingerprint()) return std::unexpected(Errc::wrong_key);
  if (!peer.attachment && !node_speaks_for_identity(peer))
    return std::unexpected(Errc::missing_key);
  return {};
}

Result<void> verify_attachment(const PeerIntent& peer, const crypto::Signatures& signatures,
                               WallTime now) {
  if (!peer.attachment) return {};
  const Attachment& attachment = *peer.attachment;
  if (attachment.at - kClockSkewMax > now) return std::unexpected(Errc::not_yet_valid);
  const Bytes statement =
      attachment_statement(peer.intent.identity(), attachment.at, attachment.relays);
  if (!signatures.verify(peer.node.token.public_key(), {as_bytes(kAttachmentDomain), statement},
                         attachment.signature))
    return std::unexpected(Errc::bad_signature);
  return {};
}

Result<void> verify(const PeerIntent& peer, const Fingerprint& realm,
                    const crypto::Signatures& signatures, WallTime now) {
  if (auto consistent = check_consistency(peer, realm); !consistent) return consistent;
  if (auto intent = kith::verify(peer.intent.token, signatures, now); !intent) return intent;
  if (auto node = kith::verify(peer.node.token, signatures, now); !node) return node;
  return verify_attachment(peer, signatures, now);
}

Result<void> verify(const Withdrawal& withdrawal, const crypto::Signatures& signatures,
                    WallTime now) {
  if (withdrawal.issued_at - kClockSkewMax > now) return std::unexpected(Errc::not_yet_valid);
  if (withdrawal.until + kClockSkewMax <= now) return std::unexpected(Errc::expired);
  if (withdrawal.until - withdrawal.issued_at > kIntentTokenLifeMax)
    return std::unexpected(Errc::life_too_long);
  if (identity_fingerprint(withdrawal.public_key) != withdrawal.key.identity)
    return std::unexpected(Errc::wrong_key);
  if (!signatures.verify(withdrawal.public_key,
                         {as_bytes(kWithdrawalDomain), withdrawal_statement(withdrawal)},
                         withdrawal.signature))
    return std::unexpected(Errc::bad_signature);
  return {};
}

bool intents_match(const IntentToken& a, const IntentToken& b) {
  return a.subject() == b.subject() && roles_match(a.role, b.role) && key_of(a) != key_of(b) &&
         in_audience(a.token, b.identity(), b.token.realm()) &&
         in_audience(b.token, a.identity(), a.token.realm());
}

}  // namespace kith::overlay
