#include <kith/token.hpp>

#include <algorithm>

#include "tokens/identity_token.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/node_token.hpp"
#include "tokens/token_decoder.hpp"
#include "tokens/token_layout.hpp"

namespace kith {
namespace {

template <std::size_t N>
std::array<Byte, N> copy_of(ByteView bytes, std::size_t at) {
  std::array<Byte, N> copy{};
  std::ranges::copy(bytes.subspan(at, N), copy.begin());
  return copy;
}

Fingerprint fingerprint_at(ByteView bytes, std::size_t at) {
  return Fingerprint(copy_of<Fingerprint::kBytes>(bytes, at));
}

bool sends(IntentRole role) { return role != IntentRole::receive; }
bool receives(IntentRole role) { return role != IntentRole::send; }

}  // namespace

Result<Token> Token::decode(ByteView bytes) {
  auto decoded = TokenDecoder::decode(bytes, std::nullopt);
  if (!decoded) return std::unexpected(decoded.error());
  return std::move(decoded->token);
}

TokenKind Token::kind() const { return static_cast<TokenKind>(raw_[kKindAt]); }
Uuid Token::uuid() const { return copy_of<kUuidBytes>(raw_, kUuidAt); }
Fingerprint Token::realm() const { return fingerprint_at(raw_, kRealmAt); }
Fingerprint Token::issuer() const { return fingerprint_at(raw_, kIssuerAt); }
Fingerprint Token::subject() const { return fingerprint_at(raw_, kSubjectAt); }
Fingerprint Token::audience() const { return fingerprint_at(raw_, kAudienceAt); }

std::array<Byte, 32> Token::public_key() const { return copy_of<32>(raw_, public_key_at_); }

std::array<Byte, 64> Token::signature() const {
  return copy_of<kSignatureBytes>(raw_, raw_.size() - kSignatureBytes);
}

ByteView Token::signed_part() const { return raw().first(raw_.size() - kSignatureBytes); }

Result<NodeToken> decode_node_token(ByteView bytes) {
  auto decoded = TokenDecoder::decode(bytes, TokenKind::node);
  if (!decoded) return std::unexpected(decoded.error());
  auto& [token, extensions, countersigned] = *decoded;
  return NodeToken{std::move(token), *extensions.endpoints, *extensions.static_key,
                   *extensions.reachability};
}

Result<IdentityToken> decode_identity_token(ByteView bytes) {
  auto decoded = TokenDecoder::decode(bytes, TokenKind::identity);
  if (!decoded) return std::unexpected(decoded.error());
  return IdentityToken{std::move(decoded->token), decoded->extensions.node};
}

Result<IntentToken> decode_intent_token(ByteView bytes) {
  auto decoded = TokenDecoder::decode(bytes, TokenKind::intent);
  if (!decoded) return std::unexpected(decoded.error());
  auto& [token, extensions, countersigned] = *decoded;
  return IntentToken{std::move(token), *extensions.role, *extensions.threshold, *extensions.node};
}

bool roles_match(IntentRole a, IntentRole b) {
  return (sends(a) && receives(b)) || (receives(a) && sends(b));
}

bool in_audience(const Token& token, const Fingerprint& identity, const Fingerprint& realm) {
  const Fingerprint audience = token.audience();
  if (audience.is_zero()) return token.realm() == realm;
  return audience == identity || audience == realm;
}

}  // namespace kith
