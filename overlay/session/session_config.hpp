#pragma once

#include <cstddef>

#include <kith/session_limits.hpp>

#include "overlay/session/flow.hpp"

namespace kith::overlay {

/// What all sessions of a node have in common: what it listens to, times and sizes
/// (docs/protocol.md §4.6).
struct SessionConfig {
  FlowSet accepted_flows{Flow::hidden, Flow::connection};
  /// A listener that must not be found: every reject is silence.
  bool stealth = false;
  RecordPadding padding = RecordPadding::block256;

  SessionTimers timers;

  std::size_t message_bytes_max = 1U << 20;
  /// What waits to be taken; beyond, nothing more is queued.
  std::size_t queued_bytes_max = 8U << 20;
  /// What a peer may send ahead, in one message and in all, and what waits for it, until it is
  /// judged and let in.
  std::size_t unjudged_bytes_max = 64U << 10;
};

}  // namespace kith::overlay
