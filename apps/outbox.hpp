#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>

#include <kith/node.hpp>

namespace kith::apps {

/// How many receivers `kith pub` has, as the node's thread tells it, for the thread that waits for
/// them.
class Receivers {
 public:
  using Clock = std::chrono::steady_clock;

  void add(int change);
  /// Nobody waits any more.
  void interrupt();

  /// Waits until there are `count`; whether there are.
  bool wait_for(std::size_t count, Clock::time_point deadline);
  [[nodiscard]] std::size_t now() const;
  /// The most there were at once.
  [[nodiscard]] std::size_t most() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t now_ = 0;
  std::size_t most_ = 0;
  bool interrupted_ = false;
};

/// `Publisher::publish`, but gives up when `is_interrupted`: then `Errc::shutting_down`.
[[nodiscard]] Result<void> publish_unless(const std::function<bool()>& is_interrupted,
                                          Publisher& publisher, std::string_view payload);

}  // namespace kith::apps
