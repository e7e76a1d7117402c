#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "overlay/asio/outcome.hpp"

namespace kith::overlay {

/// Longer waits end here, so that no sum of times wraps.
inline constexpr Duration kWaitingMax = std::chrono::hours(24 * 365);

/// Who waits for something about the node to become so, each until a deadline.
class Waits {
 public:
  /// Nothing as long as it is open; an error if it will never become so.
  using Check = std::move_only_function<std::optional<Result<void>>()>;

  void add(TimePoint deadline, Check check, Done<> done);
  /// Answers whoever has waited long enough.  To be called when something may have changed.
  void settle(TimePoint now);
  /// Answers everybody with `why`, those to come too.
  void end(Errc why);

  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

 private:
  struct Wait {
    TimePoint deadline;
    Check check;
    Done<> done;
  };

  std::vector<Wait> waits_;
  std::optional<Errc> ended_;
};

}  // namespace kith::overlay
