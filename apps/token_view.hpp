#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <boost/json/object.hpp>
#include <kith/bytes.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "tokens/ticket_token.hpp"

namespace kith::apps {

/// Longer than any token in any of the ways to write it.
inline constexpr std::size_t kTokenTextBytesMax = 8192;

/// By what a token is judged.
struct TokenJudge {
  const crypto::Signatures* signatures = nullptr;
  WallTime now;
  /// Of whoever vouches for identities; nothing: those that vouch for themselves can be judged.
  std::optional<crypto::SigningPublicKey> issuer{};
};

/// What the token says, and whether its signature and dates hold; null is whom it does not name, as
/// by an audience of anybody.  Never the secret of a ticket.
[[nodiscard]] Result<boost::json::object> view_token(ByteView token, const TokenJudge& judge);
[[nodiscard]] boost::json::object view_ticket(const TicketToken& ticket, const TokenJudge& judge);

/// The same of a token in any of the ways in which it is written down: its bytes, hexadecimal,
/// base32, base64url, a ticket's address.
[[nodiscard]] Result<boost::json::object> view_written_token(const std::string& content,
                                                             const TokenJudge& judge);

/// A view for people, one member a line.
[[nodiscard]] std::string to_words(boost::json::object view);

}  // namespace kith::apps
