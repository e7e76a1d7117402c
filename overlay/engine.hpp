#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <kith/blocked.hpp>
#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/relations/first_contact.hpp"

namespace kith::overlay {

/// One node: the protocol as a whole, without a world.  It has four kinds of methods:
///
///     commands   join, subscribe, advertise, publish, trace, leave
///     inputs     on_accepted, on_connected, on_bytes, …, on_deadline
///     outputs    poll_output, take_bytes, next_deadline
///     getters    id, is_ready, status, peers
///
/// One command or input, then drain `poll_output` until it is empty; then wait for the next input
/// or for `next_deadline`.  What an output points to stays valid until the next call of any method
/// that is not const.  `now` never goes back.  Two drivers run this class: `overlay/asio` on real
/// sockets, `overlay/sim` in a simulated world.
class Engine {
 public:
  /// `random` must outlive the engine.  Issues the node's first token at `now`.
  Engine(EngineConfig config, Random& random, Instant now);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Commands.

  /// Where this node can be dialed from now on; they stand in its token.  May be called again.
  void set_endpoints(std::vector<Endpoint> endpoints, Instant now);

  /// Tries to enter the overlay through `target`, again and again with growing pauses while there
  /// is no peer; by flow `N` if that is a node that we share a relationship with, and the target
  /// does not say `S` or `O`.  Several targets may be given, one call each.  A node that is given
  /// none that is needed founds an overlay and is ready at once.
  void join(const JoinTarget& target, Instant now);
  /// Takes back one `join`: tries `target` no more.  A session that came of it stays.
  void forget_entrance(const JoinTarget& target);

  /// Declares the wish to receive `subject`.  `Errc::too_long` for a name over 255 bytes or empty,
  /// `Errc::reserved_name` for one that begins with "kith/", `Errc::not_found` for an identity that
  /// is none of the node's, `Errc::limit_reached` over the configured number.
  [[nodiscard]] Result<SubscriptionId> subscribe(std::string_view subject,
                                                 const SubscribeOptions& options, Instant now);
  /// What was polled for it by now is delivered, and nothing else is.
  void unsubscribe(SubscriptionId subscription, Instant now);
  /// The application has done with `count` further payloads of a subscription that it acknowledges
  /// itself, in the order in which they were polled; more than those are not counted.
  void acknowledge(SubscriptionId subscription, std::uint64_t count);
  /// The same as `unsubscribe`, and the payload polled last found nobody: it is not delivered.
  /// @pre the output polled last was its `Delivered`
  void decline(SubscriptionId subscription, Instant now);

  /// Declares the offer to send on `subject`.  Errors as `subscribe`.
  [[nodiscard]] Result<PublisherId> advertise(std::string_view subject,
                                              const PublishOptions& options, Instant now);
  void withdraw(PublisherId publisher, Instant now);

  /// Accepts `payload` for every receiver matched by now.  `Errc::would_block` when the publisher's
  /// queue is full (`PublisherWritable` follows), `Errc::too_long` over the size limit.
  [[nodiscard]] Result<void> publish(PublisherId publisher, ByteView payload, Instant now);

  /// Asks who coordinates `subject` and by which hops a message gets there; `TraceDone` follows.
  TraceId trace(const Fingerprint& key, Instant now);

  /// Asks the node at `target`, or whoever answers there, what it answers to anybody;
  /// `QueryAnswered` or `QueryFailed` follows.  `Errc::too_long`, `Errc::bad_text`, or
  /// `Errc::limit_reached` while too many others are under way.
  [[nodiscard]] Result<QueryId> query(const JoinTarget& target, std::string_view topic,
                                      ByteView payload);
  /// The answer to a `QueryAsked`; late and unknown ones are ignored.  `Errc::too_long` over the
  /// limit.
  Result<void> answer_query(QuestionId question, QueryStatus status, ByteView payload);

  /// Signs a ticket for whoever is to become related with us; `StoreTicket` follows, and it is
  /// worth nothing before that is done.  `Errc::not_found` for an identity that is none of the
  /// node's, what `issue_ticket_token` says.
  [[nodiscard]] Result<TicketToken> issue_ticket(const TicketOrder& order, Instant now);
  /// Dials the issuer of a ticket and proposes a relationship; `Redeemed` or `RedeemFailed`
  /// follows.  What `FirstContact::redeem` says.
  [[nodiscard]] Result<RedeemId> redeem(RedeemOrder order, Instant now);
  /// A relationship that was kept, and where the other node may be dialed; and one's end.  What
  /// `Relations::add` and `add_end` say.
  [[nodiscard]] Result<RelationshipId> add_relationship(RelationshipToken relationship,
                                                        std::vector<Endpoint> endpoints);
  Result<void> add_relation_end(const RelationEnd& end);
  /// Makes sure of a session with the other node; `RelationReached` or `RelationUnreachable`
  /// follows.
  Result<void> connect(const RelationshipId& relationship, Instant now);
  /// Sends `payload` on a relationship, over a session that is dialed if need be.  The number of
  /// the message; `RelationMessageTaken` or `RelationMessageLost` follows.  What `Relations::send`
  /// says.
  [[nodiscard]] Result<std::uint64_t> send_to(const RelationshipId& relationship, ByteView payload,
                                              Instant now);
  /// The application has taken a message that arrived.
  void take(const RelationshipId& relationship, std::uint64_t number);
  /// Ends a relationship: nothing goes over it from now on.  `RelationshipEnded` follows.
  Result<void> end(const RelationshipId& relationship, Instant now);

  /// Has nothing to do with `who`, a node or an identity, until then: no session with it comes
  /// about and those that there are end at once, and whatever the policy would be asked about it is
  /// no. One that is blocked for longer stays so.  `Errc::out_of_range` if that is us or nobody,
  /// `Errc::limit_reached`.
  Result<void> block(const Fingerprint& who, WallTime until, Instant now);
  /// Whether it was blocked.
  bool unblock(const Fingerprint& who);

  /// The answer to a `CheckTicket`: what was kept of the ticket, or nothing if it is no good.
  void on_ticket_checked(QuestionId question, const std::optional<TicketTerms>& terms, Instant now);
  /// The answer to an `AskPolicy` and to everything else that can be answered by yes or no; late
  /// and unknown answers are ignored.
  void on_verdict(QuestionId question, Verdict verdict, Instant now);

  /// Withdraws what was declared, takes leave of every peer and closes; `Left` follows, at the
  /// latest after `EngineConfig::leave_timeout`.
  void leave(Instant now);

  // Inputs.

  /// A connection came in.  Nothing if it must be closed at once without a byte.
  [[nodiscard]] std::optional<ConnectionId> on_accepted(const Endpoint& from, Instant now);
  /// The connection ordered by `Dial` stands.
  void on_connected(ConnectionId connection, Instant now);
  /// `why`, as far as the system tells.
  void on_connect_failed(ConnectionId connection, Instant now, Errc why = Errc::connection_lost);
  /// `bytes` must stay valid until the outputs are drained.
  void on_bytes(ConnectionId connection, ByteView bytes, Instant now);
  /// The peer will send nothing more.
  void on_end_of_stream(ConnectionId connection, Instant now);
  /// The connection broke.
  void on_connection_lost(ConnectionId connection, Instant now);
  /// To be called at or after `next_deadline`.
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<Output> poll_output(Instant now);

  /// Seals what waits for `connection` and appends it to `out`, up to about `most` bytes; appends
  /// nothing if nothing waits.  To be called after `WriteReady`, whenever the transport takes more,
  /// until it yields nothing.  Whatever waits together is sealed together, so a driver calls it
  /// only when the last bytes are written.  Drain `poll_output` afterwards.
  void take_bytes(ConnectionId connection, std::size_t most, Bytes& out, Instant now);

  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] const Fingerprint& id() const;
  [[nodiscard]] ByteView node_token() const;
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] Status status() const;
  [[nodiscard]] std::vector<PeerInfo> peers(Instant now) const;
  /// The newest token that we know of a node; empty: none.
  [[nodiscard]] ByteView token_of(const Fingerprint& node) const;
  /// How the other node of a relationship was last dialed; what `Relations::last_dial` says.
  [[nodiscard]] std::optional<DialProgress> last_dial(const RelationshipId& relationship) const;
  [[nodiscard]] std::vector<Blocked> blocked(WallTime now) const;
  [[nodiscard]] PublisherInfo publisher(PublisherId publisher) const;

  /// Ends the program if an invariant is broken.  For tests.
  void sanity_check() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::overlay
