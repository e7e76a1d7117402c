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
class TokenDecoder {
 public:
  struct Decoded {
    Token token;
    Extensions extensions;
  };

  /// @param wanted `Errc::wrong_kind` for a token of another kind; any, if absent.
  [[nodiscard]] static Result<Decoded> decode(ByteView bytes, std::optional<TokenKind> wanted);
};

}  // namespace kith
