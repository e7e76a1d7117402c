#include "tokens/verify.hpp"

#include "tokens/kind_rules.hpp"

namespace kith {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kNodeFingerprintTag = "kith/1 node fingerprint\0"sv;
constexpr std::string_view kIdentityFingerprintTag = "kith/1 identity fingerprint\0"sv;

}  // namespace

Result<void> verify(const Token& token, const crypto::Signatures& signatures, WallTime now,
                    const crypto::SigningPublicKey* issuer_key) {
  if (auto in_time = verify_dates(token, now); !in_time) return in_time;

  crypto::SigningPublicKey key = token.public_key();
  if (token.issuer() != token.fingerprint()) {
    if (issuer_key == nullptr || identity_fingerprint(*issuer_key) != token.issuer())
      return std::unexpected(Errc::wrong_key);
    key = *issuer_key;
  }
  const ByteView domain = as_bytes(signature_domain(token.kind()));
  if (!signatures.verify(key, {domain, token.signed_part()}, token.signature()))
    return std::unexpected(Errc::bad_signature);
  return {};
}

Result<void> verify_dates(const Token& token, WallTime now) {
  return verify_dates(token.not_before(), token.expires_at(), now);
}

Result<void> verify_dates(WallTime not_before, WallTime expires_at, WallTime now) {
  // Shifts the token's dates, which are bounded, and not `now`, which is not.
  if (not_before - kClockSkewMax > now) return std::unexpected(Errc::not_yet_valid);
  if (expires_at + kClockSkewMax <= now) return std::unexpected(Errc::expired);
  return {};
}

std::string_view signature_domain(TokenKind kind) { return rules_of(kind).signature_domain; }

Fingerprint node_fingerprint(const crypto::SigningPublicKey& key) {
  return crypto::blake2b_256({as_bytes(kNodeFingerprintTag), key});
}

Fingerprint identity_fingerprint(const crypto::SigningPublicKey& key) {
  return crypto::blake2b_256({as_bytes(kIdentityFingerprintTag), key});
}

}  // namespace kith
