#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/secret.hpp"
#include "core/noise/handshake_state.hpp"
#include "core/random.hpp"
#include "overlay/session/flow.hpp"
#include "overlay/session/frame.hpp"
#include "overlay/session/local_node.hpp"
#include "overlay/session/payload.hpp"
#include "overlay/session/session_config.hpp"
#include "tokens/node_token.hpp"
#include "tokens/ticket_token.hpp"

namespace kith::overlay {

/// A relationship that a dialer says it is about (R62).
using RelationshipId = std::array<Byte, 16>;

/// Whom to dial and how.
struct DialTarget {
  Flow flow = Flow::hidden;
  /// The node that must answer: before we reveal ourselves (flow `H`), before we go on (`O`, `S`).
  /// Required where the static key is.
  std::optional<Fingerprint> node{};
  /// The peer's static key (flows `C`, `I`, `N`: required).
  std::optional<crypto::DhPublicKey> static_key{};
  /// The dialer's time of this attempt, greater than any before it (flows `C`, `I`, `N`; see
  /// `DialClock`).
  WallTime time{};
  /// The relationship that this is about (flow `C`; `N`: required).
  std::optional<RelationshipId> about{};
  /// What the ticket says (flow `I`: required).
  std::optional<TicketSecret> ticket{};
  /// What the dialer's user shows of itself, at most `kCertificateBytesMax` bytes, if it is to be
  /// in the first message (flow `I`).  That message can be read by whoever steals the responder's
  /// static key later; an owner that minds sends it as a message of the open session.
  Bytes certificate{};
  /// Where we are at home, `host@port`, of at most `kSiteBytesMax` bytes (flow `N`: required).
  std::string site{};
  /// A message that may be acted on more than once, at most `kEarlyBytesMax` bytes: it goes with
  /// the first ones, and can be read and repeated as those can (flow `N`).
  Bytes early{};
  /// The first message.  Rides in `F` (flow `H`) if it is at most `kJoinBytesMax`, or in the first
  /// record.
  Bytes first_message{};
};

/// The same target again, for where else the peer may be.
[[nodiscard]] DialTarget copy_of(const DialTarget& target);

/// May the peer go on?  `on_verdict` answers.  Asked by the responder of every flow, before it says
/// anything that shows who it is or that it knows the dialer (flow `H`: after that), and by the
/// dialer of a flow in which it learns the responder's token (`O`, `H`, `S`).  Dates, signature,
/// realm, static key and pin were checked, and the signature over this very handshake (`S`); the
/// owner checks the dialer's time (`ReplayGuard`) and its policy: that it knows the peer (`S`),
/// that the ticket is one of its own and not spent (`I`), that the relationship names both (`N`).
struct SessionAsks {
  Flow flow = Flow::hidden;
  Fingerprint node{};
  /// What `node` showed; nothing in flow `N`, whose owner holds it already.
  std::optional<NodeToken> peer{};
  /// The dialer's time (flows `C`, `I`, `N`, responder's side).
  std::optional<WallTime> time{};
  /// What the dialer wants to talk about (flow `C`: if it said so; `N`; responder's side).
  std::optional<RelationshipId> about{};
  /// Flow `I`, responder's side.
  std::optional<TicketSecret> ticket{};
  Bytes certificate{};
  /// Flow `N`, responder's side.  Not confirmed: whoever acts on it at once must be able to do so
  /// again, and have a time of this peer to compare with; all others keep it until the session is
  /// open.  Told only here.
  Bytes early{};
};

/// A dialer names itself; what is the static key of that node?  `on_static_key` answers, with
/// nothing if no relationship is kept with it.
struct SessionSeeks {
  Fingerprint node;
  /// Where it says that it is at home.
  std::string site;
};

/// The dialer that showed this ticket is confirmed: spend it, in one step that succeeds once.
/// `on_verdict` answers.
struct SessionSpends {
  TicketSecret ticket;
};

/// The machine that all flows run on: one row of the flow table, one Noise handshake, and the
/// shorter one before it or the proofs after it, if the row has them.  Frames in, frames and
/// questions out.  It has no timers and does not reject by itself: that is the session's.
///
///     start ─letter─> [ read a frame ─(question)─> write a frame ]… ─last message─> finished
class Handshake {
 public:
  /// @pre `target` has what its flow needs
  Handshake(const LocalNode& local, const SessionConfig& config, Random& random, DialTarget target);
  Handshake(const LocalNode& local, const SessionConfig& config, Random& random);
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
  ~Handshake();

  /// Whether the frame that begins like this may come now.  A responder learns its flow here.
  [[nodiscard]] Result<void> check_header(const FrameHeader& header);

  /// Reads a frame whose header was fine.  Afterwards there may be a question.
  [[nodiscard]] Result<void> read_frame(ByteView body, WallTime wall);

  /// Appends our next frame.  @pre is_our_turn(), !is_proving()
  [[nodiscard]] Result<void> write_frame(Bytes& out);

  /// Reads the peer's proof.  Afterwards there is a question.  @pre is_proving()
  [[nodiscard]] Result<void> read_proof(ByteView body, WallTime wall);

  /// Our proof, the body of its item.  @pre has_keys()
  [[nodiscard]] Bytes write_proof();

  /// What the peer's message makes us ask, once.
  [[nodiscard]] bool has_question() const { return question_.has_value(); }
  [[nodiscard]] std::optional<SessionAsks> take_question();
  /// The name whose key must be found before we can read on, once.
  [[nodiscard]] bool seeks() const { return seeking_.has_value(); }
  [[nodiscard]] std::optional<SessionSeeks> take_seeking();
  /// The static key of the node that was named; nothing: it is not known.
  void on_static_key(const std::optional<crypto::DhPublicKey>& key);
  /// The message that rode in the handshake, once.
  [[nodiscard]] std::optional<Bytes> take_join();
  /// The ticket that was shown, once.
  [[nodiscard]] bool has_ticket() const { return ticket_.has_value(); }
  [[nodiscard]] std::optional<TicketSecret> take_ticket();

  /// The keys.  @pre has_keys(); once
  [[nodiscard]] noise::Transport split() { return noise_->split(); }
  /// @pre has_keys()
  [[nodiscard]] Fingerprint session_id() const;

  [[nodiscard]] bool is_started() const { return rule_ != nullptr; }
  [[nodiscard]] bool is_our_turn() const;
  /// Whether Noise is done, so that everything else is encrypted.
  [[nodiscard]] bool has_keys() const;
  /// Whether what comes next are proofs.
  [[nodiscard]] bool is_proving() const { return has_keys() && !is_finished(); }
  [[nodiscard]] bool is_finished() const;
  /// Whether the dialer's last message confirms it (docs/protocol.md §4.4).
  [[nodiscard]] bool confirms_dialer() const { return rule_->confirms_dialer(); }
  /// Whether that message is also the last of all, which nothing answers.
  [[nodiscard]] bool ends_with_dialer() const {
    return rule_->messages.back().from == Side::dialer;
  }
  /// How to say no before there are keys.
  [[nodiscard]] RejectBehaviour reject_behaviour() const;

 private:
  [[nodiscard]] Side side() const { return target_ ? Side::dialer : Side::responder; }
  [[nodiscard]] Result<void> start_by(Byte letter);
  void start_noise(const std::optional<crypto::DhPublicKey>& remote_static);
  [[nodiscard]] bool is_introduction() const;
  [[nodiscard]] const FlowMessage& message() const { return rule_->messages[messages_done_]; }
  [[nodiscard]] std::size_t frame_length_min() const;
  [[nodiscard]] Result<void> read_payload(ByteView bytes, WallTime wall);
  [[nodiscard]] Result<void> read_map(const Payload& payload, WallTime wall);
  [[nodiscard]] Result<void> read_token(ByteView token, WallTime wall);
  [[nodiscard]] Result<NodeToken> check_peer(ByteView token, WallTime wall) const;
  [[nodiscard]] SessionAsks& question();
  [[nodiscard]] Result<Bytes> encoded_payload() const;
  [[nodiscard]] Payload our_payload() const;

  const LocalNode* local_;
  const SessionConfig* config_;
  Random* random_;
  std::optional<DialTarget> target_;  ///< The dialer's.
  const FlowRule* rule_ = nullptr;
  std::optional<noise::HandshakeState> noise_;
  std::size_t messages_done_ = 0;
  /// The node that the peer has named (flow `N`) or proven to be (`S`).
  std::optional<Fingerprint> peer_;
  std::optional<SessionAsks> question_;
  std::optional<SessionSeeks> seeking_;
  std::optional<TicketSecret> ticket_;
  std::optional<Bytes> join_;
};

/// Whether `target`'s first message goes along with the handshake.
[[nodiscard]] bool rides_in_handshake(const DialTarget& target);

}  // namespace kith::overlay
