#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/assert.hpp"
#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/askers.hpp"
#include "overlay/blocks.hpp"
#include "overlay/connection.hpp"
#include "overlay/contact_book.hpp"
#include "overlay/coordinator/coordinator.hpp"
#include "overlay/coordinator/declarations.hpp"
#include "overlay/engine.hpp"
#include "overlay/exchange/exchange.hpp"
#include "overlay/identities.hpp"
#include "overlay/membership/liveness.hpp"
#include "overlay/membership/membership.hpp"
#include "overlay/membership/realm_judgements.hpp"
#include "overlay/membership/realm_leader.hpp"
#include "overlay/metered_signatures.hpp"
#include "overlay/needed_sessions.hpp"
#include "overlay/peers.hpp"
#include "overlay/relations/first_contact.hpp"
#include "overlay/relations/queries.hpp"
#include "overlay/relations/relations.hpp"
#include "overlay/router/router.hpp"
#include "overlay/session/buffer_pool.hpp"
#include "overlay/session/connection_limiter.hpp"
#include "overlay/session/convergence.hpp"
#include "overlay/session/dial_clock.hpp"
#include "overlay/session/replay_guard.hpp"
#include "overlay/session/session.hpp"
#include "overlay/wish.hpp"
#include "routing/table.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

/// Puts the machines of a node together: takes the outputs of each to where they belong.  Its code
/// stands in the files `engine*.cpp`, each of which says at its head what it has to do with.
class Engine::Impl {
 public:
  Impl(EngineConfig config, Random& random, Instant now);

  void set_endpoints(std::vector<Endpoint> endpoints, Instant now);
  void join(const JoinTarget& target, Instant now);
  void forget_entrance(const JoinTarget& target) { membership_.forget_entrance(target); }
  Result<SubscriptionId> subscribe(std::string_view subject, const SubscribeOptions& options,
                                   Instant now);
  void unsubscribe(SubscriptionId subscription, Instant now);
  void acknowledge(SubscriptionId subscription, std::uint64_t count) {
    exchange_.acknowledge(subscription, count);
  }
  void decline(SubscriptionId subscription, Instant now);
  Result<PublisherId> advertise(std::string_view subject, const PublishOptions& options,
                                Instant now);
  void withdraw(PublisherId publisher, Instant now);
  Result<void> publish(PublisherId publisher, ByteView payload, Instant now) {
    return exchange_.publish(publisher, payload, now);
  }
  TraceId trace(const Fingerprint& key, Instant now);
  Result<QueryId> query(const JoinTarget& target, std::string_view topic, ByteView payload);
  Result<void> answer_query(QuestionId question, QueryStatus status, ByteView payload);
  Result<TicketToken> issue_ticket(const TicketOrder& order, Instant now);
  Result<RedeemId> redeem(RedeemOrder order, Instant now);
  Result<RelationshipId> add_relationship(RelationshipToken relationship,
                                          std::vector<Endpoint> endpoints);
  Result<void> add_relation_end(const RelationEnd& end) { return relations_.add_end(end); }
  Result<void> connect(const RelationshipId& id, Instant now) {
    return relations_.connect(id, now.wall);
  }
  Result<std::uint64_t> send_to(const RelationshipId& id, ByteView payload, Instant now) {
    return relations_.send(id, payload, now.wall);
  }
  std::optional<DialProgress> last_dial(const RelationshipId& id) const {
    return relations_.last_dial(id);
  }
  void take(const RelationshipId& id, std::uint64_t number) { relations_.take(id, number); }
  Result<void> end(const RelationshipId& id, Instant now) { return relations_.end(id, now.wall); }
  Result<void> block(const Fingerprint& who, WallTime until, Instant now);
  bool unblock(const Fingerprint& who) { return blocks_.remove(who); }
  void on_ticket_checked(QuestionId question, const std::optional<TicketTerms>& terms, Instant now);
  void on_verdict(QuestionId question, Verdict verdict, Instant now);
  void leave(Instant now);

  std::optional<ConnectionId> on_accepted(const Endpoint& from, Instant now);
  void on_connected(ConnectionId id, Instant now);
  void on_connect_failed(ConnectionId id, Instant now, Errc why);
  void on_bytes(ConnectionId id, ByteView bytes, Instant now);
  void on_end_of_stream(ConnectionId id, Instant now);
  void on_connection_lost(ConnectionId id, Instant now);
  void on_deadline(Instant now);

  std::optional<Output> poll_output(Instant now);
  void take_bytes(ConnectionId id, std::size_t most, Bytes& out, Instant now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  [[nodiscard]] const Fingerprint& id() const { return local_.id; }
  [[nodiscard]] ByteView node_token() const { return local_.token; }
  [[nodiscard]] bool is_ready() const { return membership_.is_ready(); }
  [[nodiscard]] Status status() const;
  [[nodiscard]] std::vector<PeerInfo> peers(Instant now) const;
  [[nodiscard]] PublisherInfo publisher(PublisherId publisher) const {
    return exchange_.publisher(publisher);
  }
  [[nodiscard]] ByteView token_of(const Fingerprint& node) const;
  [[nodiscard]] std::vector<Blocked> blocked(WallTime now) const { return blocks_.all(now); }
  void sanity_check() const;

 private:
  /// One step of work; whether there was any.
  bool step(Instant now);
  /// The same for what one machine puts out.
  bool pass_on(auto output, Instant now) {
    if (!output) return false;
    handle(*std::move(output), now);
    return true;
  }

  // Sessions.
  bool step_sessions(Instant now);
  void handle(Connection& connection, SessionEvent event, Instant now);
  void on_session_asks(Connection& connection, SessionAsks asks, Instant now);
  [[nodiscard]] std::optional<Errc> objection_to(const Connection& connection,
                                                 const SessionAsks& asks, Instant now) const;
  void tell_turned_away(const Connection& connection, Errc why);
  [[nodiscard]] bool is_known(const Connection& connection, Instant now) const;
  void ask_whether_known(Connection& connection, Instant now);
  [[nodiscard]] bool is_blocked(const crypto::SigningPublicKey& key, WallTime now) const;
  [[nodiscard]] bool is_blocked(ContactIndex contact, WallTime now) const;
  [[nodiscard]] bool is_with_blocked(const Connection& connection, WallTime now) const;
  [[nodiscard]] bool is_about_blocked(const PolicyQuestion& question, WallTime now) const;
  void on_session_verdict(ConnectionId id, bool known, Instant now);
  void on_session_opened(Connection& connection, Instant now);
  void on_session_pong(Connection& connection, const SessionPong& pong, Instant now);
  void on_session_message(Connection& connection, ByteView message, Instant now);
  bool hear_early(Connection& connection, Instant now);
  void on_session_closed(Connection& connection, const SessionClosed& closed, Instant now);
  /// Hands a message to the machine of its kind; an error if it has no place here.
  Result<void> dispatch(Connection& connection, ByteView message, Instant now);
  Result<void> hand_over(Connection& connection, MessageKind kind, ByteView message, Instant now);
  /// Whether a peer had us check too many signatures of late.
  [[nodiscard]] bool has_overspent(ContactIndex contact, ChecksBudget budget, Instant now) const;
  /// Counts what was checked since the meter stood at `before`.
  void charge(ContactIndex contact, ChecksBudget budget, std::uint64_t before, Instant now);
  void lose(Connection& connection, Errc why, Instant now);
  void on_handshake_failed(Connection& connection, Errc why, Instant now);
  /// Dials the first of `endpoints`, and the next one if no session opens there.
  Connection& dial(std::span<const Endpoint> endpoints, std::optional<ContactIndex> contact,
                   std::optional<JoinTarget> entrance, Instant now);
  bool dial_next(Connection& failed, Instant now);
  [[nodiscard]] DialTarget target_at(const JoinTarget& entrance, WallTime now) const;
  void aim(DialTarget& target, ContactIndex contact, WallTime now) const;
  void aim_at_related(DialTarget& target, Flow flow, WallTime now) const;
  [[nodiscard]] bool dial_entrance_otherwise(const Connection& connection, Instant now);
  void begin_session(Connection& connection, Instant now);
  /// Who must answer at an entrance: the node that was named, or the one that was met there first.
  [[nodiscard]] std::optional<Fingerprint> expected_at(const JoinTarget& entrance) const;
  void remember_entrance(const Connection& connection);
  void send(ConnectionId id, ByteView message, Instant now);
  void close(ConnectionId id, CloseReason reason, Errc why, Instant now);
  void drop(ConnectionId id, Errc why, Instant now);
  /// Lets the session speak: events, and bytes to be written.
  void attend(Connection& connection);
  void announce_write(Connection& connection);
  void expire_sessions(Instant now);
  /// Of several sessions with one peer, makes one (docs/protocol.md §5).
  void converge(ContactIndex contact, Instant now);
  [[nodiscard]] Bytes join_of_identity(const Connection& connection, Instant now);
  [[nodiscard]] IdentityToken issue_identity(WallTime at);

  // The overlay.
  bool step_overlay(Instant now);
  void handle(MembershipOutput output, Instant now);
  void handle(RouterOutput output, Instant now);
  void handle(LivenessOutput output, Instant now);
  void end_membership(const CloseSession& order, Instant now);
  void on_not_joined(const Connection& connection, Errc why, Instant now);
  void handle_joined(const SessionJoined& joined, Instant now);
  void add_session(Peer& peer, Connection& connection, Instant now);
  void renew_in_time(Connection& connection);
  void renew_session(Connection& connection, Instant now);
  void take_into_table(ContactIndex contact, Instant now);
  void on_join_verdict(ConnectionId connection, Verdict verdict, Instant now);
  void send_routed(const RouterSend& order, Instant now);
  void handle_arrived(const Arrived& arrived, Instant now);
  /// Does what a routed message asks for, unless who handed it to us has passed on too much.
  void charge_for(std::optional<ContactIndex> from, const auto& act, Instant now);
  void handle_answered(Answered answered, Instant now);
  void handle_answered_pubsub(const Asker& asker, const Answered& answered, Instant now);
  void handle_unanswered(RequestId request, Instant now);
  void on_dial_failed(ContactIndex contact, Errc why, Instant now);
  void lose_peer(Connection& connection, Errc why, Instant now);
  [[nodiscard]] std::optional<Duration> patience_with(const Peer& peer) const;
  /// Issues our node token anew; our own number in the book.
  ContactIndex issue_token(Instant now);
  void forget_unused();

  void dial_entrance(const JoinTarget& target, Instant now);
  void dial_contact(ContactIndex contact, Instant now);
  /// The peer is reached on another session than before.
  void restart_on_other_session(Peer& peer, Instant now);
  [[nodiscard]] std::vector<ConnectionId> connections_of(ContactIndex contact) const;
  /// Nothing if that is no peer.
  [[nodiscard]] Peer* find_peer(const Fingerprint& node);
  bool step_leaving(Instant now);
  void renew_token(Instant now);
  void renew_token_if_due(Instant now);

  // The leader of the realm.
  bool step_realm(Instant now);
  void handle(RealmJudgements::Output output, Instant now);
  void handle(RealmLeader::Output output, Instant now);
  /// Declares, as `identity`, that we send or receive on the leader's subject.
  std::optional<Declarations::Id> declare_to_leader(IntentRole role,
                                                    const crypto::SigningKeyPair& identity,
                                                    Instant now);
  void on_judge(const Arrived& arrived, Instant now);
  void on_realm_answered(const Asker& asker, const Answered& answered, Instant now);

  // Tickets, relationships and queries.

  /// How long the first contact after a ticket may take: a person may be asked.
  static constexpr Duration kRelateTimeout = std::chrono::seconds(60);

  bool step_relations(Instant now);
  void handle(QueriesOutput output, Instant now);
  void handle(FirstContactOutput output, Instant now);
  void handle(RelationsOutput output, Instant now);
  /// What a session dialed for an errand begins with.
  [[nodiscard]] DialTarget target_of_errand(Connection& connection);
  [[nodiscard]] std::string site() const;
  void dial_for(const Errand& errand, std::vector<Endpoint> endpoints, DialTarget target,
                Instant now);
  void put_known_first(RelationDial& order) const;
  /// Keeps how far a dial of a related node has come.
  void note_dialing(const Connection& connection, Flow flow, JoinStep step);
  void on_errand_opened(Connection& connection, Instant now);
  /// `met`: where somebody listened.
  void fail_errand(const Errand& errand, Errc why, Instant now, std::span<const Endpoint> met = {});
  void check_ticket(Connection& connection, SessionAsks asks);
  [[nodiscard]] bool may_be(const Connection& guest, const Fingerprint& partner,
                            WallTime now) const;
  void on_session_seeks(Connection& connection, const SessionSeeks& seeks, Instant now);
  void on_session_spends(Connection& connection);
  void on_guest_opened(Connection& connection, Instant now);
  void ask_to_relate(AskToRelate ask, Instant now);
  /// The number of a new question, by which its answer finds its way back.
  [[nodiscard]] QuestionId question_about(ConnectionId connection, RelationQuestion::Of what);
  void on_relation_verdict(QuestionId question, bool yes, Instant now);
  void on_relation_made(RelationMade made, Instant now);
  void relate(Connection& connection, Instant now);
  void look_for_surplus(const Fingerprint& node, Instant now);
  void end_if_surplus(Connection& connection, Instant now);
  bool tell_of_end(const Connection& connection, const std::optional<RelationshipId>& about);
  void ask_to_join(Connection& connection, Instant now);
  void send_join(Connection& connection, Instant now);
  Result<void> on_introduce(Connection& connection, ByteView message, Instant now);
  [[nodiscard]] QuestionId next_question() { return static_cast<QuestionId>(next_question_++); }
  /// The session of `connection` is no more; how many questions about it nobody has answered.
  std::size_t end_relations(const Connection& connection, Errc why);
  Result<void> dispatch_relations(Connection& connection, MessageKind kind, ByteView message,
                                  Instant now);
  [[nodiscard]] Scopes scopes_of(const Connection& connection) const;

  // Publish and subscribe.

  using Wishes = std::map<Declarations::Id, Wish>;

  bool step_pubsub(Instant now);
  void handle(Declarations::Output output, Instant now);
  void handle(Coordinator::Output output, Instant now);
  void handle(ExchangeOutput output, Instant now);
  void handle_matched(Declarations::Id id, const PeerIntent& peer, Instant now);
  void handle_unmatched(const Declarations::Unmatched& unmatched, Instant now);
  void tell_sharers_of(Declarations::Id declaration, const auto& tell);
  void ask_for_coordinator(const Coordinator::Ask& ask, Instant now);
  void renew(const Declarations::NeedsRenewal& renewal, Instant now);
  Result<void> dispatch_pubsub(Connection& connection, MessageKind kind, ByteView message,
                               Instant now);
  void handle_arrived_pubsub(const Arrived& arrived, MessageKind kind, Instant now);
  void push(const Fingerprint& to, std::span<const Fingerprint> relays, Bytes payload, Instant now);
  RequestId route_to_node(const Fingerprint& to, std::span<const Fingerprint> relays, Bytes payload,
                          Instant now);
  void need_session(NeedSession need, Instant now);
  void dial_needed(Instant now);
  /// Ends the session with a node that was let in for an exchange which is over.
  void end_needless_session(const Fingerprint& node, Instant now);
  void on_session_usable(ContactIndex contact, Instant now);
  void on_session_unusable(ContactIndex contact, std::optional<PeerIndex> exchange, Instant now);
  void on_neighbourhood_changed(Instant now);
  /// Tells coordinators how we are reached from now on, if that is news.
  void refresh_attachment(Instant now);
  void fill(Connection& connection, std::size_t budget, Instant now);
  void finish_exchange(Connection& connection, Instant now);
  [[nodiscard]] Result<IntentToken> issue_intent(const IntentParams& what,
                                                 const crypto::SigningKeyPair& identity);
  /// Declares it, as a wish that nobody shares yet.
  [[nodiscard]] Result<Wishes::iterator> add_wish(const IntentParams& what,
                                                  const crypto::SigningKeyPair& identity,
                                                  Instant now);
  [[nodiscard]] Wishes::iterator find_wish(const Fingerprint& subject,
                                           const crypto::SigningPublicKey& identity,
                                           IntentRole role);
  [[nodiscard]] Wishes::iterator forget_handle(std::uint32_t handle);
  [[nodiscard]] Result<Fingerprint> subject_of_application(std::string_view name) const;
  void release(Wishes::iterator wish, Instant now);
  /// Whether the join tells of an identity besides the node.  The leader of a realm is known by its
  /// identity alone.
  [[nodiscard]] bool has_identity() const {
    return config_.identity_key || config_.identity_token ||
           identity_fingerprint(config_.node_key.public_key) == config_.realm;
  }
  /// The one that we join with.
  [[nodiscard]] const crypto::SigningKeyPair& identity_key() const { return identities_.joining(); }

  EngineConfig config_;
  const Identities identities_;
  Random* random_;
  MeteredSignatures signatures_;
  Blocks blocks_;
  LocalNode local_;
  std::vector<Endpoint> endpoints_;
  TimePoint renew_token_at_;
  WallTime last_token_at_;
  BufferPool buffers_;
  noise::EphemeralPool ephemerals_;
  const SessionConfig session_config_;
  routing::Config table_config_;
  std::unique_ptr<ContactBook> own_book_;
  ContactBook* book_;
  ContactIndex self_;
  routing::Table table_;
  Peers peers_;
  RealmJudgements judgements_;
  std::optional<RealmLeader> leader_;
  /// Our wish to ask the leader of the realm.
  std::optional<Declarations::Id> seeking_leader_;
  Membership membership_;
  Liveness liveness_;
  Router router_;
  Coordinator coordinator_;
  Declarations declarations_;
  Exchange exchange_;
  Queries queries_;
  FirstContact first_contact_;
  Relations relations_;
  NeededSessions needs_;
  Connections connections_;
  ConnectionLimiter limiter_;
  DialClock dial_clock_;
  ReplayGuard replay_guard_;

  std::deque<ConnectionId> in_line_;
  Bytes early_;  ///< What was heard last of that: outputs may point into it.
  std::deque<Output> outputs_;
  std::set<ContactIndex> converging_;
  std::map<RequestId, Asker> askers_;
  std::map<QuestionId, ConnectionId> session_questions_;
  std::map<QuestionId, ConnectionId> join_questions_;
  std::map<QuestionId, RealmLeader::QuestionId> leader_questions_;
  std::map<QuestionId, ExchangeQuestion> exchange_questions_;
  std::map<ExchangeQuestion, QuestionId> asked_by_exchange_;  ///< The same, the other way round.
  std::map<QuestionId, Coordinator::QuestionId> coordinator_questions_;
  std::map<QuestionId, AskedQuery> inquiries_;
  std::map<QuestionId, RelationQuestion> relation_questions_;
  DeadlineQueue<ContactIndex> convergence_;
  Wishes wishes_;
  /// By subject and by the identity that wishes.
  std::map<std::tuple<Fingerprint, crypto::SigningPublicKey, IntentRole>, Declarations::Id>
      wish_about_;
  std::map<std::uint32_t, Declarations::Id> wish_of_;  ///< By subscription or publisher.
  std::size_t subscriptions_ = 0;                      ///< Of all wishes.
  /// Which peer the exchange's numbers name.
  std::map<PeerIndex, ContactIndex> exchange_peers_;
  std::vector<Fingerprint> relays_;
  bool attached_ = false;
  std::uint32_t next_handle_ = 1;
  std::uint64_t next_question_ = 1;
  std::uint32_t next_trace_ = 1;
  std::optional<TimePoint> leave_by_;
  bool farewell_said_ = false;
  bool left_ = false;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace kith::overlay
