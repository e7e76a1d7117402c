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
  sealed = 'S',
  connection = 'C',  ///< Both keys are known beforehand.
  open = 'O',
  hidden = 'H',  ///< Only the address is known, with or without the fingerprint.
  ticket = 'I',
  reconnect = 'N',
};

/// How a flow says no while there are no keys (docs/protocol.md §4.5).
enum class RejectBehaviour : std::uint8_t {
  nope,    ///< The four bytes, then the end of the stream.
  silent,  ///< The end of the stream alone.
};

/// What a handshake message carries inside of Noise.
enum class PayloadForm : std::uint8_t {
  empty,       ///< Nothing: the frame has one possible length.
  padded_map,  ///< The map of docs/protocol.md §4.2, padded to a multiple of 256.
};

/// One message of a flow.  The dialer writes the first, then both take turns.
struct FlowMessage {
  Byte letter = 0;
  PayloadForm form = PayloadForm::empty;
  PayloadSchema schema;
  std::size_t frame_length_most = 0;
};

/// One flow as data.  Everything that tells flows apart stands here; the machine that runs them
/// (`Handshake`) knows none by name.  The responder of a flow whose last message is the dialer's
/// is confirmed by it, any other one by the first record (docs/protocol.md §4.4).
struct FlowRule {
  Flow flow = Flow::hidden;
  /// The letters that a dialer's frames begin with; the first one opens the flow.
  std::string_view letters;
  RejectBehaviour reject = RejectBehaviour::nope;
  std::string_view pattern;
  /// Empty for flows that this version knows but does not speak.
  std::span<const FlowMessage> messages;

  [[nodiscard]] bool is_spoken() const { return !messages.empty(); }
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
  FlowSet(std::initializer_list<Flow> flows);

  [[nodiscard]] bool contains(Flow flow) const;
  /// Whether one of them answers a reject with `nope`.
  [[nodiscard]] bool any_is_loud() const;

 private:
  std::uint8_t bits_ = 0;
};

}  // namespace kith::overlay
