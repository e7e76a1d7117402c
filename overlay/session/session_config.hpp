#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <kith/time.hpp>

#include "overlay/session/flow.hpp"

namespace kith::overlay {

/// How a sender hides the lengths of its records (docs/protocol.md §5).  A receiver takes any.
enum class RecordPadding : std::uint8_t {
  block256,   ///< To multiples of 256.
  block8192,  ///< To multiples of 8192: what some of its ancestors do.
  padme,      ///< Padmé, rounded up to 256: for bulk, at most 12 % more.
};

/// What all sessions of a node have in common: what it listens to, times and sizes
/// (docs/protocol.md §4.6).
struct SessionConfig {
  FlowSet accepted_flows{Flow::hidden, Flow::connection};
  /// A listener that must not be found: every reject is silence.
  bool stealth = false;
  RecordPadding padding = RecordPadding::block256;

  Duration first_frame_timeout = std::chrono::seconds(5);  ///< From accept to the first frame.
  Duration handshake_timeout = std::chrono::seconds(10);   ///< From start to confirmed.
  Duration request_timeout = std::chrono::seconds(2);      ///< From an `N` to its `K`.
  Duration confirm_timeout = std::chrono::seconds(5);      ///< From our `A` to the first record.
  Duration frame_timeout = std::chrono::seconds(30);  ///< From a frame's first byte to its last.
  Duration idle_timeout = std::chrono::seconds(60);   ///< The responder closes.
  Duration life = std::chrono::hours(24);             ///< The responder closes.

  std::size_t message_bytes_max = 1U << 20;
  /// What waits to be taken; beyond, nothing more is queued.
  std::size_t queued_bytes_max = 8U << 20;
  /// What a peer may send ahead, in one message and in all, and what waits for it, until it is
  /// judged and let in.
  std::size_t unjudged_bytes_max = 64U << 10;
};

}  // namespace kith::overlay
