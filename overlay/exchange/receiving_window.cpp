#include "overlay/exchange/receiving_window.hpp"

namespace kith::overlay {

void ReceivingWindow::open(std::uint64_t first) {
  next_ = first;
  acknowledged_ = first;
  credit_ = first + messages_;
  bytes_ = 0;
  credit_bytes_ = kWindowBytes;
}

Result<std::uint64_t> ReceivingWindow::on_data(std::uint64_t first, std::uint64_t count,
                                               std::uint64_t bytes) {
  if (first > next_ || first + count > credit_ || bytes_ >= credit_bytes_)
    return std::unexpected(Errc::protocol_error);
  bytes_ += bytes;
  return std::min(next_ - first, count);
}

Result<void> ReceivingWindow::on_expired(std::uint64_t next) {
  if (next < next_) return std::unexpected(Errc::protocol_error);
  next_ = next;
  return {};
}

CreditMessage ReceivingWindow::grant(ChannelNumber sender_channel) {
  // Half a window within one read: the sender waits for us more than we for it.
  if (2 * (next_ - acknowledged_) >= messages_)
    messages_ = std::min(2 * messages_, kWindowMessagesMost);
  acknowledged_ = next_;
  credit_ = next_ + messages_;
  credit_bytes_ = bytes_ + kWindowBytes;
  return {sender_channel, acknowledged_, credit_, credit_bytes_};
}

}  // namespace kith::overlay
