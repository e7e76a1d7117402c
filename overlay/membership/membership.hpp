#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/policy.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/contact_book.hpp"
#include "overlay/engine_config.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/membership/entrance.hpp"
#include "overlay/membership/lost_peers.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/membership/realm_judgements.hpp"
#include "overlay/membership/recent.hpp"
#include "overlay/peers.hpp"
#include "overlay/router/router.hpp"
#include "overlay/session/session.hpp"
#include "routing/slot.hpp"
#include "routing/table.hpp"

namespace kith::overlay {

// What membership asks of its node.

/// Dial a node that we know by its token.
struct DialContact {
  ContactIndex contact;
};
/// Dial an endpoint that may lead into the overlay.
struct DialEntrance {
  JoinTarget target;
};
struct SendOn {
  ConnectionId connection;
  Bytes message;
};
struct CloseSession {
  ConnectionId connection;
  CloseReason reason;
  /// What our own side is to take it for.
  Errc why;
};
/// Put a question to the policy; `on_verdict` with the connection answers.
struct AskAboutJoin {
  ConnectionId connection;
  PolicyQuestion question;
};
/// The session carries everything from now on.
struct SessionJoined {
  ConnectionId connection;
  ContactIndex contact;
  Participation role;
  Fingerprint identity;
  /// It is there for the exchange alone, and to be in no table.
  bool only_exchange = false;
};
/// A peer that was there for the exchange alone is to be in the table.
struct TakeIntoTable {
  ContactIndex contact;
};
/// Route this, and give the answers to `on_answered`.
struct RouteForMembership {
  RouteRequest request;
};
struct AnswerRoute {
  RouteId route;
  AnswerStatus status;
  Bytes payload;
};

using MembershipOutput =
    std::variant<DialContact, DialEntrance, SendOn, CloseSession, AskAboutJoin, SessionJoined,
                 TakeIntoTable, RouteForMembership, AnswerRoute, ReadyChanged, JoinFailed>;

struct MembershipConfig {
  Participation role = Participation::member;
  Fingerprint self;
  Fingerprint realm;
  const crypto::Signatures* signatures = nullptr;
  /// Whose word on identities we take besides their own.
  std::optional<crypto::SigningPublicKey> realm_leader;
  std::size_t peers_wanted_by_client = 3;
  std::size_t clients_max = 1024;
  std::size_t exchange_sessions_max = 4096;
  std::size_t dials_max = 8;
  std::size_t lookups_at_once = 4;
  Duration refresh_first{250'000};
  Duration refresh_last{300'000'000};
  /// Doubles while nothing new is found.
  Duration neighbourhood_interval{30'000'000};
  Duration neighbourhood_interval_last{240'000'000};
};

/// Who is in the overlay with us (docs/protocol.md §6): lets others join and joins others, spreads
/// the word of newcomers, and keeps the routing table filled.
///
/// A session is `fresh` when it opens, `asked` while the policy thinks, and `joined` after the
/// acknowledgement; a dialer waits in `joining`:
///
///     dialer     fresh --join sent--> joining --acknowledge--> joined
///     listener   fresh --join--> asked --yes--> joined
///                                  +----no, defer--> not acknowledged, closed
///
/// Where the policy defers the leader of the realm decides, if it has been asked about the joiner
/// before; otherwise it is asked now, and the joiner is told to come back.
///
/// Nothing but a joined session enters the table, and nothing but join, its answers and one piggy
/// before a refusal is taken from any other.
class Membership {
 public:
  /// What it shares with the rest of the engine; outlives it.
  struct Shared {
    ContactBook& book;
    routing::Table& table;
    Peers& peers;
    Random& random;
    RealmJudgements& judgements;
  };
  /// Where a message came from.
  struct Sender {
    ConnectionId connection{};
    ContactIndex contact{};
    bool joined = false;
    /// Where it connects from, or was dialed.
    Endpoint address{};
    /// What a join's proof must be bound to.
    Fingerprint session_id{};
  };

  Membership(const MembershipConfig& config, const Shared& shared, TimePoint now);

  // Commands.

  /// Enters the overlay through `target`, or goes on trying.
  void enter(const JoinTarget& target, TimePoint now);
  /// Takes back one `enter`.
  void forget_entrance(const JoinTarget& target) { entrance_.remove(target); }
  /// Says good-bye to every peer; nothing is begun afterwards.
  void leave();
  /// The join that a dialer sends, `at_entrance` or to somebody it has heard of, to put into the
  /// first message of a session.
  [[nodiscard]] JoinMessage join_message(bool at_entrance) const;

  // Inputs.

  /// We dialed, perhaps an entrance, and sent the join along.
  void on_join_sent(ConnectionId connection, ContactIndex contact,
                    const std::optional<JoinTarget>& entrance);
  /// `Errc` if the message is malformed or has no place on this session: close it then.
  Result<void> on_message(const Sender& from, MessageKind kind, ByteView message, Instant now);
  /// `is_matched`: an intent of the node matches one of ours.
  void on_verdict(ConnectionId connection, Verdict verdict, Instant now, bool is_matched = false);
  /// A session ended that had not joined; or that was joined but is not the last with its peer.
  void on_session_closed(ConnectionId connection);
  /// The last session with `contact` ended.
  void on_peer_lost(ContactIndex contact, Errc why, TimePoint now);
  void on_dial_failed(ContactIndex contact, Errc why, TimePoint now);
  void on_entrance_failed(const JoinTarget& target, JoinStep step, Errc why, TimePoint now);
  /// A routed look-up of `key` ended here.  A malformed one is not answered: whoever made it is not
  /// who handed it to us.
  void on_lookup(RouteId route, const Fingerprint& key, ByteView payload, Instant now);
  /// A routed announcement passes, or ended here.  As with look-ups, if it is malformed.
  void on_announce(RouteId route, bool arrived, ByteView payload, Instant now);
  void on_answered(RequestId request, AnswerStatus status, ByteView payload, Instant now);
  void on_unanswered(RequestId request, Instant now);
  /// The router took our request; its answers bear this number.
  void on_requested(RequestId request);
  void on_deadline(TimePoint now);

  // Outputs.

  [[nodiscard]] std::optional<MembershipOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] bool is_ready() const { return ready_; }
  [[nodiscard]] std::size_t relays() const;
  /// Whether a join over it, somebody's or our own, has not been answered.
  [[nodiscard]] bool is_judging(ConnectionId connection) const {
    return candidates_.contains(connection);
  }
  /// Every contact that membership still has a use for, beside the table's and the peers'.
  void append_used(std::vector<ContactIndex>& used) const;

 private:
  enum class Timer : std::uint8_t {
    start,
    entrance,
    refresh,
    neighbourhood,
    dial,
    lost,
    introduction
  };
  enum class Stage : std::uint8_t { joining, authenticating, authorizing };
  struct Candidate {
    ContactIndex contact = 0;
    Endpoint address{};
    Stage stage = Stage::joining;
    Participation role = Participation::member;
    bool entering = false;
    bool has_named_others = false;
    std::optional<Token> identity;  ///< Nothing: the node's own token.
    std::optional<JoinTarget> entrance;
  };
  /// What we asked the overlay for.
  struct Request {
    /// The peer that entered through us and gets the answers; nothing: we asked for ourselves.
    std::optional<ContactIndex> on_behalf_of;
    /// A slot for which we look for nodes that are nearer in latency.
    std::optional<routing::Slot> nearer_in;
  };

  /// Whom a node is to be told of.
  struct Introduction {
    Fingerprint node;
    bool whole_table = true;  ///< It is new; otherwise its neighbours will do.
    bool complete = false;    ///< We are the closest to it, or nobody closer answers.
  };

  Result<void> on_join(const Sender& from, ByteView message, Instant now);
  [[nodiscard]] Result<void> check_identity(const IdentityToken& identity,
                                            const crypto::Signature& proof, const Sender& from,
                                            WallTime now) const;
  /// Whether we have asked there to join.
  [[nodiscard]] bool awaits_answer(ConnectionId connection) const;
  [[nodiscard]] bool may_name_others(ConnectionId connection);
  Result<void> on_acknowledge(const Sender& from, ByteView message, TimePoint now);
  Result<void> on_not_acknowledged(ConnectionId connection, ByteView message);
  Result<void> on_update(ContactIndex from, ByteView message, Instant now);
  Result<void> on_piggy(ByteView message, Instant now);
  Result<void> on_leave(ConnectionId connection, ContactIndex contact, ByteView message,
                        TimePoint now);
  [[nodiscard]] const Token& identity_of(const Candidate& candidate) const;
  void ask(ConnectionId connection, const Candidate& candidate);
  void refuse(ConnectionId connection, Errc why);
  void accept(ConnectionId connection, bool is_matched, Instant now);
  /// Whom a node that we have no room for may try instead; nothing if there is room.
  [[nodiscard]] std::optional<Bytes> alternatives_for(const Candidate& candidate,
                                                      WallTime now) const;
  [[nodiscard]] bool has_room_for_exchange() const;
  void welcome(ConnectionId connection, const Candidate& candidate, Instant now);
  void join(const SessionJoined& joined, TimePoint now);
  /// Takes a peer that is there for the exchange alone into the table if it belongs there now.
  void take_in_if_admitted(const Peer& peer);
  void take_in_neighbours();

  [[nodiscard]] std::optional<ContactIndex> learn(ByteView token, Instant now);
  void consider(ContactIndex contact, TimePoint now);
  void spread(ContactIndex newcomer, std::optional<ContactIndex> told_by);
  [[nodiscard]] Bytes piggy_for(const Introduction& what, WallTime now) const;
  [[nodiscard]] Bytes piggy_near(const Fingerprint& key, const Fingerprint& asker,
                                 WallTime now) const;
  [[nodiscard]] Bytes piggy_of(std::span<const ContactIndex> contacts, bool complete,
                               WallTime now) const;

  void look_up(const Fingerprint& key, std::optional<ContactIndex> first_hop);
  void announce_ourselves(TimePoint now);
  /// Routes our own request.
  void route(const Fingerprint& key, std::optional<ContactIndex> first_hop, Bytes payload);
  void look_around(TimePoint now);
  void look_around_in(Duration pause, TimePoint now);
  void look_beyond(ContactIndex contact, TimePoint now);
  void refresh(TimePoint now);
  void dial_more(TimePoint now);
  void explore(TimePoint now);
  [[nodiscard]] std::optional<ContactIndex> next_to_explore(TimePoint now);
  void ask_for_nearer();
  void note_nearer(routing::Slot slot, ByteView piggy);
  void dial(ContactIndex contact);
  void dial_lost(TimePoint now);
  void dial_entrances(TimePoint now);
  void end_dial(ContactIndex contact, TimePoint now);
  void leave_table(ContactIndex contact, routing::Parting parting, TimePoint now);
  void dial_for_client();
  void settle(TimePoint now);
  [[nodiscard]] bool is_settled(TimePoint now) const;
  [[nodiscard]] bool neighbourhood_is_complete(TimePoint now) const;

  MembershipConfig config_;
  ContactBook* book_;
  routing::Table* table_;
  Peers* peers_;
  Random* random_;
  RealmJudgements* judgements_;
  Entrance entrance_;
  std::map<ConnectionId, Candidate> candidates_;
  std::set<ContactIndex> dialing_;
  LostPeers lost_;
  /// Those of `dialing_` that were lost.
  std::set<ContactIndex> dialing_lost_;
  /// For clients: whom we heard of, to dial when a peer is missing.
  std::deque<ContactIndex> relays_heard_of_;
  /// Who has no room for us, and until when it is not asked again.
  DeadlineQueue<Fingerprint> refused_by_;
  RecentlySeen forwarded_;
  std::map<RequestId, Request> requests_;
  std::deque<Request> requested_;
  DeadlineQueue<Timer> timers_;
  Duration refresh_interval_;
  Duration neighbourhood_interval_;
  /// Whether a neighbour was heard of since we last looked around.
  bool learned_neighbour_ = false;
  TimePoint looked_beyond_at_;
  TimePoint explore_at_;
  Duration explore_interval_{};
  /// Whom we dialed only to see how near it is.
  std::optional<ContactIndex> explored_;
  /// Who is near to somebody near us, and perhaps to us.
  std::deque<ContactIndex> perhaps_near_;
  /// Whether a node that we have a place for was heard of since the last look-ups.
  bool learned_ = false;
  bool introduced_ = false;  ///< The node closest to us has answered our announcement.
  bool ready_ = false;
  bool leaving_ = false;
  std::deque<MembershipOutput> outputs_;
};

}  // namespace kith::overlay
