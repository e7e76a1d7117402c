#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <kith/message.hpp>

namespace kith::apps {

/// What `kith sub` has received and not yet written: filled on the node's thread, emptied by the
/// one that writes, and acknowledges then.  Senders have credit for so much, and no more waits
/// here.
class Inbox {
 public:
  using Clock = std::chrono::steady_clock;
  /// Appends a message to text; `sequence` counts from 1.
  using Format =
      std::function<void(std::string& text, const Message& message, std::uint64_t sequence)>;

  struct Batch {
    std::string text;
    std::vector<std::uint64_t> messages;  ///< How many they are, of each subscription.
  };

  /// Takes `count_max` messages, or any number, of so many subscriptions.
  Inbox(Format format, std::optional<std::uint64_t> count_max, std::size_t subscriptions);

  // On the node's thread.

  /// A message of a subscription, counted from 0.  Passed over if there are enough, or after a
  /// `close`.
  void put(std::size_t subscription, const Message& message);
  void on_match();

  // On any thread.

  /// Nothing more is wanted, but for what is there.
  void close();

  // On the thread that writes.

  /// What waits; waits for it until `deadline`, the first match, or `close`.
  [[nodiscard]] Batch take(Clock::time_point deadline);
  [[nodiscard]] std::uint64_t received() const;
  [[nodiscard]] bool is_matched() const;
  /// All messages wanted have been taken.
  [[nodiscard]] bool is_complete() const;
  /// When the first message came.
  [[nodiscard]] std::optional<Clock::time_point> first_at() const;

 private:
  [[nodiscard]] bool is_full() const { return count_max_ && received_ >= *count_max_; }

  const Format format_;
  const std::optional<std::uint64_t> count_max_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Batch batch_;
  std::uint64_t received_ = 0;
  std::optional<Clock::time_point> first_at_;
  bool news_ = false;
  bool matched_ = false;
  bool closed_ = false;
};

}  // namespace kith::apps
