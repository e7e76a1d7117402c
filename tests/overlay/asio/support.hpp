#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <kith/node.hpp>

namespace kith::test {

/// How long a test waits for what must come; long, because machines are slow.
inline constexpr Duration kPatience = std::chrono::seconds(60);

inline const std::string kAnyPortV4 = "tcp://127.0.0.1:0";
inline const std::string kAnyPortV6 = "tcp://[::1]:0";

/// A node on loopback that enters through `join`.
[[nodiscard]] inline NodeConfig on_loopback(std::vector<std::string> join = {},
                                            std::string listen = kAnyPortV4) {
  NodeConfig config;
  config.join = std::move(join);
  config.listen = {std::move(listen)};
  return config;
}

/// What callbacks on one thread tell a test on another.
class Heard {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
    changed_.notify_all();
  }

  /// Whether so many came in time.
  [[nodiscard]] bool wait_for(std::size_t count, Duration timeout = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return all_.size() >= count; });
  }

  /// Whether one that holds `part` came in time.
  [[nodiscard]] bool wait_for(std::string_view part, Duration timeout = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] {
      for (const std::string& what : all_)
        if (what.contains(part)) return true;
      return false;
    });
  }

  [[nodiscard]] std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

/// A callback that hears every message's text.
[[nodiscard]] inline auto into(Heard& heard) {
  return [&heard](const Message& message) { heard.add(std::string(message.text())); };
}

/// A flag that one thread raises and another waits for.
class Flag {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  [[nodiscard]] bool wait(Duration timeout = kPatience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [&] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

}  // namespace kith::test
