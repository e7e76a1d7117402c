#include "overlay/exchange/sending_window.hpp"

#include <algorithm>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"

namespace kith::overlay {

void SendingWindow::open(std::uint64_t messages, std::uint64_t bytes) {
  credit_ = position_.sequence + messages;
  credit_bytes_ = bytes;
  bytes_ = 0;
}

Result<std::uint64_t> SendingWindow::on_credit(const PublisherLog& log,
                                               const CreditMessage& credit) {
  if (credit.acknowledged < acknowledged_ || credit.acknowledged > sent_ ||
      credit.messages < credit_ || credit.bytes < credit_bytes_)
    return std::unexpected(Errc::protocol_error);
  credit_ = credit.messages;
  credit_bytes_ = credit.bytes;
  heard_ = true;
  return acknowledge(log, credit.acknowledged);
}

SendingWindow::Settled SendingWindow::resume(const PublisherLog& log, std::uint64_t next) {
  KITH_ASSERT(can_resume(next));
  Settled settled;
  settled.delivered = count_acknowledged(next);
  const std::uint64_t first = std::max(next, log.begin());
  settled.expired = first - next;
  for (const Gap& gap : gaps_) settled.expired -= gap.to - gap.from;
  // The acceptance tells of it, but may be lost as well: until then the receiver may stand before.
  gaps_.clear();
  if (first > next) gaps_.push_back({next, first});
  gap_to_tell_ = false;
  if (position_.sequence != first) position_ = log.seek(first);
  sent_ = std::max(sent_, first);
  return settled;
}

std::uint64_t SendingWindow::skip_expired(const PublisherLog& log) {
  const std::uint64_t from = position_.sequence;
  if (from >= log.begin()) return 0;
  position_ = log.seek(log.begin());
  sent_ = std::max(sent_, position_.sequence);
  if (!gaps_.empty() && gaps_.back().to == from)
    gaps_.back().to = position_.sequence;
  else
    gaps_.push_back({from, position_.sequence});
  gap_to_tell_ = true;
  const std::uint64_t unsent = position_.sequence - from;
  return gaps_.size() > kGapsMax ? unsent + join_oldest_gaps() : unsent;
}

/// How many messages that were sent lie between them.
std::uint64_t SendingWindow::join_oldest_gaps() {
  const Gap oldest = gaps_.front();
  gaps_.pop_front();
  Gap& next = gaps_.front();
  const std::uint64_t between = next.from - oldest.to;
  next.from = oldest.from;
  return between;
}

PublisherLog::Batch SendingWindow::read(const PublisherLog& log) {
  const PublisherLog::Batch batch = log.read(position_, credit_ - position_.sequence);
  bytes_ += batch.payloads.size();
  sent_ = std::max(sent_, position_.sequence);
  return batch;
}

std::uint64_t SendingWindow::acknowledge(const PublisherLog& log, std::uint64_t sequence) {
  if (position_.sequence < sequence) position_ = log.seek(sequence);
  return count_acknowledged(sequence);
}

std::uint64_t SendingWindow::count_acknowledged(std::uint64_t sequence) {
  KITH_ASSERT(acknowledged_ <= sequence && sequence <= sent_);
  std::uint64_t delivered = sequence - acknowledged_;
  acknowledged_ = sequence;
  while (!gaps_.empty() && gaps_.front().from < sequence) {
    Gap& gap = gaps_.front();
    const std::uint64_t to = std::min(gap.to, sequence);
    delivered -= to - gap.from;
    gap.from = to;
    if (gap.from < gap.to) break;
    gaps_.pop_front();
  }
  return delivered;
}

bool SendingWindow::has_unsettled() const {
  std::uint64_t settled = acknowledged_;
  for (const Gap& gap : gaps_) settled += gap.to - gap.from;
  return settled < position_.sequence;
}

std::uint64_t SendingWindow::in_flight(const PublisherLog& log) const {
  std::uint64_t count = log.end() - acknowledged_;
  for (const Gap& gap : gaps_) count -= gap.to - gap.from;
  return count;
}

}  // namespace kith::overlay
