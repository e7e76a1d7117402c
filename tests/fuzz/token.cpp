#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <kith/token.hpp>

#include "core/assert.hpp"
#include "core/base64url.hpp"
#include "core/crypto/sodium.hpp"
#include "core/host.hpp"
#include "tokens/issue.hpp"

namespace kith {
namespace {

/// One good token of each kind, as a place to begin.
const std::array<Bytes, 6>& good_tokens() {
  static const std::array<Bytes, 6> kTokens = [] {
    SeededRandom random(1);
    const auto key = crypto::ed25519().generate(random);
    const WallTime now{std::chrono::hours(480'000)};
    const auto raw = [](const auto& issued) {
      KITH_ASSERT(issued.has_value());
      const ByteView view = issued->token.raw();
      return Bytes(view.begin(), view.end());
    };
    const auto node = issue_node_token(
        {.issued_at = now, .endpoints = {Endpoint::v4({127, 0, 0, 1}, 3141)}, .static_key = {9}},
        key, crypto::ed25519(), random);
    const auto identity = issue_identity_token({.issued_at = now, .node = Fingerprint({7})}, key,
                                               crypto::ed25519(), random);
    const auto intent = issue_intent_token(
        {.subject = Fingerprint({1}), .issued_at = now, .threshold = 300, .node = Fingerprint({7})},
        key, crypto::ed25519(), random);
    const auto ticket = issue_ticket_token(
        {.issued_at = now, .dialed = {.host = "a.b", .port = 1}, .static_key = {9}}, key,
        crypto::ed25519(), random);
    KITH_ASSERT(ticket.has_value());
    const auto partner = crypto::ed25519().generate(random);
    const auto proposal = propose_relationship(
        {.issued_at = now, .partner_key = partner.public_key}, key, crypto::ed25519(), random);
    KITH_ASSERT(proposal.has_value());
    const auto both = countersign(*proposal, partner, crypto::ed25519(), now);
    KITH_ASSERT(both.has_value());
    const auto copy = [](ByteView view) { return Bytes(view.begin(), view.end()); };
    return std::array{raw(node),           raw(identity),         raw(intent),
                      copy(ticket->raw()), copy(proposal->raw()), copy(both->raw())};
  }();
  return kTokens;
}

/// The bytes as they are, or, by the first byte, a good token with every three bytes that follow
/// saying where another byte is put.
Bytes token_from(ByteView input) {
  if (input.empty()) return {};
  const std::size_t choice = input[0] % 7;
  input = input.subspan(1);
  if (choice == 6) return {input.begin(), input.end()};
  Bytes bytes = good_tokens()[choice];
  for (; input.size() >= 3; input = input.subspan(3))
    bytes[(input[0] * 256U + input[1]) % bytes.size()] = input[2];
  return bytes;
}

/// A token that is accepted is kept as it came, and what it says lies within its limits.
void check_token(ByteView bytes) {
  const auto token = Token::decode(bytes);
  if (!token) return;
  KITH_ASSERT(std::ranges::equal(token->raw(), bytes));
  KITH_ASSERT(bytes.size() <= kIntentTokenBytesMax);
  KITH_ASSERT(token->signed_part().size() + token->signature().size() == bytes.size());
  KITH_ASSERT(token->issued_at() <= token->not_before());
  KITH_ASSERT(token->not_before() < token->expires_at());
  KITH_ASSERT(token->expires_at() <= kTokenTimeMax);
  const int kinds = (decode_node_token(bytes) ? 1 : 0) + (decode_identity_token(bytes) ? 1 : 0) +
                    (decode_intent_token(bytes) ? 1 : 0);
  KITH_ASSERT(kinds == 1);
}

/// The same for a ticket; its text reads as the same ticket.
void check_ticket(ByteView bytes) {
  const auto ticket = TicketToken::decode(bytes);
  if (!ticket) return;
  KITH_ASSERT(!Token::decode(bytes));
  KITH_ASSERT(std::ranges::equal(ticket->raw(), bytes));
  KITH_ASSERT(bytes.size() <= kTokenBytesMax);
  KITH_ASSERT(is_host(ticket->dialed().host));
  KITH_ASSERT(ticket->dialed().port != 0);
  KITH_ASSERT(ticket->not_before() < ticket->expires_at());
  const auto again = parse_ticket_uri(to_uri(*ticket));
  KITH_ASSERT(again && std::ranges::equal(again->raw(), bytes));
}

/// The same for a relationship, which is proposed or signed by both, never in between.
void check_relationship(ByteView bytes) {
  const auto proposal = RelationshipProposal::decode(bytes);
  const auto both = RelationshipToken::decode(bytes);
  KITH_ASSERT(!proposal || !both);
  if (!proposal && !both) return;
  KITH_ASSERT(!Token::decode(bytes));
  KITH_ASSERT(bytes.size() <= kRelationshipTokenBytesMax);
  KITH_ASSERT(std::ranges::equal(proposal ? proposal->raw() : both->raw(), bytes));
  const RelationshipTerms& terms = proposal ? proposal->terms() : both->terms();
  KITH_ASSERT(terms.not_before < terms.expires_at);
  KITH_ASSERT(terms.proposer.identity != terms.partner.identity);
}

/// Whatever text is taken for a ticket is the ticket's own text.
void check_uri(ByteView bytes) {
  if (const auto ticket = parse_ticket_uri(as_text(bytes)))
    KITH_ASSERT(to_uri(*ticket) == as_text(bytes));
  const std::string uri = "kith-ticket:" + to_base64url(bytes);
  if (uri.size() <= kTicketUriBytesMax)
    KITH_ASSERT(parse_ticket_uri(uri).has_value() == TicketToken::decode(bytes).has_value());
}

}  // namespace
}  // namespace kith

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kith::Bytes bytes = kith::token_from({data, size});
  kith::check_token(bytes);
  kith::check_ticket(bytes);
  kith::check_relationship(bytes);
  kith::check_uri(bytes);
  return 0;
}
