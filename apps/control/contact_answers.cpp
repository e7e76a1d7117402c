#include "apps/control/contact_answers.hpp"

#include <algorithm>

#include "apps/control/answers.hpp"
#include "core/overloaded.hpp"
#include "overlay/asio/clock.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

constexpr std::string_view kNoStore =
    "it keeps no tickets and contacts; start it with: kith up --store FILE";

constexpr std::string_view kNoSuchContact = "it has no such contact";

constexpr std::string_view kOrphaned =
    "the contact is of other keys or another realm than this node has now; start it with --key, "
    "--identity and --realm as they were when the ticket was redeemed";

constexpr std::string_view kHungUp =
    "the issuer hung up, and does not say why: the ticket may be used, revoked or over, or be "
    "meant for somebody else; 'kith ticket list' there tells";

constexpr std::string_view kNotThatNode =
    "the ticket is of this node itself, or another node than its issuer answers where it leads";

WallTime now() { return overlay::read_clocks().wall; }

bool is_orphaned(Contacts& contacts, const Uuid& id) {
  const auto list = contacts.list(kOwnTimeout);
  return list && std::ranges::any_of(*list, [&](const Contact& contact) {
           return contact.id == id && contact.is_orphaned;
         });
}

/// What came of something that was to be done with a contact.
std::string line_about(Contacts& contacts, const Uuid& id, const Result<void>& done) {
  const bool is_missing = !done && done.error() == Errc::not_found;
  return line_of(done, is_missing && is_orphaned(contacts, id) ? kOrphaned : kNoSuchContact,
                 kNothingMore);
}

}  // namespace

std::string answer_about(Contacts contacts, const ContactsRequest& request) {
  return std::visit(
      Overloaded{[&](const IssueTicket& ask) {
                   return line_of(contacts.issue_ticket(ask.options, kOwnTimeout), kNoStore,
                                  [](const auto& uri) { return json::object{{"ticket", *uri}}; });
                 },
                 [&](const RedeemTicket& ask) {
                   const auto redeemed = contacts.redeem(
                       ask.ticket,
                       {.certificate = ask.certificate, .partner = ask.partner, .life = ask.life},
                       ask.timeout);
                   // An issuer that does not take a ticket hangs up without a word.
                   if (!redeemed && redeemed.error() == Errc::connection_lost)
                     return error_line(Errc::refused, kHungUp);
                   if (!redeemed && redeemed.error() == Errc::wrong_key)
                     return error_line(Errc::wrong_key, kNotThatNode);
                   return line_of(redeemed, kNoStore, [](const auto& id) {
                     return json::object{{"contact", to_text(*id)}};
                   });
                 },
                 [&](const AskTickets&) {
                   return line_of(contacts.tickets(kOwnTimeout), kNoStore,
                                  [](const auto& tickets) { return to_json(*tickets, now()); });
                 },
                 [&](const RevokeTicket& ask) {
                   return line_of(contacts.revoke_ticket(ask.hash, kOwnTimeout),
                                  "it has no unused ticket of that hash", kNothingMore);
                 },
                 [&](const AskContacts&) {
                   return line_of(contacts.list(kOwnTimeout), kNoStore,
                                  [](const auto& list) { return to_json(*list, now()); });
                 },
                 [&](const ConnectContact& ask) {
                   return line_about(contacts, ask.contact,
                                     contacts.connect(ask.contact, ask.timeout));
                 },
                 [&](const EndContact& ask) {
                   return line_about(contacts, ask.contact, contacts.end(ask.contact, kOwnTimeout));
                 }},
      request);
}

}  // namespace kith::apps
