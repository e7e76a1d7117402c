#pragma once

#include <algorithm>
#include <cstdint>

#include <kith/result.hpp>

#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/messages.hpp"

namespace kith::overlay {

/// What a receiver waits for, and how far it lets the sender go.
class ReceivingWindow {
 public:
  explicit ReceivingWindow(std::uint64_t messages)
      : messages_(std::clamp<std::uint64_t>(messages, 1, kWindowMessagesMost)) {}

  /// A session begins: the sender starts with `first`.
  void open(std::uint64_t first);

  /// How many of `count` payloads were delivered before.  `Errc::protocol_error` if some are
  /// missing before `first`, or the sender goes beyond its credit.
  [[nodiscard]] Result<std::uint64_t> on_data(std::uint64_t first, std::uint64_t count,
                                              std::uint64_t bytes);
  /// Nothing below `next` will come any more.  `Errc::protocol_error` if that goes back.
  [[nodiscard]] Result<void> on_expired(std::uint64_t next);
  void on_delivered(std::uint64_t count) { next_ += count; }

  /// Acknowledges all that was delivered and grants more.
  [[nodiscard]] CreditMessage grant(ChannelNumber sender_channel);

  [[nodiscard]] std::uint64_t next() const { return next_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  std::uint64_t messages_;  ///< The size of the window.
  std::uint64_t next_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t credit_ = 0;
  std::uint64_t bytes_ = 0;  ///< Received since the session began.
  std::uint64_t credit_bytes_ = 0;
};

}  // namespace kith::overlay
