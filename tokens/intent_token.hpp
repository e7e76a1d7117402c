#pragma once

#include <cstdint>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/token.hpp>

namespace kith {

/// The most messages that an intent may grant before the first answer.
inline constexpr std::uint32_t kIntentThresholdMax = 65'535;

/// What an identity wants to send or receive, and where.
struct IntentToken {
  Token token;
  IntentRole role = IntentRole::both;
  std::uint32_t threshold = 0;  ///< First credit of a channel, in messages.
  Fingerprint node;             ///< Where the identity is: the hint for routing.

  /// The identity that declared the intent.
  [[nodiscard]] const Fingerprint& identity() const { return token.fingerprint(); }
  [[nodiscard]] Fingerprint subject() const { return token.subject(); }
};

/// `Errc::wrong_kind` for a token of another kind.
[[nodiscard]] Result<IntentToken> decode_intent_token(ByteView bytes);

/// Whether one of the two sends what the other receives.
[[nodiscard]] bool roles_match(IntentRole a, IntentRole b);

/// Whether `token` addresses `identity` in `realm`.
[[nodiscard]] bool in_audience(const Token& token, const Fingerprint& identity,
                               const Fingerprint& realm);

}  // namespace kith
