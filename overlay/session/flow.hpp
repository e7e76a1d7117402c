#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include <kith/bytes.hpp>

#include "overlay/session/payload.hpp"

namespace kith::overlay {

/// How a connection begins: the first letter on the wire.  Chosen by the dialer from what it
/// knows, never negotiated (docs/protocol.md §4).
enum class Flow : Byte {
  sealed = 'S',      ///< Both know each other's names; the dialer proves itself first.
  connection = 'C',  ///< Both keys are known beforehand.
  open = 'O',        ///< As `hidden`, but the dialer shows its token to everybody.
  hidden = 'H',      ///< Only the address is known, with or without the fingerprint.
  ticket = 'I',      ///< The dialer was given a ticket.
  reconnect = 'N',   ///< The two deal with each other already.
};

/// How a flow says no while there are no keys (docs/protocol.md §4.5).
enum class RejectBehaviour : std::uint8_t {
  nope,    ///< The four bytes, then the end of the stream.
  silent,  ///< The end of the stream alone.
};

enum class Side : std::uint8_t { dialer, responder };

/// What a message of a flow carries.
enum class PayloadForm : std::uint8_t {
  empty,        ///< Nothing: the frame has one possible length.
  padded_map,   ///< The map of docs/protocol.md §4.2, padded to a multiple of 256, inside of Noise.
  clear_token,  ///< The dialer's token and nothing else, which Noise does not encrypt here.
  proof,        ///< No handshake frame any more: the item PROOF, alone in a side's first record.
};

/// One message of a flow.
struct FlowMessage {
  Side from = Side::dialer;
  Byte letter = 0;
  PayloadForm form = PayloadForm::empty;
  PayloadSchema schema;
  std::size_t frame_length_max = 0;
};

/// One flow as data.  Everything that tells flows apart stands here; the machine that runs them
/// (`Handshake`) knows none by name.  The responder of a flow in which the dialer answers it is
/// confirmed by that, any other one by the first record (docs/protocol.md §4.4).
struct FlowRule {
  Flow flow = Flow::hidden;
  /// The letters that a dialer's frames begin with; the first one opens the flow.
  std::string_view letters;
  RejectBehaviour reject = RejectBehaviour::nope;
  std::string_view pattern;
  /// The pattern of a handshake of its own that the first message is, if it is one.  The prologue
  /// of the other messages goes on with its `h`.
  std::string_view introduction;
  std::span<const FlowMessage> messages;

  /// How many of the messages are Noise's; the others are proofs.
  [[nodiscard]] std::size_t noise_messages() const;
  /// Whether the dialer says something that nobody can have recorded: it answers the responder.
  [[nodiscard]] bool confirms_dialer() const;
};

/// The rule of `flow`.
[[nodiscard]] const FlowRule& flow_rule(Flow flow);

/// The rule that names `letter` as a dialer's first, or as one that follows it; nothing for
/// letters that name no flow.
[[nodiscard]] const FlowRule* find_flow(Byte letter);

/// Which flows a listener accepts.
class FlowSet {
 public:
  constexpr FlowSet() = default;
  constexpr FlowSet(std::initializer_list<Flow> flows) {
    for (Flow flow : flows) bits_ = bits_ | bit(flow);
  }

  [[nodiscard]] constexpr bool contains(Flow flow) const { return (bits_ & bit(flow)) != 0; }
  constexpr void add(Flow flow) { bits_ = bits_ | bit(flow); }
  /// Whether one of them answers a reject with `nope`.
  [[nodiscard]] bool any_is_loud() const;

 private:
  static constexpr std::uint32_t bit(Flow flow) { return 1U << (static_cast<Byte>(flow) - 'A'); }

  std::uint32_t bits_ = 0;
};

/// What a node listens to (docs/protocol.md §4.11).
struct ListenerProfile {
  FlowSet accepted_flows;
  /// Every reject is silence.
  bool stealth = false;
  /// Whoever dials by `C` is answered only if we know it; otherwise whoever has a valid token is.
  bool only_known = false;
};

/// Anybody may find out who listens here, in the way that it likes.
inline constexpr ListenerProfile kPublicListener{.accepted_flows = {Flow::hidden, Flow::open,
                                                                    Flow::sealed, Flow::connection,
                                                                    Flow::ticket, Flow::reconnect}};
/// Anybody, but nobody is made to show itself to the whole network.
inline constexpr ListenerProfile kMemberListener{.accepted_flows = {Flow::hidden, Flow::sealed,
                                                                    Flow::connection, Flow::ticket,
                                                                    Flow::reconnect}};
/// Who does not know us learns nothing about us.
inline constexpr ListenerProfile kPrivateListener{
    .accepted_flows = {Flow::sealed, Flow::connection, Flow::ticket, Flow::reconnect},
    .only_known = true};
/// Who does not deal with us and has no ticket does not even learn that somebody listens.
inline constexpr ListenerProfile kStealthListener{
    .accepted_flows = {Flow::ticket, Flow::reconnect}, .stealth = true, .only_known = true};

/// How a dialer goes about it: a flow, and whether one node alone may answer.
struct DialWay {
  Flow flow = Flow::hidden;
  bool is_pinned = false;

  friend constexpr bool operator==(DialWay, DialWay) = default;
};

/// How a dial that failed may be tried again, as a new connection.  Never in a way that reveals
/// more without being sure of the same peer: so never unpinned, and never in the open.
[[nodiscard]] std::optional<DialWay> fallback(DialWay failed);

/// So many handshakes of one dial may fail, wherever: several addresses may lead to one listener,
/// and that shuts out who fails five times (`ConnectionLimits`).
inline constexpr std::size_t kFailedHandshakesMax = 4;

}  // namespace kith::overlay
