#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "overlay/contact_book.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/relations/first_contact.hpp"
#include "overlay/relations/scope.hpp"
#include "overlay/session/session.hpp"

namespace kith::overlay {

/// What a connection was dialed for, beside the overlay.
using Errand = std::variant<std::monostate, QueryId, RedeemId, RelationshipId>;

/// What matters of a connection only until its session has joined.
struct Opening {
  /// Who the node at the other end says it is, and the time of its attempt, until the session
  /// opens.
  std::optional<NodeToken> proven;
  std::optional<WallTime> time;
  /// The key that the time belongs to.
  std::optional<crypto::DhPublicKey> static_key;
  /// Where else it may listen, to be tried if no session opens here.
  std::vector<Endpoint> untried;
  /// Where somebody listened to this dial, and no session opened.
  std::vector<Endpoint> met;
  /// What the dial was for, where it leads into the overlay.
  std::optional<JoinTarget> entrance;
  Errand errand;
  /// We said which node has to answer.
  bool is_named = false;
  /// How to dial for the errand, until a session opens.
  std::optional<DialTarget> target;
  /// Who shows a ticket, and its hash, until the session opens.
  std::optional<TicketGuest> guest;
  std::optional<Fingerprint> ticket;
  /// The relationship that a dialer is there for, if it said so.
  std::optional<RelationshipId> about;
  /// What it said before the session was confirmed, until that is heard.
  Bytes early;
  /// What we have against whoever connected, which the session does not know.
  std::optional<Errc> objection;
  /// We dialed to join and were refused; membership has heard of it.
  bool refused = false;
};

/// One transport connection and the session on it.
struct Connection {
  ConnectionId id{};
  Endpoint endpoint;
  bool dialed = false;
  /// Membership has let the session in: it carries everything.
  bool joined = false;
  /// What else it carries (docs/protocol.md §10).
  Scopes scopes;
  /// `WriteReady` was said and `take_bytes` has not yet come up empty.
  bool write_announced = false;
  /// Whether it waits in the line of those whose session may have something to say.
  bool in_line = false;
  /// Convergence has looked at it since it heard its first record.
  bool is_weighed = false;
  /// When it is looked at next.
  TimePoint look_at = TimePoint::max();
  /// Both sides are proven, since then.
  bool opened = false;
  TimePoint opened_at;
  /// By when the transport must be there, the session joined, or what is left to say be taken.
  std::optional<TimePoint> deadline;
  /// When we, who dialed, open the session that follows this one.
  std::optional<TimePoint> renew_at;
  /// When we look whether another session with a related node makes this one needless.
  std::optional<TimePoint> surplus_at;
  /// The session is over; what is left to say may still be taken.
  bool closed = false;
  /// Why we close it, if we do.
  std::optional<Errc> closing_because;
  /// The node at the other end: whom we dial, or who proved itself.
  std::optional<ContactIndex> contact;
  /// The same by its name, once it is proven: a session may come about without a token.
  std::optional<Fingerprint> node;
  /// The other side has introduced itself.
  bool knows_token = false;
  /// We have introduced ourselves.
  bool introduced = false;
  /// We want to join as soon as the other side has introduced itself.
  bool joins = false;
  /// Nothing: the session has joined.
  std::unique_ptr<Opening> opening;
  /// Nothing: the transport is not there yet.
  std::optional<Session> session;
};

/// Whether it was dialed for something beside the overlay, and has not joined.
[[nodiscard]] inline bool is_errand(const Connection& connection) {
  return connection.opening && !std::holds_alternative<std::monostate>(connection.opening->errand);
}

/// The connections of one node in the order of their numbers, which are never used again.
class Connections {
 public:
  Connection& add(const Endpoint& endpoint, bool dialed);
  void remove(ConnectionId id);
  [[nodiscard]] Connection* find(ConnectionId id);
  [[nodiscard]] const Connection* find(ConnectionId id) const;

  /// Has the connection looked at by `time`, or at the step after it once it has joined, unless it
  /// is sooner.
  void look_by(Connection& connection, std::optional<TimePoint> time);
  /// Gives the connection a new deadline, and has it looked at by then.
  void end_by(Connection& connection, TimePoint deadline);
  /// Takes out the first one that is to be looked at by `now`, or nothing.
  [[nodiscard]] Connection* pop_look(TimePoint now);
  /// When one is to be looked at, or has gone that was.
  [[nodiscard]] std::optional<TimePoint> next_look() const;

  [[nodiscard]] std::span<const std::unique_ptr<Connection>> all() const { return connections_; }
  [[nodiscard]] std::size_t size() const { return connections_.size(); }

 private:
  /// Void unless the `look_at` of its connection says the same.
  struct Look {
    TimePoint at;
    ConnectionId connection;
    friend constexpr auto operator<=>(const Look&, const Look&) = default;
  };

  [[nodiscard]] std::optional<std::size_t> place(ConnectionId id) const;

  // On the heap each, so that a reference outlives its neighbours' coming and going.
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<ConnectionId> ids_;  // Parallel to connections_.
  std::vector<Look> looks_;        // A heap, the earliest first.
  std::uint32_t next_ = 1;
};

}  // namespace kith::overlay
