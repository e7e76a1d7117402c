#pragma once

#include <optional>

#include <kith/bytes.hpp>
#include <kith/result.hpp>
#include <kith/token.hpp>

#include "tokens/extensions.hpp"

namespace kith {

/// The one way from bytes to a token.
///
///     [kind, uuid, realm, issuer, subject, audience, issued_at, not_before, expires_at,
///      public_key, extensions, signature]
///
/// A relationship has a thirteenth field: the second signature, or an empty binary before it.
class TokenDecoder {
 public:
  struct Decoded {
    Token token;
    Extensions extensions;
    bool is_countersigned = false;
  };

  /// @param wanted `Errc::wrong_kind` for a token of another kind; if absent, for one that may not
  /// be a plain `Token`.
  [[nodiscard]] static Result<Decoded> decode(ByteView bytes, std::optional<TokenKind> wanted);
};

}  // namespace kith
