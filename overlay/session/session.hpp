#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <variant>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/random.hpp"
#include "overlay/session/flow.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay {

/// Who we are, to a session.  Must outlive every session made with it.
struct LocalNode {
  const crypto::Primitives* primitives = nullptr;
  const crypto::DhKeyPair* static_key = nullptr;
  /// Our node token as it goes over the wire; may be renewed between sessions.
  Bytes token;
  Fingerprint id;
  /// The network id of the prologue: the realm, zeros for the public one.
  Fingerprint network;
};

/// Whom to dial and how.
struct DialTarget {
  Flow flow = Flow::hidden;
  /// The node that must answer (flow `H`: pinned before we reveal ourselves; flow `C`: required).
  std::optional<Fingerprint> node;
  /// The peer's static key (flow `C`).
  std::optional<crypto::DhPublicKey> static_key;
  /// The dialer's time of this attempt, greater than any before it (flow `C`, R74 of replay).
  WallTime time{};
  /// The first message.  Rides in `F` (flow `H`), or in the first record (flow `C`).
  Bytes first_message;
};

enum class CloseReason : std::uint8_t { done = 0, idle = 1, duplicate = 2, shutdown = 3 };

// What a session tells its owner.

/// The peer proved to hold the keys of `peer`; may it go on?  `on_verdict` answers.  Asked on both
/// sides; the owner also checks time and replay of a dialer here.
struct SessionAsks {
  NodeToken peer;
  Flow flow;
  /// The dialer's time (flow `C`, responder's side).
  std::optional<WallTime> time;
};

/// Both sides are proven and confirmed; messages may flow.
struct SessionOpened {};

/// A whole message; valid until the next call.
struct SessionMessage {
  ByteView message;
};

struct SessionPong {
  std::uint64_t value;
};

/// The end.  The transport is to be closed: with the rest of the output and lingering, or at once.
struct SessionClosed {
  Errc why;
  bool linger;
};

using SessionEvent =
    std::variant<SessionAsks, SessionOpened, SessionMessage, SessionPong, SessionClosed>;

/// One connection between two nodes: a handshake by one of the flows, then records (CONNECTIONS
/// §2).  It does not know its transport.  After every input, poll events until there are none;
/// bytes given to `on_bytes` must stay valid until then.
class Session {
 public:
  [[nodiscard]] static Session dial(const LocalNode& local, DialTarget target,
                                    const SessionConfig& config, Random& random, Instant now);
  [[nodiscard]] static Session accept(const LocalNode& local, const SessionConfig& config,
                                      Random& random, Instant now);

  // Commands.

  /// Queues a message made of `parts`.  Before the session is open it waits.
  /// `Errc::too_long` over the message limit, `Errc::closed` after the end.
  [[nodiscard]] Result<void> send(std::initializer_list<ByteView> parts);
  void ping(std::uint64_t value);
  /// Closes in order: what is queued is still sent.
  void close(CloseReason reason, Instant now);
  void on_verdict(bool admitted, Instant now);

  // Inputs.

  void on_bytes(ByteView bytes, Instant now);
  void on_end_of_stream(Instant now);
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<SessionEvent> poll_event(Instant now);
  /// How many bytes wait to be taken, about.
  [[nodiscard]] std::size_t queued_bytes() const;
  /// Seals and appends what waits.
  void take_bytes(Bytes& out, Instant now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] bool is_open() const;
  [[nodiscard]] bool is_dialer() const;
  [[nodiscard]] TimePoint last_heard() const;
  /// Binds what is said above to this very session (CONNECTIONS §2.5): BLAKE2b-256 of "kith/1
  /// session id" and h.  @pre is_open()
  [[nodiscard]] const Fingerprint& session_id() const;
};

}  // namespace kith::overlay
