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

#include "core/noise/cipher_state.hpp"
#include "core/random.hpp"
#include "overlay/session/frame.hpp"
#include "overlay/session/handshake.hpp"
#include "overlay/session/local_node.hpp"
#include "overlay/session/record.hpp"
#include "overlay/session/session_config.hpp"

namespace kith::overlay {

enum class CloseReason : std::uint8_t { done = 0, idle = 1, duplicate = 2, shutdown = 3 };

// What a session tells its owner.  `SessionAsks`, `SessionSeeks` and `SessionSpends` are in
// handshake.hpp.

/// Both sides are proven and confirmed; messages may flow.
struct SessionOpened {};

/// A whole message; valid until the next call.
struct SessionMessage {
  ByteView message;
};

struct SessionPong {
  std::uint64_t value = 0;
};

/// The end.  The transport is to be closed: with the rest of the output and lingering, or at once.
struct SessionClosed {
  Errc why = Errc::closed;
  bool linger = false;
  /// What stood in the CLOSE record, ours or theirs (`Errc::closed`).
  std::optional<CloseReason> reason{};
};

using SessionEvent = std::variant<SessionAsks, SessionSeeks, SessionSpends, SessionOpened,
                                  SessionMessage, SessionPong, SessionClosed>;

/// One connection between two nodes: a handshake by one of the flows, then records
/// (docs/protocol.md §4, 5).  It does not know its transport.  After every input, poll events until
/// there are none; bytes given to `on_bytes` must stay valid until then.
///
///     handshake ─(H; C, O, I, N: dialer)──────────────────────> open ──> ended
///         │ ├─(S)──────────────────> proving ─────both proven────┤         ↑
///         │ └─(C, O, I, N: responder)─> unconfirmed ─record, ────┘         │
///         │                                           I: ticket spent      │
///         └───────────────────── anything wrong, late or refused ──────────┘
///
/// Once it has ended it yields `SessionClosed`, and `take_bytes` what there is left to say.
class Session {
 public:
  /// `local`, `config` and `random` must outlive the session.
  /// @pre `target` has what its flow needs, and `local` a node key where that is `sealed`
  [[nodiscard]] static Session dial(const LocalNode& local, DialTarget target,
                                    const SessionConfig& config, Random& random, Instant now);
  [[nodiscard]] static Session accept(const LocalNode& local, const SessionConfig& config,
                                      Random& random, Instant now);

  /// A configuration that does not outlive the call.
  static Session dial(const LocalNode&, DialTarget, const SessionConfig&&, Random&,
                      Instant) = delete;
  static Session accept(const LocalNode&, const SessionConfig&&, Random&, Instant) = delete;

  // Commands.

  /// Queues a message made of `parts`.  Before the session is open it waits.
  /// `Errc::too_long` over the message limit, `Errc::closed` after the end, `Errc::would_block`
  /// while more than `queued_bytes_max` wait, or before `let_in` `unjudged_bytes_max`.
  [[nodiscard]] Result<void> send(std::initializer_list<ByteView> parts);
  void ping(std::uint64_t value);
  /// The peer is trusted from now on: it may send large messages, and its pings are answered.
  void let_in() { is_let_in_ = true; }
  /// Closes in order: what is queued is still sent.  Before the session is open: without a word.
  void close(CloseReason reason, Instant now);
  /// Closes without a word: the peer has said what has no place here.
  void abort(Errc why);
  /// The answer to `SessionAsks` or `SessionSpends`; ignored when nothing was asked or the session
  /// has ended.
  void on_verdict(bool admitted, Instant now);
  /// The answer to `SessionSeeks`; ignored in the same cases.
  void on_static_key(const std::optional<crypto::DhPublicKey>& key, Instant now);

  // Inputs.

  void on_bytes(ByteView bytes, Instant now);
  void on_end_of_stream(Instant now);
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<SessionEvent> poll_event(Instant now);
  /// How many bytes wait to be taken, about.
  [[nodiscard]] std::size_t queued_bytes() const;
  /// Seals and appends what waits.  Fastest if `out` is empty.
  void take_bytes(Bytes& out, Instant now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] bool is_open() const { return phase_ == Phase::open; }
  [[nodiscard]] bool is_dialer() const { return is_dialer_; }
  /// When bytes last came; the start before any did.
  [[nodiscard]] TimePoint last_heard() const { return last_heard_; }
  /// When records last came or went; the start before any did.
  [[nodiscard]] TimePoint last_active() const { return last_active_; }
  /// Whether a record has gone out, and one has come in (see convergence.hpp).
  [[nodiscard]] bool has_sent_record() const { return sending_ && sending_->nonce() > 0; }
  [[nodiscard]] bool has_heard_record() const { return receiving_ && receiving_->nonce() > 0; }
  /// Binds what is said above to this very session (docs/protocol.md §5): BLAKE2b-256 of "kith/1
  /// session id" and h.  @pre the session was open
  [[nodiscard]] const Fingerprint& session_id() const { return session_id_; }

 private:
  enum class Phase : std::uint8_t { handshake, proving, unconfirmed, open, ended };
  /// What the owner was asked and has not answered.
  enum class Awaits : std::uint8_t { nothing, verdict, static_key, spending };
  /// What a dialer that has the keys owes, a first record, or waits for: a sign that the peer has
  /// taken its last message.
  enum class Pending : std::uint8_t { nothing, confirmation, acceptance };

  Session(const LocalNode& local, const SessionConfig& config, bool is_dialer, Instant now);

  // Polling.
  [[nodiscard]] std::optional<SessionEvent> take_event();
  [[nodiscard]] std::optional<SessionEvent> take_question();
  [[nodiscard]] std::optional<SessionEvent> take_item();
  [[nodiscard]] std::optional<SessionEvent> handle_item(const Item& item);
  [[nodiscard]] bool advance(Instant now);
  [[nodiscard]] bool advance_handshake(Instant now);
  [[nodiscard]] bool advance_records(Instant now);
  [[nodiscard]] bool wait(Instant now);
  [[nodiscard]] bool settle(Instant now);

  [[nodiscard]] std::size_t message_bytes_max() const;
  [[nodiscard]] std::size_t queued_bytes_max() const;
  void answer_ping(ByteView body);

  // Steps.
  void proceed(Instant now);
  [[nodiscard]] Result<void> say_next();
  [[nodiscard]] Result<void> say_alone(ItemKind kind, ByteView body, std::size_t item_bytes = 0);
  void await_next(Instant now);
  void take_keys();
  [[nodiscard]] Result<void> read_proof(Instant now);
  void confirm(Instant now);
  void open(Instant now);

  // The end.
  [[nodiscard]] bool is_refusable() const;
  [[nodiscard]] bool may_seal() const {
    return sending_ && (phase_ == Phase::open || phase_ == Phase::ended);
  }
  [[nodiscard]] bool owes_confirm() const { return pending_ == Pending::confirmation; }
  [[nodiscard]] bool may_be_nope(const FrameHeader& header);
  void reject(Errc why);
  void refuse();
  void fail(Errc why);
  void end_unsaid(SessionClosed how);
  void end(SessionClosed how);

  const LocalNode* local_;
  const SessionConfig* config_;
  /// Until the session is open.
  std::unique_ptr<Handshake> handshake_;
  std::optional<noise::CipherState> sending_;
  std::optional<noise::CipherState> receiving_;
  FrameReader frames_;
  RecordReader records_;
  RecordWriter writer_;
  /// Handshake frames, proofs and rejects that wait to be taken.
  Bytes clear_output_;
  Fingerprint session_id_;

  /// Of the phase: when the handshake fails, when an open session has lived long enough.
  TimePoint deadline_;
  /// When the frame that has begun must be complete; never, if none has.
  TimePoint frame_deadline_ = TimePoint::max();
  TimePoint last_heard_;
  TimePoint last_active_;
  std::optional<SessionClosed> closed_;
  Phase phase_ = Phase::handshake;
  /// Since bytes were last taken.
  std::uint8_t pongs_queued_ = 0;
  bool is_dialer_;
  Awaits awaits_ = Awaits::nothing;
  bool tells_opened_ = false;
  Pending pending_ = Pending::nothing;
  bool stream_ended_ = false;
  bool is_let_in_ = false;
};

}  // namespace kith::overlay
