#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <kith/message.hpp>

namespace kith::apps {

/// What `kith sub` has received and not yet written: filled on the node's thread, emptied by the
/// one that writes.  A reader that is slower than the overlay holds up the node, not its memory.
class Inbox {
 public:
  using Clock = std::chrono::steady_clock;
  /// Appends a message to text; `sequence` counts from 1.
  using Format =
      std::function<void(std::string& text, const Message& message, std::uint64_t sequence)>;

  /// Takes `count_most` messages, or any number.
  Inbox(Format format, std::optional<std::uint64_t> count_most);

  // On the node's thread.

  /// Waits while too much is waiting to be written.  Whether more is wanted: if not, and one comes
  /// nevertheless, it is not taken if there are enough, and taken after a `close`.
  [[nodiscard]] bool put(const Message& message);
  void on_match();

  // On any thread.

  /// Nothing more is wanted; nobody waits.
  void close();

  // On the thread that writes.

  /// What waits; waits for it until `deadline`, the first match, or `close`.
  [[nodiscard]] std::string take(Clock::time_point deadline);
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] bool is_matched() const;
  /// All messages wanted have been taken.
  [[nodiscard]] bool is_complete() const;
  /// When the first message came.
  [[nodiscard]] std::optional<Clock::time_point> first_at() const;

 private:
  [[nodiscard]] bool is_full() const { return count_most_ && received_ >= *count_most_; }

  const Format format_;
  const std::optional<std::uint64_t> count_most_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable room_;
  std::string text_;
  std::uint64_t received_ = 0;
  std::optional<Clock::time_point> first_at_;
  bool news_ = false;
  bool matched_ = false;
  bool closed_ = false;
};

}  // namespace kith::apps
