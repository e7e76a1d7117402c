#pragma once

#include <cstdint>

namespace kith::overlay {

/// What became of the messages of one publisher.  All but `published` and `unheard` count a message
/// once for each of its receivers.
struct Ledger {
  std::uint64_t published = 0;  ///< Accepted, whether or not there was a receiver.
  std::uint64_t unheard = 0;    ///< Accepted while there was no receiver: nobody gets them.
  std::uint64_t owed = 0;       ///< One for each accepted message and receiver matched by then.
  std::uint64_t delivered = 0;  ///< Acknowledged.
  std::uint64_t expired = 0;    ///< Not acknowledged in time; reported.
  std::uint64_t refused = 0;    ///< Under way when the receiver, or we, closed the channel.

  [[nodiscard]] std::uint64_t in_flight() const { return owed - delivered - expired - refused; }
};

}  // namespace kith::overlay
