#include "overlay/exchange/receiving_window.hpp"

#include "core/assert.hpp"

namespace kith::overlay {

ReceivingWindow::Request ReceivingWindow::ask() {
  asked_ = settled_;
  credit_bytes_ = room();
  return {asked_, messages_, credit_bytes_};
}

void ReceivingWindow::open(std::uint64_t first) {
  KITH_ASSERT(may_begin(first));
  next_ = std::max(next_, first);
  settled_ = std::max(settled_, first);
  settle_if_idle();
  granted_ = came_ = first;
  credit_ = first + messages_;
  bytes_ = 0;
}

void ReceivingWindow::open_anew(std::uint64_t first) {
  next_ = settled_ = asked_ = first;
  unsettled_ = unsettled_bytes_ = 0;
  open(first);
}

Result<std::uint64_t> ReceivingWindow::on_data(std::uint64_t first, std::uint64_t count,
                                               std::uint64_t bytes) {
  if (first > next_ || first + count > credit_ || bytes_ >= credit_bytes_)
    return std::unexpected(Errc::protocol_error);
  bytes_ += bytes;
  came_ = std::max(came_, first + count);
  return std::min(next_ - first, count);
}

Result<void> ReceivingWindow::on_expired(std::uint64_t next) {
  if (next < came_) return std::unexpected(Errc::protocol_error);
  came_ = next;
  next_ = std::max(next_, next);
  settle_if_idle();
  return {};
}

void ReceivingWindow::on_delivered(std::uint64_t count, std::uint64_t bytes) {
  next_ += count;
  unsettled_ += count;
  unsettled_bytes_ += bytes;
}

void ReceivingWindow::settle(std::uint64_t end, std::uint64_t count, std::uint64_t bytes) {
  KITH_ASSERT(end <= next_ && count <= unsettled_ && bytes <= unsettled_bytes_);
  unsettled_ -= count;
  unsettled_bytes_ -= bytes;
  settled_ = std::max(settled_, end);
  settle_if_idle();
}

CreditMessage ReceivingWindow::grant(ChannelNumber sender_channel) {
  // Half a window within one read: the sender waits for us more than we for it.
  if (2 * (settled_ - granted_) >= messages_)
    messages_ = std::min(2 * messages_, kWindowMessagesMax);
  granted_ = settled_;
  credit_ = std::max(credit_, settled_ + messages_);
  credit_bytes_ = std::max(credit_bytes_, bytes_ + room());
  return {sender_channel, granted_, credit_, credit_bytes_};
}

}  // namespace kith::overlay
