#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <utility>
#include <vector>

#include <kith/address.hpp>
#include <kith/endpoint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "overlay/asio/addresses.hpp"

namespace kith::overlay {

/// An answer to come.  The thread that brings it may outlive who asked, and so cannot call: who
/// must not stand still looks again and again.
class PendingAnswer {
 public:
  explicit PendingAnswer(std::future<LookedUp> answer) : answer_(std::move(answer)) {}

  [[nodiscard]] bool is_there() const {
    return answer_.wait_for(Duration(0)) == std::future_status::ready;
  }
  /// How long not to look again: in time for a quick answer, and rarely if it takes long.
  [[nodiscard]] Duration next_pause() {
    return std::exchange(pause_, std::min(2 * pause_, kPauseLast));
  }
  /// Once, and waits for it.
  [[nodiscard]] LookedUp get() { return answer_.get(); }

 private:
  static constexpr Duration kPauseFirst = std::chrono::milliseconds(1);
  static constexpr Duration kPauseLast = std::chrono::milliseconds(64);

  std::future<LookedUp> answer_;
  Duration pause_ = kPauseFirst;
};

/// Asks the system's resolver, which takes as long as it likes and cannot be interrupted: each
/// question has a thread of its own, for which nobody has to wait.  From any thread.
class Resolver {
 public:
  /// Must not throw.
  using LookUp = std::function<LookedUp(const Address&)>;

  /// As many questions are under way at once; others are refused.
  static constexpr std::size_t kUnderWayMax = 16;
  /// The same for what can be done without: the rest is for the names to enter through.
  static constexpr std::size_t kMinorUnderWayMax = 12;

  explicit Resolver(LookUp look_up = &overlay::look_up);

  /// The answer may come late; who does not want it any more drops it.
  [[nodiscard]] std::future<LookedUp> ask(const Address& address) const {
    return ask(address, kUnderWayMax);
  }
  [[nodiscard]] std::future<LookedUp> ask_minor(const Address& address) const {
    return ask(address, kMinorUnderWayMax);
  }

 private:
  /// Outlives whoever asks.
  struct State {
    explicit State(LookUp how) : look_up(std::move(how)) {}

    const LookUp look_up;
    std::atomic<std::size_t> under_way = 0;
  };

  [[nodiscard]] std::future<LookedUp> ask(const Address& address, std::size_t under_way_max) const;

  std::shared_ptr<State> state_;
};

/// What an answer comes to: endpoints in the order of their numbers, `Errc::unreachable` if there
/// is no such host, `limit_reached` if there were too many questions.
[[nodiscard]] Result<std::vector<Endpoint>> endpoints_of(LookedUp answer);

}  // namespace kith::overlay
