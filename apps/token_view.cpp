#include "apps/token_view.hpp"

#include <utility>

#include <fmt/format.h>
#include <boost/json/array.hpp>

#include "apps/console/input.hpp"
#include "apps/console/json.hpp"
#include "apps/console/wording.hpp"
#include "apps/control/contact_requests.hpp"
#include "core/base64url.hpp"
#include "tokens/identity_token.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/node_token.hpp"
#include "tokens/relationship_token.hpp"
#include "tokens/verify.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

std::string text_of(const std::array<Byte, 32>& key) { return Fingerprint(key).to_string(); }

/// Of any token or relationship.
template <class Dated>
void add_dates(json::object& view, const Dated& dated) {
  view["issued_at"] = date_of(dated.issued_at);
  view["not_before"] = date_of(dated.not_before);
  view["expires_at"] = date_of(dated.expires_at);
}

struct Dates {
  WallTime issued_at;
  WallTime not_before;
  WallTime expires_at;
};

/// `verify` judges dates first; at the first of its days a token's dates hold.
template <class Signed>
void add_judgement(json::object& view, const Signed& verify_at, const Dates& dates,
                   const TokenJudge& judge) {
  const Result<void> in_time = verify_dates(dates.not_before, dates.expires_at, judge.now);
  const Result<void> is_signed = verify_at(dates.not_before);
  const bool is_unknown =
      !is_signed && is_signed.error() == Errc::wrong_key && !judge.issuer.has_value();
  view["signature"] = is_signed ? "good" : is_unknown ? "not checked" : describe(is_signed.error());
  view["dates"] = in_time ? "good" : describe(in_time.error());
  view["holds"] = is_signed && in_time;
}

json::object view_of(std::string_view kind, const Token& token) {
  json::object view;
  view["kind"] = kind;
  view["uuid"] = to_text(token.uuid());
  view["fingerprint"] = token.fingerprint().to_string();
  view["public_key"] = text_of(token.public_key());
  view["issuer"] = token.issuer().to_string();
  view["realm"] = text_or_null(token.realm());
  view["audience"] = text_or_null(token.audience());
  add_dates(view, Dates{token.issued_at(), token.not_before(), token.expires_at()});
  return view;
}

void judge_token(json::object& view, const Token& token, const TokenJudge& judge) {
  const auto verify_at = [&](WallTime now) {
    return verify(token, *judge.signatures, now, judge.issuer ? &*judge.issuer : nullptr);
  };
  add_judgement(view, verify_at, {token.issued_at(), token.not_before(), token.expires_at()},
                judge);
}

json::object view_node(const NodeToken& node, const TokenJudge& judge) {
  json::object view = view_of("node", node.token);
  json::array endpoints;
  for (const Endpoint& endpoint : node.endpoints) endpoints.emplace_back(endpoint.to_string());
  view["endpoints"] = std::move(endpoints);
  view["static_key"] = text_of(node.static_key);
  view["reachability"] = node.reachability == Reachability::direct ? "direct" : "outbound only";
  judge_token(view, node.token, judge);
  return view;
}

json::object view_identity(const IdentityToken& identity, const TokenJudge& judge) {
  json::object view = view_of("identity", identity.token);
  view["node"] = text_or_null(identity.node.value_or(Fingerprint()));
  judge_token(view, identity.token, judge);
  return view;
}

std::string_view words_for(IntentRole role) {
  switch (role) {
    case IntentRole::send:
      return "send";
    case IntentRole::receive:
      return "receive";
    case IntentRole::both:
      return "send and receive";
  }
  std::unreachable();
}

json::object view_intent(const IntentToken& intent, const TokenJudge& judge) {
  json::object view = view_of("intent", intent.token);
  view["subject"] = intent.subject().to_string();
  view["role"] = words_for(intent.role);
  view["threshold"] = intent.threshold;
  view["node"] = intent.node.to_string();
  judge_token(view, intent.token, judge);
  return view;
}

json::object view_of(const RelationshipParty& party) {
  return {{"identity", party.identity.to_string()},
          {"public_key", text_of(party.key)},
          {"node", party.node.to_string()},
          {"static_key", text_of(party.static_key)}};
}

/// Of one that both have signed, or the proposer alone.
template <class Relationship>
json::object view_relationship(std::string_view signed_by, const Relationship& relationship,
                               const TokenJudge& judge) {
  const RelationshipTerms& terms = relationship.terms();
  json::object view;
  view["kind"] = "relationship";
  view["uuid"] = to_text(terms.id);
  view["fingerprint"] = terms.proposer.identity.to_string();
  view["public_key"] = text_of(terms.proposer.key);
  view["realm"] = text_or_null(terms.realm);
  view["audience"] = terms.partner.identity.to_string();
  add_dates(view, terms);
  view["proposer"] = view_of(terms.proposer);
  view["partner"] = view_of(terms.partner);
  view["signed_by"] = signed_by;
  const auto verify_at = [&](WallTime now) { return relationship.verify(*judge.signatures, now); };
  add_judgement(view, verify_at, {terms.issued_at, terms.not_before, terms.expires_at}, judge);
  return view;
}

/// What `decoded` looks like, if it is of that kind.
template <class Decoded>
Result<json::object> view_if(const Result<Decoded>& decoded, const auto& view) {
  if (!decoded) return std::unexpected(decoded.error());
  return view(*decoded);
}

}  // namespace

json::object view_ticket(const TicketToken& ticket, const TokenJudge& judge) {
  json::object view;
  view["kind"] = "ticket";
  view["hash"] = ticket_hash(ticket.secret()).to_string();
  view["uuid"] = to_text(ticket.uuid());
  view["fingerprint"] = ticket.node().to_string();
  view["public_key"] = text_of(ticket.public_key());
  view["static_key"] = text_of(ticket.static_key());
  view["realm"] = text_or_null(ticket.realm());
  view["audience"] = text_or_null(ticket.partner());
  const std::string& host = ticket.dialed().host;
  view["address"] = host.contains(':') ? fmt::format("[{}]:{}", host, ticket.dialed().port)
                                       : fmt::format("{}:{}", host, ticket.dialed().port);
  view["purpose"] = "relationship";
  const Dates dates{ticket.issued_at(), ticket.not_before(), ticket.expires_at()};
  add_dates(view, dates);
  add_judgement(
      view, [&](WallTime now) { return ticket.verify(*judge.signatures, now); }, dates, judge);
  return view;
}

Result<json::object> view_token(ByteView token, const TokenJudge& judge) {
  const auto is_another = [](const Result<json::object>& view) {
    return !view && view.error() == Errc::wrong_kind;
  };
  auto view = view_if(decode_node_token(token), [&](const auto& t) { return view_node(t, judge); });
  if (is_another(view))
    view = view_if(decode_identity_token(token),
                   [&](const auto& t) { return view_identity(t, judge); });
  if (is_another(view))
    view =
        view_if(decode_intent_token(token), [&](const auto& t) { return view_intent(t, judge); });
  if (is_another(view))
    view =
        view_if(TicketToken::decode(token), [&](const auto& t) { return view_ticket(t, judge); });
  if (is_another(view))
    view = view_if(RelationshipToken::decode(token),
                   [&](const auto& t) { return view_relationship("both", t, judge); });
  if (is_another(view)) {
    view = view_if(RelationshipProposal::decode(token), [&](const auto& t) {
      return view_relationship("the proposer alone", t, judge);
    });
  }
  return view;
}

Result<json::object> view_written_token(const std::string& content, const TokenJudge& judge) {
  std::string text = trimmed(content);
  const crypto::WipeAtEnd wipe_text(text);
  if (text.starts_with("kith-ticket:"))
    return view_if(parse_ticket_uri(text), [&](const auto& t) { return view_ticket(t, judge); });
  auto first = view_token(as_bytes(content), judge);
  if (first) return first;
  for (const auto read : {&from_hex, &from_base32, &from_base64url}) {
    auto bytes = read(text);
    if (!bytes) continue;
    const crypto::WipeAtEnd wipe(*bytes);
    auto view = view_token(*bytes, judge);
    if (view) return view;
    first = std::move(view);
  }
  return first;
}

std::string to_words(json::object view) {
  const char* everybody = view.at("kind") == "ticket" ? "whoever shows it" : "anybody";
  for (const auto& [name, nobody] :
       {std::pair{"realm", "public"}, std::pair{"audience", everybody}, std::pair{"node", "any"}}) {
    json::value* value = view.if_contains(name);
    if (value != nullptr && value->is_null()) *value = nobody;
  }
  return to_lines(view);
}

}  // namespace kith::apps
