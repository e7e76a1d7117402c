#pragma once

#include <algorithm>
#include <cstdint>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"

namespace kith::overlay {

/// A pause is drawn from a quarter less to a quarter more, so that nodes do not act at once.
inline constexpr std::uint32_t kPauseJitterPerMille = 250;

/// How long to wait before somebody is dialed again: 1 s, doubling up to 5 min, give or take a
/// quarter; from 60 s after a refusal, from 5 s after a deferral (docs/protocol.md §6, redial).
class Backoff {
 public:
  static constexpr Duration kFirst{1'000'000};
  static constexpr Duration kLast{300'000'000};
  static constexpr Duration kRefused{60'000'000};
  static constexpr Duration kDeferred{5'000'000};

  /// The pause after an attempt that failed because of `why`.
  [[nodiscard]] Duration on_failed(Errc why, Random& random) {
    if (why == Errc::refused) pause_ = std::max(pause_, kRefused);
    if (why == Errc::deferred) pause_ = std::max(pause_, kDeferred);
    const Duration pause = random.jittered(pause_, kPauseJitterPerMille);
    pause_ = std::min(2 * pause_, kLast);
    return pause;
  }

  void on_succeeded() { pause_ = kFirst; }

 private:
  Duration pause_ = kFirst;
};

}  // namespace kith::overlay
