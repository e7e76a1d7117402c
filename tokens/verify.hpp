#pragma once

#include <string_view>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"

namespace kith {

/// Judges what `Token::decode` cannot: dates (`Errc::not_yet_valid`, `Errc::expired`), issuer and
/// signature.  An identity that another vouches for needs that issuer's key:
/// `Errc::wrong_key` without it or with another.  A token that vouches for itself ignores
/// `issuer_key`.
[[nodiscard]] Result<void> verify(const Token& token, const crypto::Signatures& signatures,
                                  WallTime now,
                                  const crypto::SigningPublicKey* issuer_key = nullptr);

/// Dates alone, for a token whose signature was verified before.
[[nodiscard]] Result<void> verify_dates(const Token& token, WallTime now);

/// The same for any window of dates.  @pre both are within `kTokenTimeMax`
[[nodiscard]] Result<void> verify_dates(WallTime not_before, WallTime expires_at, WallTime now);

/// What a key's statements of `kind` begin with when they are signed, with its final zero.
[[nodiscard]] std::string_view signature_domain(TokenKind kind);

[[nodiscard]] Fingerprint node_fingerprint(const crypto::SigningPublicKey& key);
[[nodiscard]] Fingerprint identity_fingerprint(const crypto::SigningPublicKey& key);

}  // namespace kith
