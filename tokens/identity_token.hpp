#pragma once

#include <optional>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/token.hpp>

namespace kith {

/// Who uses a node.
struct IdentityToken {
  Token token;
  std::optional<Fingerprint> node;  ///< The node it is used at, if the token is bound to one.

  [[nodiscard]] const Fingerprint& fingerprint() const { return token.fingerprint(); }
};

/// `Errc::wrong_kind` for a token of another kind.
[[nodiscard]] Result<IdentityToken> decode_identity_token(ByteView bytes);

}  // namespace kith
