#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/noise/handshake_state.hpp"
#include "core/random.hpp"
#include "overlay/session/flow.hpp"
#include "overlay/session/frame.hpp"
#include "overlay/session/local_node.hpp"
#include "overlay/session/payload.hpp"
#include "overlay/session/session_config.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay {

/// Whom to dial and how.
struct DialTarget {
  Flow flow = Flow::hidden;
  /// The node that must answer (flow `H`: pinned before we reveal ourselves; flow `C`: required).
  std::optional<Fingerprint> node;
  /// The peer's static key (flow `C`).
  std::optional<crypto::DhPublicKey> static_key;
  /// The dialer's time of this attempt, greater than any before it (flow `C`; see `DialClock`).
  WallTime time{};
  /// The first message.  Rides in `F` (flow `H`) if it is at most `kJoinBytesMost`, or in the first
  /// record.
  Bytes first_message;
};

/// A relationship that a dialer says it is about (R62).
using RelationshipId = std::array<Byte, 16>;

/// The peer proved to hold the keys of `peer`; may it go on?  `on_verdict` answers.  Asked by both
/// sides of flow `H`, and by the responder of flow `C` (its dialer got the token before it dialed,
/// and judged it then).  Dates, signature, realm, static key and pin were checked; the owner checks
/// the dialer's time (`ReplayGuard`) and its policy.
struct SessionAsks {
  NodeToken peer;
  Flow flow;
  /// The dialer's time (flow `C`, responder's side).
  std::optional<WallTime> time;
  /// What the dialer wants to talk about, if it said so (flow `C`, responder's side).
  std::optional<RelationshipId> about;
};

/// The machine that all flows run on: one row of the flow table, one Noise handshake.  Frames in,
/// frames and a question out.  It has no timers and does not reject by itself: that is the
/// session's.
///
///     start ─letter─> [ read a frame ─(question)─> write a frame ]… ─last message─> finished
class Handshake {
 public:
  /// @pre the flow is spoken, and `target` has what it needs
  Handshake(const LocalNode& local, const SessionConfig& config, Random& random, DialTarget target);
  Handshake(const LocalNode& local, const SessionConfig& config, Random& random);

  /// Whether the frame that begins like this may come now.  A responder learns its flow here.
  [[nodiscard]] Result<void> check_header(const FrameHeader& header);

  /// Reads a frame whose header was fine.  Afterwards there may be a question.
  [[nodiscard]] Result<void> read_frame(ByteView body, WallTime wall);

  /// Appends our next frame.  @pre is_our_turn()
  [[nodiscard]] Result<void> write_frame(Bytes& out);

  /// What the peer's token makes us ask, once.
  [[nodiscard]] bool has_question() const { return question_.has_value(); }
  [[nodiscard]] std::optional<SessionAsks> take_question();
  /// The message that rode in the handshake, once.
  [[nodiscard]] std::optional<Bytes> take_join();

  /// The keys.  @pre is_finished(); once
  [[nodiscard]] noise::Transport split() { return noise_->split(); }
  /// @pre is_finished()
  [[nodiscard]] Fingerprint session_id() const;

  [[nodiscard]] bool is_started() const { return noise_.has_value(); }
  [[nodiscard]] bool is_our_turn() const { return noise_ && noise_->is_our_turn(); }
  [[nodiscard]] bool is_finished() const { return noise_ && noise_->is_finished(); }
  /// Whether the last message is the dialer's: then it confirms the dialer (docs/protocol.md §4.3).
  [[nodiscard]] bool confirms_dialer() const { return rule_->messages.size() % 2 == 1; }
  /// How to say no before there are keys.
  [[nodiscard]] RejectBehaviour reject_behaviour() const;

 private:
  void start(const FlowRule& rule);
  [[nodiscard]] Result<void> start_by(Byte letter);
  [[nodiscard]] const FlowMessage& message() const { return rule_->messages[messages_done_]; }
  [[nodiscard]] std::size_t frame_length_least() const;
  [[nodiscard]] Result<void> read_payload(ByteView padded, WallTime wall);
  [[nodiscard]] Result<NodeToken> check_peer(ByteView token, WallTime wall) const;
  [[nodiscard]] Payload our_payload() const;

  const LocalNode* local_;
  const SessionConfig* config_;
  Random* random_;
  std::optional<DialTarget> target_;  ///< The dialer's.
  const FlowRule* rule_ = nullptr;
  std::optional<noise::HandshakeState> noise_;
  std::size_t messages_done_ = 0;
  std::optional<SessionAsks> question_;
  std::optional<Bytes> join_;
};

/// Whether `target`'s first message goes along with the handshake.
[[nodiscard]] bool rides_in_handshake(const DialTarget& target);

}  // namespace kith::overlay
