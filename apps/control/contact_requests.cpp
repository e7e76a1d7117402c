#include "apps/control/contact_requests.hpp"

#include <algorithm>

#include <boost/json/array.hpp>

#include "apps/console/json.hpp"
#include "apps/console/wording.hpp"
#include "apps/control/fields.hpp"
#include "apps/dial_advice.hpp"
#include "core/overloaded.hpp"
#include "tokens/ticket_token.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

using ParsedContacts = std::expected<ContactsRequest, std::string>;

constexpr std::size_t kAddressBytesMax = 300;
/// Of an identity token, in base32.
constexpr std::size_t kCertificateTextBytesMax = (kTokenBytesMax * 8 + 4) / 5;

std::int64_t in_milliseconds(Duration time) { return time / std::chrono::milliseconds(1); }

std::string text_of(const Fingerprint& fingerprint) {
  return fingerprint.is_zero() ? "" : fingerprint.to_string();
}

json::value date_or_null(const std::optional<WallTime>& time) {
  return time ? json::value(date_of(*time)) : json::value(nullptr);
}

/// The fingerprint in the member `name`, or the public key, which is written in the same way; zeros
/// if it is empty.
Result<Fingerprint> fingerprint_or_none(const json::object& request, std::string_view name) {
  const auto text = text_in(request, name, kFingerprintBytesMax);
  if (!text) return std::unexpected(Errc::bad_text);
  return text->empty() ? Fingerprint() : Fingerprint::parse(*text);
}

ParsedContacts parse_issue(const json::object& request) {
  if (!has_just(request, {"ask", "address", "partner", "life_ms"}))
    return std::unexpected("'issue_ticket' takes 'address', 'partner' and 'life_ms'");
  const auto address = text_in(request, "address", kAddressBytesMax);
  const auto partner = fingerprint_or_none(request, "partner");
  const auto life = milliseconds_in(request, "life_ms", kTicketTokenLifeMax);
  if (!address) return std::unexpected("'address' must be text, empty or an address");
  if (!partner) return std::unexpected("'partner' must be empty or a fingerprint");
  if (!life) return std::unexpected("'life_ms' must be a number from 1 to 30 days");
  return IssueTicket{{.address = std::string(*address), .partner = *partner, .life = *life}};
}

ParsedContacts parse_redeem(const json::object& request) {
  if (!has_just(request, {"ask", "ticket", "certificate", "partner", "life_ms", "timeout_ms"}))
    return std::unexpected(
        "'redeem_ticket' takes 'ticket', 'certificate', 'partner', 'life_ms' and 'timeout_ms'");
  const auto ticket = text_in(request, "ticket", kTicketUriBytesMax);
  const auto certificate = text_in(request, "certificate", kCertificateTextBytesMax);
  const auto token =
      certificate ? from_base32(*certificate) : Result<Bytes>(std::unexpected(Errc::bad_text));
  const auto partner = fingerprint_or_none(request, "partner");
  const auto life = milliseconds_in(request, "life_ms", kRelationshipTokenLifeMax);
  const auto timeout = milliseconds_in(request, "timeout_ms", kOthersTimeoutMax);
  if (!ticket) return std::unexpected("'ticket' must be the text of a ticket");
  if (!token) return std::unexpected("'certificate' must be empty or a token in base32");
  if (!partner) return std::unexpected("'partner' must be empty or a public key");
  if (!life) return std::unexpected("'life_ms' must be a number from 1 to five years");
  if (!timeout) return std::unexpected("'timeout_ms' must be a number from 1 to 60000");
  return RedeemTicket{
      .ticket = std::string(*ticket),
      .certificate = *token,
      .partner = partner->is_zero() ? std::nullopt : std::optional(partner->bytes()),
      .life = *life,
      .timeout = *timeout};
}

ParsedContacts parse_revoke(const json::object& request) {
  const auto text = text_in(request, "hash", kFingerprintBytesMax);
  const auto hash = Fingerprint::parse(text.value_or(""));
  if (!has_just(request, {"ask", "hash"}) || !hash)
    return std::unexpected("'revoke_ticket' takes the 'hash' of a ticket");
  return RevokeTicket{*hash};
}

ParsedContacts parse_connect(const json::object& request) {
  const auto id = parse_uuid(text_in(request, "contact", 32).value_or(""));
  const auto timeout = milliseconds_in(request, "timeout_ms", kOthersTimeoutMax);
  if (!has_just(request, {"ask", "contact", "timeout_ms"}) || !id || !timeout) {
    return std::unexpected(
        "'connect_contact' takes a 'contact', 32 digits of hexadecimal, and 'timeout_ms', a number "
        "from 1 to 60000");
  }
  return ConnectContact{.contact = *id, .timeout = *timeout};
}

ParsedContacts parse_end(const json::object& request) {
  const auto id = parse_uuid(text_in(request, "contact", 32).value_or(""));
  if (!has_just(request, {"ask", "contact"}) || !id)
    return std::unexpected("'end_contact' takes a 'contact', 32 digits of hexadecimal");
  return EndContact{*id};
}

std::string_view state_of(const TicketStatus& ticket, WallTime now) {
  if (ticket.used_at) return "used";
  if (ticket.revoked_at) return "revoked";
  return ticket.expires_at <= now ? "expired" : "open";
}

json::object to_json(const TicketStatus& ticket, WallTime now) {
  json::object object;
  object["hash"] = ticket.hash.to_string();
  object["state"] = state_of(ticket, now);
  object["partner"] = text_or_null(ticket.partner);
  object["expires_at"] = date_of(ticket.expires_at);
  object["used_at"] = date_or_null(ticket.used_at);
  object["used_by"] = text_or_null(ticket.used_by.value_or(Fingerprint()));
  object["revoked_at"] = date_or_null(ticket.revoked_at);
  return object;
}

std::string_view state_of(const Contact& contact, WallTime now) {
  if (contact.is_orphaned) return "orphaned";
  if (contact.ended_at) return "ended";
  return contact.expires_at <= now ? "expired" : "open";
}

json::value to_json(const std::optional<ContactDial>& dial) {
  if (!dial) return nullptr;
  const bool is_over = dial->step == JoinStep::joining;
  return json::object{{"endpoint", dial->endpoint},
                      {"flow", std::string(1, dial->flow)},
                      {"reached", is_over ? "related" : step_before(dial->step)}};
}

json::object to_json(const Contact& contact, WallTime now) {
  json::object object;
  object["contact"] = to_text(contact.id);
  object["state"] = state_of(contact, now);
  object["identity"] = text_or_null(contact.identity);
  object["node"] = text_or_null(contact.node);
  object["addresses"] = json::array(contact.addresses.begin(), contact.addresses.end());
  object["issued_at"] = date_of(contact.since);
  object["expires_at"] = date_of(contact.expires_at);
  object["ended_at"] = date_or_null(contact.ended_at);
  object["last_dial"] = to_json(contact.last_dial);
  return object;
}

}  // namespace

std::string to_text(const Uuid& id) { return to_hex(id); }

std::optional<Uuid> parse_uuid(std::string_view text) {
  Uuid id{};
  const auto bytes = from_hex(text);
  if (!bytes || bytes->size() != id.size()) return std::nullopt;
  std::ranges::copy(*bytes, id.begin());
  return id;
}

json::object to_json(const ContactsRequest& request) {
  return std::visit(
      Overloaded{[](const IssueTicket& ask) {
                   return json::object{{"ask", "issue_ticket"},
                                       {"address", ask.options.address},
                                       {"partner", text_of(ask.options.partner)},
                                       {"life_ms", in_milliseconds(ask.options.life)}};
                 },
                 [](const RedeemTicket& ask) {
                   return json::object{{"ask", "redeem_ticket"},
                                       {"ticket", ask.ticket},
                                       {"certificate", to_base32(ask.certificate)},
                                       {"partner", ask.partner ? to_base32(*ask.partner) : ""},
                                       {"life_ms", in_milliseconds(ask.life)},
                                       {"timeout_ms", in_milliseconds(ask.timeout)}};
                 },
                 [](const AskTickets&) { return json::object{{"ask", "tickets"}}; },
                 [](const RevokeTicket& ask) {
                   return json::object{{"ask", "revoke_ticket"}, {"hash", ask.hash.to_string()}};
                 },
                 [](const AskContacts&) { return json::object{{"ask", "contacts"}}; },
                 [](const ConnectContact& ask) {
                   return json::object{{"ask", "connect_contact"},
                                       {"contact", to_text(ask.contact)},
                                       {"timeout_ms", in_milliseconds(ask.timeout)}};
                 },
                 [](const EndContact& ask) {
                   return json::object{{"ask", "end_contact"}, {"contact", to_text(ask.contact)}};
                 }},
      request);
}

std::optional<ParsedContacts> parse_contacts_request(std::string_view name,
                                                     const json::object& request) {
  if (name == "issue_ticket") return parse_issue(request);
  if (name == "redeem_ticket") return parse_redeem(request);
  if (name == "revoke_ticket") return parse_revoke(request);
  if (name == "connect_contact") return parse_connect(request);
  if (name == "end_contact") return parse_end(request);
  if (name != "tickets" && name != "contacts") return std::nullopt;
  if (!has_just(request, {"ask"}))
    return ParsedContacts(std::unexpected("this request takes nothing but 'ask'"));
  return name == "tickets" ? ParsedContacts(AskTickets{}) : ParsedContacts(AskContacts{});
}

json::object to_json(const std::vector<TicketStatus>& tickets, WallTime now) {
  json::array list;
  for (const TicketStatus& ticket : tickets) list.push_back(to_json(ticket, now));
  return {{"tickets", std::move(list)}};
}

json::object to_json(const std::vector<Contact>& contacts, WallTime now) {
  json::array list;
  for (const Contact& contact : contacts) list.push_back(to_json(contact, now));
  return {{"contacts", std::move(list)}};
}

}  // namespace kith::apps
