#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "core/crypto/secret.hpp"

namespace kith {

/// What a ticket is worth: whoever knows it may connect.
using TicketSecret = crypto::Secret<32>;

/// Where to connect to: a name or an IP address without brackets, and a port.
struct DialedAddress {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const DialedAddress&, const DialedAddress&) = default;
};

/// "Whoever shows this may connect once, for this purpose, until then": all that a stranger needs
/// for a first connection (R58), handed over out of band.  It is well formed; its signature and
/// dates `verify` judges.
///
/// It holds a secret: moved, never copied, wiped at its end, and part of no log line.
class TicketToken {
 public:
  /// `Errc::wrong_kind` for a token of another kind.
  [[nodiscard]] static Result<TicketToken> decode(ByteView bytes);

  TicketToken(const TicketToken&) = delete;
  TicketToken& operator=(const TicketToken&) = delete;
  TicketToken(TicketToken&& other) noexcept = default;
  TicketToken& operator=(TicketToken&& other) noexcept;
  ~TicketToken();

  [[nodiscard]] Uuid uuid() const { return token_.uuid(); }
  [[nodiscard]] Fingerprint realm() const { return token_.realm(); }
  /// The Ed25519 key of the node that issued it.
  [[nodiscard]] crypto::SigningPublicKey public_key() const { return token_.public_key(); }
  /// That node, which must answer.
  [[nodiscard]] const Fingerprint& node() const { return token_.fingerprint(); }
  [[nodiscard]] const crypto::DhPublicKey& static_key() const { return static_key_; }
  [[nodiscard]] const DialedAddress& dialed() const { return dialed_; }
  /// The identity that alone may redeem it; all zeros: whoever shows it.
  [[nodiscard]] Fingerprint partner() const { return token_.audience(); }
  [[nodiscard]] TicketPurpose purpose() const { return purpose_; }
  [[nodiscard]] WallTime issued_at() const { return token_.issued_at(); }
  [[nodiscard]] WallTime not_before() const { return token_.not_before(); }
  [[nodiscard]] WallTime expires_at() const { return token_.expires_at(); }
  [[nodiscard]] const TicketSecret& secret() const { return secret_; }

  /// The encoding, with the secret in it; valid as long as the ticket is neither moved from nor
  /// destroyed.
  [[nodiscard]] ByteView raw() const { return token_.raw(); }

  /// As `verify` of other tokens, but to the letter of `expires_at`: the issuer, who alone judges a
  /// ticket in the end, waits for no other clock.
  [[nodiscard]] Result<void> verify(const crypto::Signatures& signatures, WallTime now) const;

 private:
  explicit TicketToken(Token token) : token_(std::move(token)) {}

  Token token_;
  TicketSecret secret_;
  crypto::DhPublicKey static_key_{};
  DialedAddress dialed_;
  TicketPurpose purpose_ = TicketPurpose::relationship;
};

/// What the issuing node keeps instead of the secret: BLAKE2b-256 of it.
[[nodiscard]] Fingerprint ticket_hash(const TicketSecret& secret);

inline constexpr std::size_t kTicketUriBytesMax = 2048;

/// The ticket as text: `kith-ticket:` and its bytes in base64url.  Holds the secret; wipe it.
[[nodiscard]] std::string to_uri(const TicketToken& ticket);

/// Reads that and nothing else: `Errc::bad_text`, `Errc::too_long`, or what is wrong with the
/// token.
[[nodiscard]] Result<TicketToken> parse_ticket_uri(std::string_view text);

}  // namespace kith
