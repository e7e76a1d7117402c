#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/deadline_queue.hpp"
#include "overlay/blocks.hpp"
#include "overlay/engine_output.hpp"
#include "overlay/identities.hpp"
#include "overlay/message_kind.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/session/session.hpp"
#include "tokens/relationship_token.hpp"

namespace kith::overlay {

// What relationships ask of their node.

/// Dial, and then tell `on_opened`, or `on_failed`.  In flow `N` also where else the node is known
/// to be; otherwise these are all places at which it may be.
struct RelationDial {
  RelationshipId about{};
  std::vector<Endpoint> endpoints;
  DialTarget target;
};
struct RelationSend {
  ConnectionId connection;
  Bytes message;
};
/// `done`: the two nodes share nothing any more; close the session, unless it serves something
/// else. `duplicate`: there are too many, close it all the same.
struct RelationOver {
  ConnectionId connection;
  CloseReason reason = CloseReason::done;
};

using RelationsOutput = std::variant<RelationDial, RelationSend, RelationOver, RelationshipEnded,
                                     RelationReached, RelationUnreachable, RelationMessageArrived,
                                     RelationMessageTaken, RelationMessageLost>;

struct RelationsConfig {
  Fingerprint self;
  Fingerprint realm;
  /// Who signs our side.  Outlives this.
  const Identities* identities = nullptr;
  const crypto::Signatures* signatures = nullptr;
  /// Whom nothing is said to and nothing taken from, whatever was signed; nothing: nobody. Outlives
  /// this.
  const Blocks* blocks = nullptr;
  std::size_t relationships_max = 65'536;
  /// Messages of one relationship and direction that are not taken yet.
  std::size_t under_way_max = 64;
  /// Messages of one session on relationships that there are not.
  int strikes_max = 8;
  /// Sessions with one node: as many as of a peer.
  std::size_t sessions_per_node_max = 4;
};

/// The relationships of this node's identities, and what is said on them (docs/protocol.md §10):
/// whoever shares one may connect at any time, and one session serves all that its two nodes share.
/// Who may say what is looked up for every message, so that a relationship that ends, ends at once.
///
/// Messages wait for a session, which is dialed if there is none, and are under way until the other
/// application has taken them.  None is repeated: one whose session broke is reported lost.
class Relations {
 public:
  /// Which session a message came on, and who proved to be at its other end.
  struct Sender {
    ConnectionId connection{};
    Fingerprint node;
  };

  explicit Relations(const RelationsConfig& config) : config_(config) {}

  // Commands.

  /// A relationship that was kept before, or has just come about, and where the other node may be
  /// dialed.  `wrong_realm`, `wrong_key` if it does not name us and another node, `not_found` if
  /// our side of it is none of our identities, `bad_signature`, `duplicate_key` if another one has
  /// its id, `limit_reached`.
  [[nodiscard]] Result<RelationshipId> add(RelationshipToken relationship,
                                           std::vector<Endpoint> endpoints);
  /// One that was ended before.  `not_found`, `bad_signature`.
  Result<void> add_end(const RelationEnd& end);
  /// Makes sure of a session; `RelationReached` or `RelationUnreachable` follows.  `not_found`,
  /// `closed` if it was ended, `not_authorized` if the other side is blocked, what `verify_dates`
  /// says.
  Result<void> connect(const RelationshipId& id, WallTime now);
  /// The number of the message.  What `connect` says, `too_long`, `would_block` while too many are
  /// under way.
  [[nodiscard]] Result<std::uint64_t> send(const RelationshipId& id, ByteView payload,
                                           WallTime now);
  /// The application has taken a message that arrived.
  void take(const RelationshipId& id, std::uint64_t number);
  /// Signs its end, as the identity that is our side of it, and tells the other node, now or at the
  /// next session that has a place for it.
  Result<void> end(const RelationshipId& id, WallTime now);

  // Inputs.

  /// The dial about `about` has come so far.
  void on_dialing(const RelationshipId& about, const DialProgress& progress);
  /// The session dialed about `about` is open.
  void on_opened(const RelationshipId& about, ConnectionId connection, Instant now);
  /// No session about `about` opened.  `met`: where somebody listened.
  void on_failed(const RelationshipId& about, Errc why, std::span<const Endpoint> met,
                 WallTime now);
  /// A session that we dialed is soon too old: opens another one, if there is none yet.
  void renew(ConnectionId connection, WallTime now);
  /// There is a session with a node that we share something with.  To be said again when they share
  /// more.
  void on_session(const Sender& with, bool dialed, Instant now);
  /// There is a session that has a place for ends: tells the other node of those that it has not
  /// heard of, and what became of `about`, if it is there for that.  The session is over, too, if
  /// there was anything to tell.
  bool tell_ends(const Sender& with, const std::optional<RelationshipId>& about);
  /// There is such a session, and the other node does not say what it is there for: it is told of
  /// the ends of what the two share, those first that it has not heard of, then the latest ones.
  /// What it was told before may not have arrived, or its store may be an older one.
  bool on_silence(const Sender& from);
  /// `Errc` if the message has no place: close the session then.
  Result<void> on_message(const Sender& from, MessageKind kind, ByteView message, WallTime now);
  void on_closed(ConnectionId connection, Errc why);
  /// Ends the sessions with those that we share nothing with any more, by its date.
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<RelationsOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return dates_.next(); }

  // Getters.

  /// Whether some relationship with `node` holds now.
  [[nodiscard]] bool shares(const Fingerprint& node, WallTime now) const;
  /// Whether what is shared with `node` is with somebody who is blocked, and nothing else holds.
  [[nodiscard]] bool shares_with_blocked(const Fingerprint& node, WallTime now) const;
  /// The newest relationship with `node` that holds now.
  [[nodiscard]] std::optional<RelationshipId> newest_with(const Fingerprint& node,
                                                          WallTime now) const;
  /// The key to expect of `node`, as the newest relationship with it that holds now names it.
  [[nodiscard]] std::optional<crypto::DhPublicKey> static_key_of(const Fingerprint& node,
                                                                 WallTime now) const;
  /// Whether `node`, with this key, may reconnect about `about` (R62, R64).
  [[nodiscard]] bool may_reconnect(const RelationshipId& about, const Fingerprint& node,
                                   const crypto::DhPublicKey& static_key, WallTime now) const;
  /// Whether it was one with `node`, and was ended.
  [[nodiscard]] bool has_ended(const RelationshipId& id, const Fingerprint& node) const;
  [[nodiscard]] bool knows(const RelationshipId& id) const { return relations_.contains(id); }
  /// The last dial of its node.  `connect` forgets it, unless it is under way.
  [[nodiscard]] std::optional<DialProgress> last_dial(const RelationshipId& id) const;
  [[nodiscard]] bool is_full() const { return relations_.size() >= config_.relationships_max; }
  /// The session that messages on all that is shared with `node` go over.
  [[nodiscard]] std::optional<ConnectionId> link_to(const Fingerprint& node) const;
  /// Whether every message that went over it, either way, was taken.
  [[nodiscard]] bool is_at_rest(ConnectionId connection) const;
  void sanity_check() const;

 private:
  /// A message of ours that is not taken yet.
  struct Outgoing {
    Bytes payload;  ///< Until it is sent.
    std::optional<ConnectionId> connection;
  };
  struct Relation {
    RelationshipToken token;
    std::vector<Endpoint> endpoints;
    std::optional<RelationEnd> end{};
    /// The other node has not heard of the end.
    bool is_end_untold = false;
    std::uint64_t next_number = 1;
    std::map<std::uint64_t, Outgoing> outgoing{};
  };
  struct Link {
    Fingerprint node;
    bool dialed = false;
    /// The two nodes share something, or did.
    bool is_related = false;
    /// One of too many, and to be closed.
    bool is_surplus = false;
    int strikes = 0;
    std::map<RelationshipId, std::set<std::uint64_t>> untaken{};
  };
  struct Dialing {
    RelationshipId about{};
    DialWay way{.flow = Flow::reconnect, .is_pinned = true};
    /// Where somebody listened when the first flow failed.
    std::vector<Endpoint> met{};
  };

  [[nodiscard]] const RelationshipParty& ours(const Relation& relation) const;
  [[nodiscard]] const RelationshipParty& theirs(const Relation& relation) const;
  /// Which of the two has signed it; `bad_signature` if none has.
  [[nodiscard]] Result<const RelationshipParty*> signer_of(const RelationEnd& end,
                                                           const Relation& relation) const;
  [[nodiscard]] bool is_blocked(const Relation& relation, WallTime now) const;
  [[nodiscard]] bool holds(const Relation& relation, WallTime now) const;
  /// A relationship that is shared with `node` and holds now.
  [[nodiscard]] Relation* find(const RelationshipId& id, const Fingerprint& node, WallTime now);
  Link& link_of(const Sender& from);

  Result<void> on_told(const Sender& from, ByteView message, WallTime now);
  Result<void> on_taken(const Sender& from, ByteView message);
  Result<void> on_end(const Sender& from, ByteView message, WallTime now);
  Result<void> on_no_relation(const Sender& from, ByteView message);
  [[nodiscard]] Result<void> strike(Link& link) const;
  /// Dials about it, unless its node is being dialed.
  void dial(const RelationshipId& about, const Relation& relation);
  void dial(Dialing dialing, std::vector<Endpoint> endpoints);
  void flush(const Fingerprint& node, ConnectionId connection, WallTime now);
  void transmit(const RelationshipId& id, std::uint64_t number, Outgoing& outgoing,
                ConnectionId connection);
  void close(Relation& relation, const RelationEnd& end, bool by_us);
  /// Reports those messages lost that went out on `connection`; nothing: that wait for one.
  void lose_on(std::optional<ConnectionId> connection, const RelationshipId& id, Relation& relation,
               Errc why);
  void leave_if_unrelated(const Fingerprint& node, WallTime now);
  void end_surplus(const Sender& newest);
  /// Sees to it that `node` is looked at when the next of what is shared with it is over, and every
  /// minute until then: the date may jump.
  void watch_dates(const Fingerprint& node, Instant now);

  RelationsConfig config_;
  std::map<RelationshipId, Relation> relations_;
  std::map<Fingerprint, std::set<RelationshipId>> by_node_;
  std::map<ConnectionId, Link> links_;
  /// At most one dial of a node is under way.
  std::map<Fingerprint, Dialing> dialing_;
  /// How the last dial of a node went.
  std::map<Fingerprint, DialProgress> last_dials_;
  /// When the dates of what is shared with a node are looked at, for nodes with a session.
  DeadlineQueue<Fingerprint> dates_;
  std::deque<RelationsOutput> outputs_;
};

}  // namespace kith::overlay
