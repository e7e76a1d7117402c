#include "overlay/session/record.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kTagBytes = crypto::Cipher::kTagBytes;
/// At least one byte of a record is padding.
constexpr std::size_t kItemsBytesMax = kRecordPlainBytesMax - 1;
constexpr std::size_t kItemBodyBytesMax = kItemsBytesMax - kItemHeaderBytes;
constexpr std::size_t kLargeBlock = 8192;
/// A message is not cut for less room than this.
constexpr std::size_t kPartBytesMin = 512;

constexpr std::size_t round_up(std::size_t bytes, std::size_t block) {
  return (bytes + block - 1) / block * block;
}

std::array<Byte, kItemHeaderBytes> item_header(ItemKind kind, std::size_t body_bytes) {
  return {static_cast<Byte>(kind), static_cast<Byte>(body_bytes >> 8U),
          static_cast<Byte>(body_bytes)};
}

/// Counts a record that `cipher` has sealed or opened.
void count_record(noise::CipherState& cipher) {
  if (cipher.nonce() % kRekeyInterval == 0) cipher.rekey();
}

}  // namespace

std::array<Byte, kPingBytes> encode_ping(std::uint64_t value) {
  std::array<Byte, kPingBytes> body{};
  for (std::size_t i = 0; i < kPingBytes; ++i) {
    body[i] = static_cast<Byte>(value >> (8U * (kPingBytes - 1 - i)));
  }
  return body;
}

std::uint64_t decode_ping(ByteView body) {
  KITH_ASSERT(body.size() == kPingBytes);
  std::uint64_t value = 0;
  for (Byte byte : body) value = value << 8U | byte;
  return value;
}

bool is_record_length(std::size_t frame_length) {
  const std::size_t overhead = 1 + kTagBytes;
  return frame_length >= kRecordBlock + overhead &&
         frame_length <= kRecordPlainBytesMax + overhead &&
         (frame_length - overhead) % kRecordBlock == 0;
}

std::size_t padded_record_bytes(std::size_t item_bytes, RecordPadding padding) {
  KITH_ASSERT(item_bytes <= kItemsBytesMax);
  std::size_t padded = item_bytes + 1;
  switch (padding) {
    case RecordPadding::block256:
      padded = round_up(padded, kRecordBlock);
      break;
    case RecordPadding::block8192:
      padded = round_up(padded, kLargeBlock);
      break;
    case RecordPadding::padme:
      padded = round_up(crypto::padme(padded), kRecordBlock);
      break;
  }
  return std::min(padded, kRecordPlainBytesMax);
}

void RecordWriter::add_message(std::initializer_list<ByteView> parts) {
  std::size_t left = 0;
  for (ByteView part : parts) left += part.size();

  std::size_t item_left = 0;
  const auto next_item = [&] {
    const std::size_t needed = std::min(left, kPartBytesMin) + kItemHeaderBytes;
    if (has_record_ && room() < needed) end_record();
    // A message that fits into a record is not cut.
    if (has_record_ && left <= kItemBodyBytesMax && room() < left + kItemHeaderBytes) {
      end_record();
    }
    item_left = std::min(left, room() - kItemHeaderBytes);
    begin_item(item_left == left ? ItemKind::message : ItemKind::message_part, item_left);
    left -= item_left;
  };

  next_item();
  for (ByteView part : parts) {
    while (!part.empty()) {
      if (item_left == 0) next_item();
      const std::size_t bytes = std::min(part.size(), item_left);
      append(frames_, part.first(bytes));
      part = part.subspan(bytes);
      item_left -= bytes;
    }
  }
}

void RecordWriter::add_item(ItemKind kind, ByteView body) {
  if (has_record_ && room() < body.size() + kItemHeaderBytes) end_record();
  begin_item(kind, body.size());
  append(frames_, body);
}

Result<void> RecordWriter::seal_into(noise::CipherState& cipher, Bytes& out) {
  if (has_record_) end_record();
  for (std::size_t at = 0; at < frames_.size();) {
    const std::size_t length = std::size_t{frames_[at]} << 8U | frames_[at + 1];
    const MutableByteView body =
        MutableByteView(frames_).subspan(at + kFrameHeaderBytes, length - 1);
    if (cipher.nonce() >= kRecordsMax) return std::unexpected(Errc::exhausted);
    const auto sealed = cipher.encrypt({}, body.first(body.size() - kTagBytes), body);
    if (!sealed) return sealed;
    count_record(cipher);
    at += kFrameLengthBytes + length;
  }
  if (out.empty()) {
    out.swap(frames_);
  } else {
    append(out, frames_);
  }
  clear();
  return {};
}

void RecordWriter::clear() {
  BufferPool::give_back(pool_, frames_);
  has_record_ = false;
}

/// How many bytes of items still fit into the record under construction, or into a new one.
std::size_t RecordWriter::room() const {
  if (!has_record_) return kItemsBytesMax;
  return kItemsBytesMax - (frames_.size() - record_at_ - kFrameHeaderBytes);
}

void RecordWriter::begin_item(ItemKind kind, std::size_t body_bytes) {
  if (!has_record_) begin_record();
  KITH_ASSERT(room() >= body_bytes + kItemHeaderBytes);
  append(frames_, item_header(kind, body_bytes));
}

void RecordWriter::begin_record() {
  if (frames_.empty()) {
    frames_ = BufferPool::take(pool_);
    frames_.reserve(kFrameHeaderBytes + kRecordBlock + kTagBytes);
  }
  record_at_ = static_cast<std::uint32_t>(frames_.size());
  has_record_ = true;
  frames_.resize(frames_.size() + kFrameHeaderBytes);
}

void RecordWriter::end_record() {
  const std::size_t body_at = record_at_ + kFrameHeaderBytes;
  const std::size_t item_bytes =
      std::max<std::size_t>(frames_.size() - body_at, std::exchange(item_bytes_min_, 0));
  const std::size_t body_bytes = padded_record_bytes(item_bytes, padding_) + kTagBytes;
  frames_.push_back(0x80);
  frames_.resize(body_at + body_bytes);
  write_frame_header(kRecordLetter, body_bytes,
                     MutableByteView(frames_).subspan(record_at_, kFrameHeaderBytes));
  has_record_ = false;
}

Result<void> RecordReader::open(noise::CipherState& cipher, ByteView ciphertext, BufferPool* pool) {
  KITH_ASSERT(items_.empty());
  if (ciphertext.size() < kTagBytes) return std::unexpected(Errc::decrypt_failed);
  if (cipher.nonce() >= kRecordsMax) return std::unexpected(Errc::exhausted);
  if (plaintext_.capacity() == 0) plaintext_ = BufferPool::take(pool);
  plaintext_.resize(ciphertext.size() - kTagBytes);
  if (const auto opened = cipher.decrypt({}, ciphertext, plaintext_); !opened) return opened;
  count_record(cipher);

  const auto item_bytes = crypto::unpadded_bytes(plaintext_);
  if (!item_bytes) return std::unexpected(item_bytes.error());
  if (*item_bytes == 0) return std::unexpected(Errc::protocol_error);
  items_ = ByteView(plaintext_).first(*item_bytes);
  return {};
}

Result<std::optional<Item>> RecordReader::next(std::size_t message_bytes_max) {
  if (message_is_whole_) {
    message_ = Bytes();
    message_is_whole_ = false;
  }
  while (!items_.empty()) {
    const auto item = take_item();
    if (!item) return std::unexpected(item.error());
    const bool is_part = item->kind == ItemKind::message_part;
    if (!is_part && item->kind != ItemKind::message) return *item;

    if (message_.size() + item->body.size() > message_bytes_max) {
      return std::unexpected(Errc::too_long);
    }
    if (!is_part && message_.empty()) return *item;
    append(message_, item->body);
    if (is_part) continue;
    message_is_whole_ = true;
    return Item{.kind = ItemKind::message, .body = message_};
  }
  return std::nullopt;
}

void RecordReader::insert_message(ByteView message) {
  KITH_ASSERT(items_.empty() && message.size() <= 0xffff);
  append(plaintext_, item_header(ItemKind::message, message.size()));
  append(plaintext_, message);
  items_ = plaintext_;
}

void RecordReader::clear() {
  items_ = {};
  BufferPool::discard(plaintext_);
  BufferPool::discard(message_);
  message_is_whole_ = false;
}

void RecordReader::release(BufferPool* pool) {
  KITH_ASSERT(items_.empty());
  BufferPool::give_back(pool, plaintext_);
  if (message_is_whole_) message_ = Bytes();
  message_is_whole_ = false;
}

Result<Item> RecordReader::take_item() {
  if (items_.size() < kItemHeaderBytes) return std::unexpected(Errc::truncated);
  const auto kind = items_[0];
  const std::size_t body_bytes = std::size_t{items_[1]} << 8U | items_[2];
  if (kind > static_cast<Byte>(ItemKind::pong)) return std::unexpected(Errc::unknown_kind);
  if (items_.size() < kItemHeaderBytes + body_bytes) return std::unexpected(Errc::truncated);
  // A part that brings nothing on has no use but to keep us busy.
  if (kind == static_cast<Byte>(ItemKind::message_part) && body_bytes == 0) {
    return std::unexpected(Errc::protocol_error);
  }
  const Item item{static_cast<ItemKind>(kind), items_.subspan(kItemHeaderBytes, body_bytes)};
  items_ = items_.subspan(kItemHeaderBytes + body_bytes);
  return item;
}

}  // namespace kith::overlay
