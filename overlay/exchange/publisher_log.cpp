#include "overlay/exchange/publisher_log.hpp"

#include <algorithm>
#include <iterator>

#include "core/assert.hpp"
#include "overlay/exchange/payloads.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kBlockBytesMin = 4 * 1024;
/// The header of a data message is 20 bytes at most.
constexpr std::size_t kBlockBytesMax = kBatchBytesMax - 32;

/// Moves `position` to `sequence` within the payloads of its block.
void walk(PublisherLog::Position& position, const Byte* block, std::size_t used,
          std::uint64_t sequence) {
  PayloadCursor cursor(ByteView(block, used).subspan(position.offset));
  for (; position.sequence < sequence; ++position.sequence) cursor.next();
  position.offset = used - cursor.rest().size();
}

}  // namespace

Result<void> PublisherLog::append(ByteView payload, TimePoint now) {
  const std::size_t framed = framed_bytes(payload.size());
  if (!can_hold(payload.size())) return std::unexpected(Errc::too_long);
  if (messages() >= limits_.messages || framed > limits_.bytes - bytes_)
    return std::unexpected(Errc::would_block);

  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().used < framed) add_block(framed);
  Block& block = blocks_.back();
  put_payload(payload, block.bytes.get() + block.used);
  block.used += framed;
  ++block.count;
  bytes_ += framed;
  if (marks_.empty() || marks_.back().at + kExpiryGrain <= now) marks_.push_back({end_, now});
  ++end_;
  return {};
}

bool PublisherLog::can_hold(std::size_t payload_bytes) const {
  return payload_bytes <= kPayloadBytesMax && framed_bytes(payload_bytes) <= limits_.bytes &&
         limits_.messages > 0;
}

void PublisherLog::skip_one() {
  KITH_ASSERT(is_empty());
  ++end_;
  begin_.sequence = end_;
}

void PublisherLog::trim(std::uint64_t sequence) {
  KITH_ASSERT(sequence <= end_);
  while (begin_.sequence < sequence) {
    const Block& block = blocks_.front();
    if (block.end() > sequence) {
      const std::size_t before = begin_.offset;
      walk(begin_, block.bytes.get(), block.used, sequence);
      bytes_ -= begin_.offset - before;
      break;
    }
    bytes_ -= block.used - begin_.offset;
    begin_ = {block.end(), ++front_block_, 0};
    blocks_.pop_front();
  }
  while (!marks_.empty() && (is_empty() || (marks_.size() > 1 && marks_[1].sequence <= begin())))
    marks_.pop_front();
}

void PublisherLog::expire(TimePoint now) {
  while (!marks_.empty() && expiry(marks_.front()) <= now)
    trim(marks_.size() > 1 ? marks_[1].sequence : end_);
}

PublisherLog::Batch PublisherLog::read(Position& position, std::uint64_t most) const {
  KITH_ASSERT(begin() <= position.sequence && position.sequence < end_ && most > 0);
  // What stands where the log begins may know it by a block that is gone.
  if (position.sequence == begin()) position = begin_;
  if (position.offset == block_of(position).used)
    position = {position.sequence, position.block + 1, 0};
  const Block& block = block_of(position);

  const Position from = position;
  if (block.end() - position.sequence <= most)
    position = {block.end(), position.block, block.used};
  else
    walk(position, block.bytes.get(), block.used, position.sequence + most);
  return {
      from.sequence, position.sequence - from.sequence,
      ByteView(block.bytes.get(), block.used).subspan(from.offset, position.offset - from.offset)};
}

PublisherLog::Position PublisherLog::seek(std::uint64_t sequence) const {
  KITH_ASSERT(begin() <= sequence && sequence <= end_);
  if (sequence == begin()) return begin_;
  const auto after = std::ranges::upper_bound(blocks_, sequence - 1, {}, &Block::first);
  const auto index = static_cast<std::uint64_t>(after - blocks_.begin()) - 1;
  Position position{blocks_[index].first, front_block_ + index, 0};
  if (index == 0) position = begin_;
  walk(position, blocks_[index].bytes.get(), blocks_[index].used, sequence);
  return position;
}

bool PublisherLog::has_room() const {
  return messages() <= limits_.messages - (limits_.messages + 3) / 4 &&
         bytes_ <= limits_.bytes - (limits_.bytes + 3) / 4;
}

TimePoint PublisherLog::accepted_at(std::uint64_t sequence) const {
  KITH_ASSERT(sequence < end_);
  if (sequence < begin()) return TimePoint::min();
  return std::prev(std::ranges::upper_bound(marks_, sequence, {}, &Mark::sequence))->at;
}

std::optional<TimePoint> PublisherLog::next_expiry() const {
  if (marks_.empty()) return std::nullopt;
  return expiry(marks_.front());
}

void PublisherLog::sanity_check() const {
  KITH_ASSERT(messages() <= limits_.messages && bytes_ <= limits_.bytes);
  KITH_ASSERT(blocks_.empty() == is_empty() && marks_.empty() == is_empty());
  std::size_t used = 0;
  std::uint64_t next = is_empty() ? end_ : blocks_.front().first;
  for (const Block& block : blocks_) {
    KITH_ASSERT(block.first == next && block.count > 0 && block.used <= block.capacity);
    next = block.end();
    used += block.used;
  }
  KITH_ASSERT(next == end_ && used == bytes_ + begin_.offset * (blocks_.empty() ? 0 : 1));
}

void PublisherLog::add_block(std::size_t framed) {
  // A queue that is short needs little room; one that grows is read in large pieces.
  const std::size_t wanted = std::clamp(bytes_, kBlockBytesMin, kBlockBytesMax);
  const std::size_t capacity = std::max(framed, wanted);
  blocks_.push_back({std::make_unique_for_overwrite<Byte[]>(capacity), capacity, 0, end_, 0});
}

const PublisherLog::Block& PublisherLog::block_of(const Position& position) const {
  KITH_ASSERT(position.block >= front_block_ && position.block - front_block_ < blocks_.size());
  return blocks_[position.block - front_block_];
}

TimePoint PublisherLog::expiry(const Mark& mark) const {
  return mark.at + kExpiryGrain + limits_.time_to_live;
}

}  // namespace kith::overlay
