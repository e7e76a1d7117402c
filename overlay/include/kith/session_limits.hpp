#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <kith/time.hpp>

namespace kith {

/// How a sender hides the lengths of its records (docs/protocol.md §5).  A receiver takes any.
enum class RecordPadding : std::uint8_t {
  block256,   ///< To multiples of 256.
  block8192,  ///< To multiples of 8192: what some of its ancestors do.
  padme,      ///< Padmé, rounded up to 256: for bulk, at most 12 % more.
};

/// By when what must have happened in a session (docs/protocol.md §4.6).  All are longer than
/// nothing, and at most a day.
struct SessionTimers {
  Duration first_frame_timeout = std::chrono::seconds(5);  ///< From accept to the first frame.
  Duration handshake_timeout = std::chrono::seconds(10);   ///< From start to confirmed.
  Duration request_timeout = std::chrono::seconds(2);      ///< From an `N` to its `K`.
  Duration confirm_timeout = std::chrono::seconds(5);      ///< From our `A` to the first record.
  Duration frame_timeout = std::chrono::seconds(30);  ///< From a frame's first byte to its last.
  /// The listener closes after so long without a record.  Longer than the pings are apart; under a
  /// minute it also ends connections that others keep with a ping every 50 seconds.
  Duration idle_timeout = std::chrono::seconds(60);
  Duration life = std::chrono::hours(24);  ///< Then the listener closes; the dialer renews before.
};

/// How often strangers may try to open sessions (docs/protocol.md §4.6).  A *source* is an address
/// (IPv4) or a /64 (IPv6).  Loopback and exempt networks are bounded by `half_open_max` alone.
struct ConnectionLimits {
  std::size_t half_open_max = 256;
  std::size_t half_open_per_source_max = 8;
  Duration start_interval = std::chrono::milliseconds(200);  ///< 5 a second, …
  std::int64_t start_burst = 10;                             ///< … after the first 10.
  std::size_t failures_max = 5;                              ///< So many within …
  Duration failure_window = std::chrono::seconds(60);        ///< … this shut a source out …
  Duration shut_out_first = std::chrono::seconds(60);        ///< … for so long; doubles …
  Duration shut_out_max = std::chrono::hours(1);             ///< … up to this.
  std::size_t sources_max = 4096;  ///< That are remembered: more than `half_open_max`.
};

}  // namespace kith
