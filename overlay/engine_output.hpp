#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/join_step.hpp>
#include <kith/policy.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "overlay/relation_output.hpp"

namespace kith::overlay {

enum class ConnectionId : std::uint32_t {};
enum class SubscriptionId : std::uint32_t {};
enum class PublisherId : std::uint32_t {};
enum class TraceId : std::uint32_t {};
enum class QuestionId : std::uint64_t {};

// What an engine asks of the world.

/// Open a connection; `on_connected` or `on_connect_failed` answers.
struct Dial {
  ConnectionId connection;
  Endpoint to;
};

/// Bytes wait: call `take_bytes` as soon as the transport takes some.  Said once until then.
struct WriteReady {
  ConnectionId connection;
};

enum class CloseMode : std::uint8_t {
  /// Write what `take_bytes` yields, shut down the sending side, read and discard for at most 1 s
  /// or 64 KiB, close (docs/protocol.md §4.5).
  linger,
  /// Close at once.
  drop,
};

/// The last word on a connection: its number means nothing to the engine afterwards, except that
/// with `linger` one `take_bytes` sequence is still owed.
struct CloseConnection {
  ConnectionId connection;
  CloseMode mode;
};

/// Ask the embedder; `on_verdict` answers, later or at once.
struct AskPolicy {
  QuestionId question;
  PolicyQuestion what;
};

// What an engine tells the application.

/// A message for a subscription.
struct Delivered {
  SubscriptionId subscription;
  Fingerprint sender;  ///< The identity that published it.
  ByteView payload;
};

/// A subscription found a sender.
struct SubscriptionMatched {
  SubscriptionId subscription;
  Fingerprint peer;  ///< Its identity.
  Fingerprint node;
};
struct SubscriptionUnmatched {
  SubscriptionId subscription;
  Fingerprint peer;
  Fingerprint node;
};

/// A publisher has a receiver: whatever is published from now on is received by it.
struct PublisherMatched {
  PublisherId publisher;
  Fingerprint peer;
  Fingerprint node;
};
struct PublisherUnmatched {
  PublisherId publisher;
  Fingerprint peer;
  Fingerprint node;
};

/// After `Errc::would_block`: there is room again.
struct PublisherWritable {
  PublisherId publisher;
};

/// Every accepted message is acknowledged by all its receivers or reported expired.
struct PublisherDrained {
  PublisherId publisher;
};

/// Accepted messages that ran out of time before a receiver acknowledged them.
struct MessagesExpired {
  PublisherId publisher;
  Fingerprint peer;
  std::uint64_t count;
};

/// The subject's coordinators hold this intent until `until`.
struct Declared {
  std::variant<SubscriptionId, PublisherId> intent;
  std::vector<Fingerprint> holders;
  WallTime until;
};

/// A coordinator does not hold this intent: `not_authorized`, `limit_reached` or `refused`.  It is
/// asked again, after a pause.
struct DeclareRefused {
  std::variant<SubscriptionId, PublisherId> intent;
  Errc why;
};

/// What went over one channel since the last account of it: for the policy's bookkeeping.
struct Accounted {
  Exchanged what;
};

struct ReadyChanged {
  bool ready;
};

/// An attempt to enter the overlay failed; another one follows.
struct JoinFailed {
  Endpoint endpoint;
  Errc why;
  Duration next_attempt_in;
  /// With `Errc::changed_node`: who was met there first.
  std::optional<Fingerprint> met_first{};
  JoinStep step = JoinStep::connecting;
  /// Otherwise the node does without this entrance, and perhaps nobody is there any more.
  bool is_needed = true;
};

/// Who answers at an endpoint that was named without a node; only this one may from now on.  What
/// is kept of it may be given to the next start, in `EngineConfig::known_entrances`.
struct EntranceLearned {
  Endpoint endpoint;
  Fingerprint node;
};

/// We have used this time in a dial.  Keep it, so that no later one, after a restart with a clock
/// that is behind, is taken for a repetition (`EngineConfig::last_dial_time`).
struct DialTimeUsed {
  WallTime time{};
};

/// A dialer has used this time with its key: no first message up to it is to be believed again.
/// Keep it, so that it stays so (`EngineConfig::known_dial_times`).
struct DialTimeSeen {
  crypto::DhPublicKey static_key{};
  WallTime time{};
};

/// Whoever connected was not let in, or said no itself (`Errc::refused`).  The other side is never
/// told why (R27); an operator may be.
struct TurnedAway {
  Endpoint endpoint;
  /// Who it says it is, if it came so far.
  std::optional<Fingerprint> node;
  Errc why;
};

struct PeerJoined {
  Fingerprint node;
  Endpoint endpoint;  ///< Its end of the connection.
  /// Where it may be dialed again; none for a client.
  std::vector<Endpoint> home;
};
struct PeerLost {
  Fingerprint node;
  Errc why;
};

struct TraceDone {
  TraceId trace;
  Fingerprint key;
  /// The nodes passed, ours first, the one closest to the key last.  Empty: no answer came.
  std::vector<Fingerprint> hops;
  Duration round_trip;
};

/// The engine is at rest; nothing more comes of it.
struct Left {};

using Output =
    std::variant<Dial, WriteReady, CloseConnection, AskPolicy, Delivered, SubscriptionMatched,
                 SubscriptionUnmatched, PublisherMatched, PublisherUnmatched, PublisherWritable,
                 PublisherDrained, MessagesExpired, Declared, DeclareRefused, Accounted,
                 ReadyChanged, JoinFailed, EntranceLearned, DialTimeUsed, DialTimeSeen, TurnedAway,
                 PeerJoined, PeerLost, TraceDone, RelationOutput, Left>;

// What an engine says of itself when asked.

struct PeerInfo {
  Fingerprint node;
  Endpoint endpoint;
  bool is_client = false;
  bool dialed_by_us = false;
  bool in_table = false;
  int missed_pings = 0;
  std::optional<Duration> round_trip;
  Duration connected_for{};
};

struct Status {
  Fingerprint node;
  Fingerprint identity;
  bool ready = false;
  std::size_t sessions = 0;
  /// Those of them that are only there for the exchange.
  std::size_t exchange_sessions = 0;
  std::size_t half_open = 0;
  std::size_t spares = 0;
  /// Nodes whose tokens we keep.
  std::size_t contacts = 0;
  std::size_t clients = 0;
  std::size_t intents_held = 0;
  std::size_t subjects_coordinated = 0;
  std::size_t subscriptions = 0;
  std::size_t publishers = 0;
  std::uint64_t network_size_estimate = 0;
  std::uint64_t routed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

/// The ledger of one publisher.  All but `published` and `unheard` count a message once for each
/// receiver matched when it was accepted: owed = delivered + expired + refused + in flight.
struct PublisherInfo {
  std::size_t receivers = 0;
  std::uint64_t published = 0;
  std::uint64_t owed = 0;
  std::uint64_t delivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t refused = 0;
  std::uint64_t unheard = 0;
  std::size_t queued_messages = 0;
  std::size_t queued_bytes = 0;
};

}  // namespace kith::overlay
