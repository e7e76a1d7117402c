#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/join_step.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

namespace kith {

/// A ticket to be issued: whoever shows it may connect once and become a contact.
struct TicketOptions {
  /// Whom it makes a contact of: one of the node's identities, as with a subscription
  /// (`SubscriptionOptions::identity`).  The holder of a ticket of another one than the node's own
  /// has to know its public key (`RedeemOptions::partner`).
  std::optional<Fingerprint> identity{};
  /// Where its holder is to connect to, `host:port` or `tcp://host:port`; empty: the first address
  /// of the node.
  std::string address{};
  /// The identity that alone may redeem it; zeros: whoever shows it.
  Fingerprint partner{};
  /// From now on; at most 30 days.
  Duration life = std::chrono::hours(24);
};

/// A ticket as its issuer knows it: not the secret, only a hash of that, by which it is called.
struct TicketStatus {
  Fingerprint hash;
  Fingerprint partner;
  WallTime expires_at;
  std::optional<WallTime> used_at{};
  std::optional<Fingerprint> used_by{};  ///< The node that redeemed it.
  std::optional<WallTime> revoked_at{};
  Fingerprint own_identity{};  ///< Whom it is from; zeros: whoever the node joins as.
};

/// How a ticket is redeemed.
struct RedeemOptions {
  /// Whom it makes a contact of: one of the node's identities, as with `TicketOptions`; a
  /// ticket that is for one identity alone wants that one here, unless the node joins as it.
  std::optional<Fingerprint> identity{};
  /// What we show of ourselves to whoever decides at the other end, at most 2,048 bytes; an
  /// identity token, where the ticket is for an identity that is not our node's own.
  Bytes certificate{};
  /// Show it in the first message, on which the other end may decide, but which can be read by
  /// whoever steals its key later; otherwise only once the session is open.
  bool certificate_early = true;
  /// Ed25519 public key of the identity to become related with; nothing: the node of the ticket
  /// speaks for itself.
  std::optional<std::array<Byte, 32>> partner{};
  /// How long the relationship is to last; at most five years.
  Duration life = std::chrono::hours(24 * 365);
};

/// How a contact was dialed, and how far that came or has come.
struct ContactDial {
  char flow = 'N';  ///< The first letter on the wire.
  std::string endpoint{};
  JoinStep step = JoinStep::connecting;  ///< `joining`: there was a session.
};

/// Somebody whom we have a relationship with, signed by both.
struct Contact {
  Uuid id{};                   ///< Of the relationship.
  Fingerprint identity;        ///< Whose it is with.
  Fingerprint node;            ///< Through which node.
  Fingerprint own_identity{};  ///< Whose contact that is: which of our node's identities.
  std::vector<std::string> addresses{};
  WallTime since{};
  WallTime expires_at{};
  std::optional<WallTime> ended_at{};
  /// Of other keys or another realm than the node runs with, which cannot use it.  Whose it is with
  /// is known if one of its nodes is ours; otherwise `identity` and `node` are zeros.
  bool is_orphaned = false;
  /// The last dial, which may be under way; nothing if a session was there when `connect` was
  /// called last.
  std::optional<ContactDial> last_dial{};
};

/// A message that a contact sent.  The view is valid during the callback.
struct ContactMessage {
  Uuid contact{};
  ByteView payload;
  Fingerprint own_identity{};  ///< Whose contact that is: which of our node's identities.
};

/// The contacts of a node's identities: tickets by which strangers become contacts, and what is
/// said to them. They are kept in the node's store (`NodeConfig::store`); without one everything
/// here fails with `Errc::not_found`.  What was confirmed survives the node.
///
///     // Here.
///     auto uri = node.contacts().issue_ticket({}, 5s);
///     // There, once.
///     auto id = other.contacts().redeem(*uri, {}, 10s);
///     other.contacts().send(*id, payload, 10s);
///
/// All methods may be called from any thread; those that take a timeout wait, and in a callback of
/// the node fail at once with `Errc::would_block`.  Where nothing may wait, as on the only thread
/// of an executor that runs the node, there is an `async_…` of the same name for each of these
/// (<kith/asio.hpp>).  `Errc::store_failed` is logged with its reason; `limit_reached` also means
/// that 1,024 calls wait for the node.  `timed_out`: what was not begun by then never is.
class Contacts {
 public:
  /// The ticket as text that begins with `kith-ticket:`.  It holds the secret: hand it to one
  /// person.  `Errc::no_route` if the node has no address, `life_too_long`, `store_failed`,
  /// `not_found` for an identity that is none of the node's.
  [[nodiscard]] Result<std::string> issue_ticket(const TicketOptions& options, Duration timeout);
  /// Connects to whoever issued the ticket and becomes related.  The id of the relationship.
  /// `Errc::bad_text` for what is no ticket, `expired`, `refused`, `timed_out`, what dialing says;
  /// `wrong_audience` for a ticket that is for somebody else, `not_found` as above; `limit_reached`
  /// with 64 being redeemed, or 12 names being looked up.
  [[nodiscard]] Result<Uuid> redeem(std::string_view ticket, const RedeemOptions& options,
                                    Duration timeout);
  /// Those issued, by their end.
  [[nodiscard]] Result<std::vector<TicketStatus>> tickets(Duration timeout);
  /// `Errc::not_found` if there is no unused one of that hash.
  [[nodiscard]] Result<void> revoke_ticket(const Fingerprint& hash, Duration timeout);

  /// All of them, those too that have ended or expired, or are orphaned: to what follows there are
  /// no such ones.
  [[nodiscard]] Result<std::vector<Contact>> list(Duration timeout);
  /// Nothing goes to the contact or comes from it from now on.  `Errc::not_found`, `closed`.
  [[nodiscard]] Result<void> end(const Uuid& contact, Duration timeout);
  /// Makes sure of a session.  `Errc::not_found`, `closed` if it has ended, `expired`,
  /// `not_authorized` if it is blocked, `timed_out`, what dialing says.
  [[nodiscard]] Result<void> connect(const Uuid& contact, Duration timeout);
  /// Returns when the other application has taken `payload`, at most 64 KiB.
  /// `Errc::connection_lost` if nobody can tell whether it was, `too_long`, `would_block` with 64
  /// messages under way, what `connect` says.
  [[nodiscard]] Result<void> send(const Uuid& contact, ByteView payload, Duration timeout);
  /// What is called for each message that a contact sends; it counts as taken when that returns,
  /// and not if that throws.  In place of the one set before.  Without one, messages are not taken.
  void on_message(std::function<void(const ContactMessage&)> callback);

  class State;

 private:
  friend class Node;
  friend struct AsyncStart;
  explicit Contacts(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace kith
