#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>
#include <kith/contacts.hpp>

/// What is asked about tickets and contacts over a control socket:
///
///     {"ask": "issue_ticket", "address": "", "partner": "", "life_ms": 86400000}
///     {"ask": "redeem_ticket", "ticket": "kith-ticket:…", "certificate": "", "partner": "",
///      "life_ms": …, "timeout_ms": 10000}
///     {"ask": "tickets"}
///     {"ask": "revoke_ticket", "hash": "…"}
///     {"ask": "contacts"}
///     {"ask": "connect_contact", "contact": "…", "timeout_ms": 10000}
///     {"ask": "end_contact", "contact": "…"}
namespace kith::apps {

/// The longest that a node waits for others before it answers.
inline constexpr Duration kOthersTimeoutMax = std::chrono::seconds(60);

struct IssueTicket {
  TicketOptions options;
};
struct RedeemTicket {
  std::string ticket;   ///< Holds a secret.
  Bytes certificate{};  ///< An identity token; empty: our node speaks for itself.
  std::optional<std::array<Byte, 32>> partner{};
  Duration life{};
  Duration timeout{};
};
struct AskTickets {};
struct RevokeTicket {
  Fingerprint hash;
};
struct AskContacts {};
struct ConnectContact {
  Uuid contact{};
  Duration timeout{};
};
struct EndContact {
  Uuid contact{};
};
using ContactsRequest = std::variant<IssueTicket, RedeemTicket, AskTickets, RevokeTicket,
                                     AskContacts, ConnectContact, EndContact>;

/// A relationship as people name it: 32 digits of hexadecimal.
[[nodiscard]] std::string to_text(const Uuid& id);
[[nodiscard]] std::optional<Uuid> parse_uuid(std::string_view text);

[[nodiscard]] boost::json::object to_json(const ContactsRequest& request);
/// Nothing if `name` is no question about tickets and contacts.  On failure: what is wrong.
[[nodiscard]] std::optional<std::expected<ContactsRequest, std::string>> parse_contacts_request(
    std::string_view name, const boost::json::object& request);

[[nodiscard]] boost::json::object to_json(const std::vector<TicketStatus>& tickets, WallTime now);
[[nodiscard]] boost::json::object to_json(const std::vector<Contact>& contacts, WallTime now);

}  // namespace kith::apps
