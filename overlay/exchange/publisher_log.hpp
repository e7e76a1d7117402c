#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include <kith/bytes.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "overlay/exchange/limits.hpp"

namespace kith::overlay {

/// What a publisher keeps for all its receivers: payloads in the order of their sequences, each
/// once, however many receivers there are.
///
/// They lie in blocks as they go over the wire, so that whatever waits is handed to a session as
/// it lies there, a block at a time, without a look at the single payload.  A block never moves
/// while it holds anything.
///
///     begin <= any retained sequence < end
///
/// It is trimmed from the front: by sequence, when all receivers have acknowledged, and by time.
class PublisherLog {
 public:
  struct Limits {
    std::size_t messages = 0;
    std::size_t bytes = 0;
    Duration time_to_live{};
  };

  /// Where a reader stands: before the message `sequence`.
  struct Position {
    std::uint64_t sequence = 0;
    std::uint64_t block = 0;
    std::size_t offset = 0;
  };

  /// Consecutive payloads with their lengths; valid until they are trimmed.
  struct Batch {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    ByteView payloads;
  };

  explicit PublisherLog(const Limits& limits) : limits_(limits) {}

  /// `Errc::too_long` if `payload` can never be held, `Errc::would_block` if it cannot now.
  [[nodiscard]] Result<void> append(ByteView payload, TimePoint now);
  /// Whether a payload of that length could be held by an empty log.
  [[nodiscard]] bool can_hold(std::size_t payload_bytes) const;
  /// Gives the next sequence to a message that nobody is to receive.  @pre is_empty()
  void skip_one();

  /// Forgets what comes before `sequence`.  @pre sequence <= end()
  void trim(std::uint64_t sequence);
  /// Forgets what is over.
  void expire(TimePoint now);

  /// The next batch from `position`, which moves behind it: up to the end of a block and `most`
  /// messages.  @pre begin() <= position.sequence < end() && most > 0
  [[nodiscard]] Batch read(Position& position, std::uint64_t most) const;
  /// @pre begin() <= sequence <= end()
  [[nodiscard]] Position seek(std::uint64_t sequence) const;

  [[nodiscard]] std::uint64_t begin() const { return begin_.sequence; }
  [[nodiscard]] std::uint64_t end() const { return end_; }
  [[nodiscard]] bool is_empty() const { return begin_.sequence == end_; }
  [[nodiscard]] std::uint64_t messages() const { return end_ - begin_.sequence; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Whether a writer who was told to wait should try again: a quarter is free.
  [[nodiscard]] bool has_room() const;
  /// When the message `sequence` was accepted, to the grain; long ago if it is not kept any more.
  /// @pre sequence < end()
  [[nodiscard]] TimePoint accepted_at(std::uint64_t sequence) const;
  /// When the first message expires.
  [[nodiscard]] std::optional<TimePoint> next_expiry() const;

  void sanity_check() const;

 private:
  struct Block {
    std::unique_ptr<Byte[]> bytes;
    std::size_t capacity = 0;
    std::size_t used = 0;
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    [[nodiscard]] std::uint64_t end() const { return first + count; }
  };

  /// The messages from `sequence` up to the next mark were accepted from `at` on.
  struct Mark {
    std::uint64_t sequence;
    TimePoint at;
  };

  void add_block(std::size_t framed);
  [[nodiscard]] const Block& block_of(const Position& position) const;
  [[nodiscard]] TimePoint expiry(const Mark& mark) const;

  Limits limits_;
  std::deque<Block> blocks_;
  std::uint64_t front_block_ = 0;  ///< The number of the first of `blocks_`.
  std::deque<Mark> marks_;
  Position begin_;
  std::uint64_t end_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace kith::overlay
