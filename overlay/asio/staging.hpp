#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

#include "overlay/asio/outcome.hpp"

namespace kith::overlay {

/// Messages on their way from any thread to the node's, in the order in which they were accepted:
/// one behind the other in one buffer, so that accepting one costs a copy and no allocation, and
/// the node takes all that wait at once.
class Staging {
 public:
  struct Limits {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  struct Waiting {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  /// What the node has taken and not yet dealt with.
  class Batch {
   public:
    /// Valid until `drop_front`; nothing when all is dealt with.
    [[nodiscard]] std::optional<ByteView> front() const;
    void drop_front();
    [[nodiscard]] bool is_empty() const { return read_ == bytes_.size(); }

   private:
    friend class Staging;
    Bytes bytes_;
    std::size_t read_ = 0;
  };

  explicit Staging(const Limits& limits) : limits_(limits) {}

  /// Whether the node must be woken; `Errc::would_block` when there is no room.
  [[nodiscard]] Result<bool> try_append(ByteView payload);
  /// The same, but waits for room.
  [[nodiscard]] Result<bool> append(ByteView payload);
  /// The same, but calls `done` when there is room, in the order of the calls.
  [[nodiscard]] bool append_later(ByteView payload, Done<> done);

  /// Takes all that waits; whether more took its place, so that the node must fetch again.
  /// @pre `batch` is empty
  [[nodiscard]] bool fetch(Batch& batch);
  /// Whatever is appended from now on, or waits to be, is refused with `why`.
  void close(Errc why);

  /// What the node has not fetched.
  [[nodiscard]] Waiting waiting() const;

 private:
  struct Later {
    Bytes payload;
    Done<> done;
  };

  [[nodiscard]] bool has_room(std::size_t payload_bytes) const;
  bool put(ByteView payload);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  Bytes bytes_;
  std::size_t messages_ = 0;
  std::size_t threads_waiting_ = 0;
  std::deque<Later> later_;
  std::optional<Errc> closed_;
};

}  // namespace kith::overlay
