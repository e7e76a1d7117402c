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
  if (const auto known = find_token(token)) {
    const Token& kept = tokens_[*known]->token;
    if (kept.realm() != realm) return std::unexpected(Errc::wrong_realm);
    const auto valid = verify_dates(kept, now);
    if (!valid) return std::unexpected(valid.error());
    return *known;
  }
  auto decoded = decode_node_token(token);
  if (!decoded) return std::unexpected(decoded.error());
  if (decoded->token.realm() != realm) return std::unexpected(Errc::wrong_realm);
  const auto valid = verify(decoded->token, signatures, now);
  if (!valid) return std::unexpected(valid.error());
  return keep(std::move(*decoded));
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
  remember_token(contact);
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

std::optional<ContactIndex> ContactBook::find_token(ByteView token) const {
  if (by_hash_.empty()) return std::nullopt;
  const ContactIndex contact = by_hash_[hash(token) % by_hash_.size()];
  if (!tokens_[contact] || !std::ranges::equal(tokens_[contact]->token.raw(), token))
    return std::nullopt;
  return contact;
}

void ContactBook::remember_token(ContactIndex contact) {
  // Growing by four it has at least two places for each token.
  if (by_hash_.size() < 2 * tokens_.size()) {
    by_hash_.assign(8 * tokens_.size(), 0);
    for (ContactIndex other = 0; other < tokens_.size(); ++other)
      if (tokens_[other]) by_hash_[hash(tokens_[other]->token.raw()) % by_hash_.size()] = other;
  }
  by_hash_[hash(tokens_[contact]->token.raw()) % by_hash_.size()] = contact;
}

void ContactBook::retain(std::span<const ContactIndex> used) {
  for (ContactIndex contact = 0; contact < tokens_.size(); ++contact) {
    if (!tokens_[contact] || std::ranges::binary_search(used, contact)) continue;
    tokens_[contact].reset();
    ids_.release(contact);
  }
  sweep_from_ = std::max(kContactsBeforeSweep, 2 * size());
}

}  // namespace kith::overlay
