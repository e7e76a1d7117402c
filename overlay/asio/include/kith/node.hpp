#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <kith/address.hpp>
#include <kith/block_list.hpp>
#include <kith/bytes.hpp>
#include <kith/contacts.hpp>
#include <kith/fingerprint.hpp>
#include <kith/join_step.hpp>
#include <kith/keys.hpp>
#include <kith/message.hpp>
#include <kith/policy.hpp>
#include <kith/result.hpp>
#include <kith/session_limits.hpp>
#include <kith/time.hpp>

namespace kith {

/// What <kith/asio.hpp> begins.
struct AsyncStart;

/// Thrown by constructors, `make_node`, `Node::subscribe`, `Node::publisher` and `vouch`, and by
/// nothing else: the system or the configuration does not allow it.  `what()` says what, where and
/// what to do.
class StartError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// The file of `NodeConfig::store` is damaged, no store, or one of a newer version.  It is left as
/// it is.
class StoreDamaged : public StartError {
 public:
  using StartError::StartError;
};

/// Whom a node answers that connects to it (docs/protocol.md §4.11).
enum class Profile : std::uint8_t {
  everybody,   ///< *Public*: in every way, so that whoever comes may enter the overlay here.
  member,      ///< Everybody, but for who would show itself to the whole network.
  acquainted,  ///< *Private*: whoever does not know us learns nothing about us.
  /// Only relationships and tickets; whoever is turned away hears nothing, so that nobody finds the
  /// node by knocking.
  stealth,
};

/// How to open the connection to whom one enters the overlay through, of which only the address is
/// known, with or without the fingerprint.
enum class EntranceFlow : std::uint8_t {
  hidden,  ///< Flow `H`: we show ourselves only to who has proven itself.
  /// Flow `S`: both must know each other (we, by the address or the policy); we prove ourselves
  /// first.
  sealed,
  open,  ///< Flow `O`: we show ourselves to the whole network.
  /// Flow `C`, if the address names a node whose token we have; otherwise `hidden`.
  connection,
};

/// What a node says to a question; nothing: it does not want to answer.  At most 4,096 bytes.
using PublicAnswer = std::function<std::optional<Bytes>(ByteView question)>;

struct NodeConfig {
  /// Where to enter the overlay; empty: found one.  With a store, peers of before are tried, too.
  std::vector<std::string> join{};
  /// Where to listen: `tcp://host:port`, port 0 for any.  Empty: every address, any port.
  std::vector<std::string> listen{};
  /// What to tell others instead of the addresses listened on, for instance behind a NAT.
  std::vector<std::string> advertise{};
  /// A member routes and coordinates for others; a client only uses the overlay.
  Participation participation = Participation::member;
  /// Nothing: new ones, for the life of the node.
  std::optional<NodeKeys> keys{};
  /// The Ed25519 seed of the identity that uses the node; nothing: the node key's own.
  std::optional<std::array<Byte, 32>> identity_seed{};
  /// Seeds of further identities, on whose behalf subscriptions, publishers and tickets may act
  /// (`SubscriptionOptions::identity`).
  std::vector<std::array<Byte, 32>> further_identity_seeds{};
  /// The realm; zeros: the public one.
  Fingerprint realm{};
  /// By which the realm's leader vouches for the identity at this node (`vouch`); empty: the
  /// identity speaks for itself.
  Bytes identity_token{};
  /// Ed25519 public key of who may vouch for identities; nothing: what the policy's `trusted_key`
  /// says of the realm.
  std::optional<std::array<Byte, 32>> realm_leader{};
  /// Nothing: `open_policy()`.  Asked on the node's executor; answers may come from any thread.
  std::unique_ptr<Policy> policy{};
  /// The file in which the node keeps what must survive it: tickets, contacts, the block list, who
  /// was met where, and peers to be tried at its next start.
  /// Made if it is not there.  Empty: nothing survives, and there are no tickets and contacts.
  std::string store{};
  /// Networks exempt from address diversity and penalties, beyond loopback: one address of each.
  std::vector<std::string> exempt_networks{};
  /// A peer that is needed and quiet for so long is pinged; one that is far away and exchanges
  /// nothing with us more rarely.  From a second to an hour.
  Duration ping_interval = std::chrono::seconds(20);
  SessionTimers session_timers{};
  ConnectionLimits connection_limits{};
  RecordPadding padding = RecordPadding::block256;
  /// Where two nodes have several sessions, all of them stay; otherwise all but one are closed.
  bool keeps_duplicates = false;
  Profile profile = Profile::everybody;
  /// The flows that are answered, in place of those of the profile: some of the letters `HSOCIN`;
  /// `K` is another name of `N`.  *Stealth* stays silent to all else.
  std::string accept{};
  EntranceFlow entrance_flow = EntranceFlow::hidden;
  /// Tokens of nodes (`Node::token_of`) from another time; what is no valid one is passed over.
  std::vector<Bytes> known_tokens{};
  /// The questions that the node answers for anybody in the realm, whatever its policy, by their
  /// topics of at most 64 bytes (`query`).  Called on the node's executor.
  std::map<std::string, PublicAnswer> answers{};
  /// What the node has to say while it runs; called on the node's executor.
  std::function<void(LogLevel, std::string_view)> log{};
};

/// What a node says of itself.
struct NodeStatus {
  Fingerprint node;
  Fingerprint identity;
  bool ready = false;
  std::size_t sessions = 0;              ///< Peers: nodes with a joined session, clients too.
  std::size_t half_open = 0;             ///< Connections that came in and have not joined.
  std::size_t spares = 0;                ///< Nodes without a session that may replace a peer.
  std::size_t clients = 0;               ///< Peers that are clients.
  std::size_t intents_held = 0;          ///< Of others and our own, as a coordinator.
  std::size_t subjects_coordinated = 0;  ///< To which no node that we know is closer.
  std::size_t subscriptions = 0;
  std::size_t publishers = 0;
  std::uint64_t network_size_estimate = 0;  ///< In nodes; 0 at a client.
  std::uint64_t routed = 0;                 ///< Messages handed on to a next hop, our own too.
  std::uint64_t bytes_in = 0;               ///< Over all connections, sealed as they are.
  std::uint64_t bytes_out = 0;
  /// How many callbacks of the application threw; what they threw was logged.
  std::uint64_t callback_failures = 0;
  /// Why the last attempt to enter the overlay through one of `NodeConfig::join` failed, until the
  /// node becomes ready or a peer joins.
  std::optional<Errc> join_failure{};
  /// How far that attempt had come.
  std::optional<JoinStep> join_step{};
};

/// A node that we have a joined session with.
struct NodePeer {
  Fingerprint node;
  std::string endpoint;  ///< Where it came from, or where we dialed it: `host:port`.
  bool is_client = false;
  bool dialed_by_us = false;
  bool in_table = false;               ///< The routing table has a use for it.
  int missed_pings = 0;                ///< Since it was last heard of.
  std::optional<Duration> round_trip;  ///< Smoothed; nothing: not measured yet.
  Duration connected_for{};
};

/// The way of a message to a key: the nodes passed, ours first, the closest to the key last.
struct NodeTrace {
  Fingerprint key;
  std::vector<Fingerprint> hops;
  Duration round_trip{};  ///< Of the message and its answer.
};

/// Who matches a subscription or publisher.
struct Match {
  Fingerprint identity;
  Fingerprint node;
};

/// The ledger of a publisher.  All but `published` and `unheard` count a message once for each
/// receiver matched when it was accepted: owed = delivered + expired + refused + in flight.
struct PublisherStatus {
  std::size_t receivers = 0;
  std::uint64_t published = 0;
  std::uint64_t owed = 0;
  std::uint64_t delivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t refused = 0;
  std::uint64_t unheard = 0;  ///< Messages that were published while there was no receiver.
  std::size_t queued_messages = 0;
  std::size_t queued_bytes = 0;

  /// Deliveries that are neither acknowledged nor reported expired or refused.
  [[nodiscard]] std::uint64_t in_flight() const { return owed - delivered - expired - refused; }
};

struct SubscriptionOptions {
  /// On whose behalf: one of the node's identities (`identity_of`).  Nothing: `identity_seed`, or
  /// the node itself where there is none.
  std::optional<Fingerprint> identity{};
  /// Who may send: zeros anybody in the realm, otherwise an identity or a realm.
  Fingerprint audience{};
  /// Messages that each sender may have under way at first.  Whenever half of them are acknowledged
  /// at once it may have twice as many, up to 65,536; but never more than 4 MiB and the message
  /// that goes beyond.  Those two bound what an application that acknowledges itself has to keep of
  /// each.
  std::uint32_t credit = 1024;
  /// Who tells a sender that a message was received: the node, once the callback has run, or the
  /// application, by `Subscription::acknowledge`.
  Acknowledgement acknowledgement = Acknowledgement::node;
  std::function<void(const Match&)> on_match{};
  std::function<void(const Match&)> on_unmatch{};
  /// The subject's coordinators hold the subscription.
  std::function<void(const std::vector<Fingerprint>& holders)> on_declared{};
  /// A coordinator of the subject said no: `Errc::not_authorized` by its policy, `limit_reached`,
  /// or `refused`.  It is asked again, after a pause.
  std::function<void(Errc why)> on_refused{};
};

struct PublisherOptions {
  /// On whose behalf, as with a subscription.
  std::optional<Fingerprint> identity{};
  /// Who may receive: zeros anybody in the realm, otherwise an identity or a realm.
  Fingerprint audience{};
  /// How long an accepted message waits until it is sent to its receivers; what was sent to one
  /// does not expire as long as its connection lasts.  1 ms to 24 h: what is less counts as 1 ms,
  /// what is more as 24 h.
  Duration time_to_live = std::chrono::seconds(60);
  /// How long a receiver that lost its connection may take to come back until it is no longer one,
  /// and what it is owed has expired.  1 ms to 24 h, as above.  Nothing: at least a minute, and as
  /// long as messages live.
  std::optional<Duration> resume_time{};
  /// With a receiver that alone keeps the queue full: once what it waits for is older, nothing is
  /// kept for it alone until it has caught up, and it goes on without what has expired for it.
  /// 0 to 24 h, in the same way.
  Duration patience = std::chrono::seconds(1);
  /// What may wait for receivers, in messages and in bytes; then `publish` waits.
  std::size_t queue_messages = 65'536;
  std::size_t queue_bytes = std::size_t{64} << 20;
  // As with a subscription.
  std::function<void(const Match&)> on_match{};
  std::function<void(const Match&)> on_unmatch{};
  std::function<void(const std::vector<Fingerprint>& holders)> on_declared{};
  std::function<void(Errc why)> on_refused{};
};

/// The end of it is the end of the subscription: when its destructor returns, none of its callbacks
/// runs or will run, but for the one that destroys it.  A message is acknowledged once its callback
/// has run, or by the application if it has said so: senders are told neither more nor less.
/// Outlives its node without harm.
class Subscription {
 public:
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  /// Waits until a sender is matched; `Errc::timed_out`, `shutting_down`, or why it has ended.
  [[nodiscard]] Result<void> wait_for_match(Duration timeout);

  /// `count` further messages, in the order of the callbacks, are done with, where the application
  /// acknowledges (`Acknowledgement::application`).  Until then they count for the sender as under
  /// way: it sends no more than it has credit for, and keeps them.  What is not acknowledged at the
  /// end is refused.  From any thread; best for many messages at once.
  void acknowledge(std::uint64_t count);

  class State;

 private:
  friend class Node;
  friend struct AsyncStart;
  explicit Subscription(std::shared_ptr<State> state);
  void end();
  std::shared_ptr<State> state_;
};

/// Sends on one subject.  May be used from any thread; its end is the end of the offer, as with a
/// subscription, and of what its receivers have not acknowledged: `drain` first if that matters.
/// Messages that the node has not looked at yet wait apart, and do not count for the queue.
///
/// In a callback of the node (on its own thread) nothing can wait: there `publish` does what
/// `try_publish` does, and the waits fail at once with `Errc::would_block`.
class Publisher {
 public:
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;
  Publisher(Publisher&&) noexcept;
  Publisher& operator=(Publisher&&) noexcept;
  ~Publisher();

  /// Accepts a message for all receivers matched by now; waits while the queue is full.
  /// `Errc::too_long`, `Errc::shutting_down`.
  Result<void> publish(ByteView payload);
  Result<void> publish(std::string_view payload) { return publish(as_bytes(payload)); }

  /// The same, but `Errc::would_block` instead of waiting.
  [[nodiscard]] Result<void> try_publish(ByteView payload);
  [[nodiscard]] Result<void> try_publish(std::string_view payload) {
    return try_publish(as_bytes(payload));
  }

  /// Waits until there is a receiver: whatever is published afterwards is received by it.
  /// `Errc::timed_out`, `shutting_down`, or why the publisher has ended.
  [[nodiscard]] Result<void> wait_for_match(Duration timeout);
  /// Waits until every accepted message is acknowledged or reported expired.  Errors as above.
  [[nodiscard]] Result<void> drain(Duration timeout);

  /// After its end, what it was then.
  [[nodiscard]] PublisherStatus status() const;

  class State;

 private:
  friend class Node;
  friend struct AsyncStart;
  explicit Publisher(std::shared_ptr<State> state);
  void end();
  std::shared_ptr<State> state_;
};

/// A node of the overlay: listens, joins, routes, publishes, subscribes.
///
///     kith::Node node{{.join = {"kith://…@127.0.0.1:3141"}}};
///     auto weather = node.subscribe("news/weather", [](const kith::Message& m) { … });
///     auto out = node.publisher("news/weather");
///     out.publish("sunny");
///
/// It owns a thread, on which all callbacks run, unless it is made with an executor
/// (<kith/asio.hpp>).  All methods may be called from any thread; those that wait must not be
/// called from a callback, nor on the only thread of such an executor.  Whatever has a timeout, of
/// what belongs to the node too, fails with `Errc::limit_reached` while 1,024 calls wait for it.
class Node {
 public:
  /// Listens and begins to join.  Throws `StartError`.
  explicit Node(NodeConfig config = {});
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  Node(Node&&) noexcept;
  Node& operator=(Node&&) noexcept;
  /// `stop()`.
  ~Node();

  /// Throws `StartError` if `subject` is empty, over 255 bytes or not UTF-8, or begins with
  /// "kith/", if a limit is reached (64 of a subject), if the identity is none of the node's, if
  /// there are subscriptions of it to the subject for another audience, or a publisher already.
  [[nodiscard]] Subscription subscribe(std::string_view subject,
                                       std::function<void(const Message&)> on_message,
                                       SubscriptionOptions options = {});
  [[nodiscard]] Publisher publisher(std::string_view subject, PublisherOptions options = {});

  /// Tickets, and those who have become related with us by one; see <kith/contacts.hpp>.
  [[nodiscard]] Contacts contacts();
  /// Whom the node has nothing to do with; see <kith/block_list.hpp>.
  [[nodiscard]] BlockList block_list();

  [[nodiscard]] Fingerprint id() const;
  /// Where others reach this node: `kith://<fingerprint>@host:port`.
  [[nodiscard]] std::vector<std::string> addresses() const;
  /// Whether the neighbours have confirmed the node, or it has founded the overlay; stays so as
  /// long as there is a peer.
  [[nodiscard]] bool is_ready() const;
  /// Waits until the neighbours have confirmed the node; `Errc::timed_out`.
  [[nodiscard]] Result<void> wait_until_ready(Duration timeout);

  [[nodiscard]] NodeStatus status() const;
  [[nodiscard]] std::vector<NodePeer> peers() const;
  /// The newest token that we know of a node; `Errc::not_found`.
  [[nodiscard]] Result<Bytes> token_of(const Fingerprint& node) const;
  /// The way to `subject`'s coordinator, or to any key; `Errc::timed_out`, what `subject_id` says.
  [[nodiscard]] Result<NodeTrace> trace(std::string_view subject, Duration timeout);
  [[nodiscard]] Result<NodeTrace> trace(const Fingerprint& key, Duration timeout);

  /// Asks whoever answers at `address`, which is written as in `NodeConfig::join`, what it answers
  /// to anybody.  A question has at most 1,024 bytes.  `Errc::not_found` if it knows nothing of the
  /// topic, `refused` if it does not want to answer or to speak with us, `connection_lost` if it
  /// answers nobody, what dialing says, `timed_out`; `limit_reached` with 64 queries under way, or
  /// 12 names being looked up.
  [[nodiscard]] Result<Bytes> query(std::string_view address, std::string_view topic,
                                    ByteView question, Duration timeout);

  /// Leaves the overlay in order, at most for four seconds, and ends every callback.  Called from a
  /// callback it returns at once, and the node leaves afterwards.
  void stop();

  class Runtime;

 private:
  friend struct AsyncStart;
  explicit Node(std::shared_ptr<Runtime> runtime);
  void end();
  std::shared_ptr<Runtime> runtime_;
};

}  // namespace kith
