#include "tokens/ticket_token.hpp"

#include <utility>

#include "core/base64url.hpp"
#include "tokens/token_decoder.hpp"
#include "tokens/verify.hpp"

namespace kith {
namespace {

constexpr std::string_view kScheme = "kith-ticket:";

}  // namespace

Result<TicketToken> TicketToken::decode(ByteView bytes) {
  auto decoded = TokenDecoder::decode(bytes, TokenKind::ticket);
  if (!decoded) return std::unexpected(decoded.error());
  TicketToken ticket(std::move(decoded->token));
  Extensions& extensions = decoded->extensions;
  ticket.secret_ = std::move(*extensions.secret);
  ticket.static_key_ = *extensions.static_key;
  ticket.dialed_ = std::move(*extensions.dialed);
  ticket.purpose_ = *extensions.purpose;
  return ticket;
}

TicketToken& TicketToken::operator=(TicketToken&& other) noexcept {
  if (this == &other) return *this;
  crypto::wipe(token_.raw_);
  token_ = std::move(other.token_);
  secret_ = std::move(other.secret_);
  static_key_ = other.static_key_;
  dialed_ = std::move(other.dialed_);
  purpose_ = other.purpose_;
  return *this;
}

TicketToken::~TicketToken() { crypto::wipe(token_.raw_); }

Result<void> TicketToken::verify(const crypto::Signatures& signatures, WallTime now) const {
  if (expires_at() <= now) return std::unexpected(Errc::expired);
  return kith::verify(token_, signatures, now);
}

Fingerprint ticket_hash(const TicketSecret& secret) { return crypto::blake2b_256({secret.view()}); }

std::string to_uri(const TicketToken& ticket) {
  std::string digits = to_base64url(ticket.raw());
  const crypto::WipeAtEnd wipe(digits);
  std::string uri;
  uri.reserve(kScheme.size() + digits.size());
  uri += kScheme;
  uri += digits;
  return uri;
}

Result<TicketToken> parse_ticket_uri(std::string_view text) {
  if (text.size() > kTicketUriBytesMax) return std::unexpected(Errc::too_long);
  if (!text.starts_with(kScheme)) return std::unexpected(Errc::bad_text);
  auto bytes = from_base64url(text.substr(kScheme.size()));
  if (!bytes) return std::unexpected(bytes.error());
  const crypto::WipeAtEnd wipe(*bytes);
  return TicketToken::decode(*bytes);
}

}  // namespace kith
