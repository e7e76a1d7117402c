#include "overlay/contact_book.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

const Endpoint kNoEndpoint;

}  // namespace

Result<ContactIndex> ContactBook::learn(ByteView token, const Fingerprint& realm,
                                        const crypto::Signatures& signatures, WallTime now) {
  auto decoded = decode_node_token(token);
  if (!decoded) return std::unexpected(decoded.error());
  if (decoded->token.realm() != realm) return std::unexpected(Errc::wrong_realm);
  const auto known = find(decoded->fingerprint());
  const bool verified_before = known && tokens_[*known]->token == decoded->token;
  const auto valid =
      verified_before ? verify_dates(decoded->token, now) : verify(decoded->token, signatures, now);
  if (!valid) return std::unexpected(valid.error());
  return verified_before ? *known : keep(std::move(*decoded));
}

ContactIndex ContactBook::keep(NodeToken token) {
  const auto known = find(token.fingerprint());
  if (known && token.token.issued_at() <= tokens_[*known]->token.issued_at()) return *known;
  return replace(std::move(token));
}

ContactIndex ContactBook::replace(NodeToken token) {
  const auto known = find(token.fingerprint());
  const ContactIndex contact = known ? *known : ids_.intern(token.fingerprint());
  if (contact >= tokens_.size()) tokens_.resize(contact + 1);
  tokens_[contact] = std::move(token);
  return contact;
}

const NodeToken& ContactBook::token(ContactIndex contact) const {
  KITH_ASSERT(contact < tokens_.size() && tokens_[contact].has_value());
  return *tokens_[contact];
}

const Endpoint& ContactBook::endpoint(ContactIndex contact) const {
  const auto& endpoints = token(contact).endpoints;
  return endpoints.empty() ? kNoEndpoint : endpoints.front();
}

void ContactBook::retain(std::span<const ContactIndex> used) {
  for (ContactIndex contact = 0; contact < tokens_.size(); ++contact) {
    if (!tokens_[contact] || std::ranges::binary_search(used, contact)) continue;
    tokens_[contact].reset();
    ids_.release(contact);
  }
}

}  // namespace kith::overlay
