#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

#include "core/noise/cipher_state.hpp"
#include "overlay/session/buffer_pool.hpp"
#include "overlay/session/frame.hpp"
#include "overlay/session/session_config.hpp"

namespace kith::overlay {

// A record is a frame `T`: items, padded to 256·k bytes, sealed (docs/protocol.md §5).

inline constexpr std::size_t kRecordBlock = 256;
inline constexpr std::size_t kRecordBlocksMax = 255;
inline constexpr std::size_t kRecordPlainBytesMax = kRecordBlock * kRecordBlocksMax;
inline constexpr std::size_t kItemHeaderBytes = 3;
/// Both directions get a new key after so many records; both sides count.
inline constexpr std::uint64_t kRekeyInterval = 1024;
/// A direction ends after so many records.
inline constexpr std::uint64_t kRecordsMax = std::uint64_t{1} << 40U;

enum class ItemKind : Byte {
  confirm = 0,  ///< Nothing: confirms, or covers.
  message = 1,  ///< A message or the last part of one.
  message_part = 2,
  proof = 3,  ///< Flow `S` alone.
  refuse = 4,
  close = 5,
  ping = 6,
  pong = 7,
};

struct Item {
  ItemKind kind = ItemKind::confirm;
  ByteView body;
};

/// The value of a PING and of its PONG is big-endian.
inline constexpr std::size_t kPingBytes = 8;
[[nodiscard]] std::array<Byte, kPingBytes> encode_ping(std::uint64_t value);
/// @pre body.size() == kPingBytes
[[nodiscard]] std::uint64_t decode_ping(ByteView body);

/// Whether a frame of this length can be a record.
[[nodiscard]] bool is_record_length(std::size_t frame_length);

/// How long the plaintext of a record with `item_bytes` of items becomes.
/// @pre item_bytes < kRecordPlainBytesMax
[[nodiscard]] std::size_t padded_record_bytes(std::size_t item_bytes, RecordPadding padding);

/// Builds records.  An item is copied once, to where it will be sealed; whatever waits together
/// shares records.
class RecordWriter {
 public:
  RecordWriter(RecordPadding padding, BufferPool* pool) : pool_(pool), padding_(padding) {}
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;
  RecordWriter(RecordWriter&&) noexcept = default;
  RecordWriter& operator=(RecordWriter&&) noexcept = default;
  /// What was not sealed is wiped.
  ~RecordWriter() { BufferPool::discard(frames_); }

  /// Adds the message that `parts` make, in as many items as it takes.
  void add_message(std::initializer_list<ByteView> parts);

  /// Adds an item.  @pre body is short
  void add_item(ItemKind kind, ByteView body);

  /// Makes the record that the last item is in as long as one with `item_bytes` of items.
  /// @pre an item was added, item_bytes < kRecordPlainBytesMax
  void lengthen(std::size_t item_bytes) {
    item_bytes_min_ = static_cast<std::uint16_t>(item_bytes);
  }

  /// Seals everything with `cipher` and appends it to `out`.  `Errc::exhausted` after
  /// `kRecordsMax` records.
  [[nodiscard]] Result<void> seal_into(noise::CipherState& cipher, Bytes& out);

  /// Drops what waits.
  void clear();

  /// The frames that wait, in bytes, about.
  [[nodiscard]] std::size_t waiting_bytes() const { return frames_.size(); }

 private:
  [[nodiscard]] std::size_t room() const;
  void begin_item(ItemKind kind, std::size_t body_bytes);
  void begin_record();
  void end_record();

  /// Frames back to back; all but the last are complete up to sealing.
  Bytes frames_;
  BufferPool* pool_;
  /// Where the record under construction starts, if there is one.
  std::uint32_t record_at_ = 0;
  std::uint16_t item_bytes_min_ = 0;
  bool has_record_ = false;
  RecordPadding padding_;
};

/// Opens records and takes the items out of them, one by one.
class RecordReader {
 public:
  RecordReader() = default;
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;
  RecordReader(RecordReader&&) noexcept = default;
  RecordReader& operator=(RecordReader&&) noexcept = default;
  ~RecordReader() { clear(); }

  /// Opens a record's body.  @pre the items of the one before were taken
  [[nodiscard]] Result<void> open(noise::CipherState& cipher, ByteView ciphertext,
                                  BufferPool* pool);

  /// The next item, or nothing at the record's end; valid until the next call.  Parts of a
  /// message are put together first; `Errc::too_long` if it gets longer than `message_bytes_max`.
  [[nodiscard]] Result<std::optional<Item>> next(std::size_t message_bytes_max);

  /// Puts a message before everything else, as if a record had brought it.
  /// @pre nothing was opened yet, message.size() <= 65535
  void insert_message(ByteView message);

  /// Whether all items of the last record were taken.
  [[nodiscard]] bool is_at_end() const { return items_.empty(); }

  /// Forgets everything, and wipes it.
  void clear();

  /// Gives the memory back.  What is there of an unfinished message stays.
  void release(BufferPool* pool);

 private:
  [[nodiscard]] Result<Item> take_item();

  Bytes plaintext_;
  ByteView items_;
  /// The parts of a message so far.
  Bytes message_;
  bool message_is_whole_ = false;
};

}  // namespace kith::overlay
