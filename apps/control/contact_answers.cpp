#include "apps/control/contact_answers.hpp"

#include "apps/control/protocol.hpp"
#include "core/overloaded.hpp"
#include "overlay/asio/clock.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

/// What the node does by itself; less than whoever asks waits for an answer.
constexpr Duration kTimeout = std::chrono::seconds(4);

constexpr std::string_view kNoStore =
    "it keeps no tickets and contacts; start it with: kith up --store FILE";

constexpr std::string_view kHungUp =
    "the issuer hung up, and does not say why: the ticket may be used, revoked or over, or be "
    "meant "
    "for somebody else; 'kith ticket list' there tells";

WallTime now() { return overlay::read_clocks().wall; }

/// The line of `result`, or what is wrong; `missing` if it was not found.
template <class T>
std::string line_of(const Result<T>& result, std::string_view missing, const auto& to_object) {
  if (result) return answer_line(to_object(result));
  const Errc why = result.error();
  return error_line(why, why == Errc::not_found ? missing : describe(why));
}

}  // namespace

std::string answer_about(Contacts contacts, const ContactsRequest& request) {
  const auto nothing = [](const auto&) { return json::object(); };
  return std::visit(
      Overloaded{
          [&](const IssueTicket& ask) {
            return line_of(contacts.issue_ticket(ask.options, kTimeout), kNoStore,
                           [](const auto& uri) { return json::object{{"ticket", *uri}}; });
          },
          [&](const RedeemTicket& ask) {
            const auto redeemed = contacts.redeem(ask.ticket, {.life = ask.life}, ask.timeout);
            // An issuer that does not take a ticket hangs up without a word.
            if (!redeemed && redeemed.error() == Errc::connection_lost)
              return error_line(Errc::refused, kHungUp);
            return line_of(redeemed, kNoStore,
                           [](const auto& id) { return json::object{{"contact", to_text(*id)}}; });
          },
          [&](const AskTickets&) {
            return line_of(contacts.tickets(kTimeout), kNoStore,
                           [](const auto& tickets) { return to_json(*tickets, now()); });
          },
          [&](const RevokeTicket& ask) {
            return line_of(contacts.revoke_ticket(ask.hash, kTimeout),
                           "it has no unused ticket of that hash", nothing);
          },
          [&](const AskContacts&) {
            return line_of(contacts.list(kTimeout), kNoStore,
                           [](const auto& list) { return to_json(*list, now()); });
          },
          [&](const EndContact& ask) {
            return line_of(contacts.end(ask.contact, kTimeout), "it has no such contact", nothing);
          }},
      request);
}

}  // namespace kith::apps
