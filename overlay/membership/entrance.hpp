#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/backoff.hpp"
#include "overlay/engine_config.hpp"

namespace kith::overlay {

/// The endpoints that lead into the overlay, each with its own back-off: 1 s doubling to 5 min
/// with a quarter of jitter, from 60 s after a refusal, from 5 s after a deferral
/// (docs/protocol.md §6).
class Entrance {
 public:
  explicit Entrance(Random& random) : random_(&random) {}

  void add(const JoinTarget& target, TimePoint now);
  /// Takes back one `add`; the target goes with the last.
  void remove(const JoinTarget& target);
  /// Whether one of them is needed; otherwise the node founds an overlay.
  [[nodiscard]] bool is_needed() const;

  /// A target that is due and not being dialed; it counts as being dialed from now on.  A node that
  /// is not alone tries only those that are needed and never led in: behind them there may be
  /// another overlay.
  [[nodiscard]] std::optional<JoinTarget> next(bool is_alone, TimePoint now);
  /// When the next one is due.
  [[nodiscard]] std::optional<TimePoint> next_deadline(bool is_alone) const;

  /// The pause until the next attempt; nothing if the target was taken back while it was dialed.
  std::optional<Duration> on_failed(const JoinTarget& target, Errc why, TimePoint now);
  void on_entered(const JoinTarget& target);
  /// The last peer is gone: all are due.
  void on_alone(TimePoint now);

 private:
  struct Door {
    JoinTarget target;
    TimePoint due;
    Backoff backoff;
    bool dialing = false;
    bool led_in = false;
    std::size_t added = 1;

    [[nodiscard]] bool is_tried(bool is_alone) const {
      return !dialing && (is_alone || (target.is_needed && !led_in));
    }
  };

  [[nodiscard]] Door* find(const JoinTarget& target);

  Random* random_;
  std::vector<Door> doors_;
};

}  // namespace kith::overlay
