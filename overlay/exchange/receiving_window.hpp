#pragma once

#include <algorithm>
#include <cstdint>

#include <kith/result.hpp>

#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/messages.hpp"

namespace kith::overlay {

/// What a receiver waits for, and how far it lets the sender go.
///
///     granted <= settled <= next
///
/// Below `next` is what was delivered or will never come, below `settled` what nothing is to be
/// said about any more: where the application acknowledges, that is less.
class ReceivingWindow {
 public:
  explicit ReceivingWindow(std::uint64_t messages)
      : messages_(std::clamp<std::uint64_t>(messages, 1, kWindowMessagesMax)) {}

  /// What we ask the sender for when we open the channel.
  struct Request {
    std::uint64_t next = 0;  ///< What is not settled may come again.
    std::uint64_t credit_messages = 0;
    std::uint64_t credit_bytes = 0;
  };
  [[nodiscard]] Request ask();
  /// Whether a sender that knows what we asked may start with `first`.
  [[nodiscard]] bool may_begin(std::uint64_t first) const { return asked_ <= first; }
  /// A session begins: the sender starts with `first`.  @pre may_begin(first)
  void open(std::uint64_t first);
  /// The same with another sender, of whom we know nothing.
  void open_anew(std::uint64_t first);

  /// How many of `count` payloads were delivered before.  `Errc::protocol_error` if some are
  /// missing before `first`, or the sender goes beyond its credit.
  [[nodiscard]] Result<std::uint64_t> on_data(std::uint64_t first, std::uint64_t count,
                                              std::uint64_t bytes);
  /// Nothing below `next` will come any more.  `Errc::protocol_error` if that goes back.
  [[nodiscard]] Result<void> on_expired(std::uint64_t next);
  /// So many were handed over; they are not settled yet.
  void on_delivered(std::uint64_t count, std::uint64_t bytes);
  /// So many of the oldest that were delivered are settled, up to, not including, `end`.
  void settle(std::uint64_t end, std::uint64_t count, std::uint64_t bytes);

  /// Acknowledges all that is settled and grants more.
  [[nodiscard]] CreditMessage grant(ChannelNumber sender_channel);

  /// Whether a grant would acknowledge anything.
  [[nodiscard]] bool has_news() const { return granted_ < settled_; }
  [[nodiscard]] std::uint64_t next() const { return next_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  /// How much more may be under way.
  [[nodiscard]] std::uint64_t room() const {
    return kWindowBytes - std::min(unsettled_bytes_, kWindowBytes);
  }
  /// Where nothing waits to be settled, everything is.
  void settle_if_idle() {
    if (unsettled_ == 0) settled_ = next_;
  }

  std::uint64_t messages_;  ///< The size of the window.
  std::uint64_t next_ = 0;
  std::uint64_t settled_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t granted_ = 0;
  std::uint64_t unsettled_ = 0;  ///< Delivered, not settled; without what expired between.
  std::uint64_t unsettled_bytes_ = 0;
  std::uint64_t credit_ = 0;
  std::uint64_t came_ = 0;   ///< The end of what came since the session began.
  std::uint64_t bytes_ = 0;  ///< How much that was.
  std::uint64_t credit_bytes_ = kWindowBytes;
};

}  // namespace kith::overlay
