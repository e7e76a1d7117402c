#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/secret.hpp"
#include "overlay/asio/clock.hpp"
#include "overlay/asio/driver.hpp"
#include "overlay/asio/outcome.hpp"

namespace kith::overlay {

/// How much later than asked for a wait ends if the node itself is held up.
inline constexpr Duration kWaitGrace = std::chrono::seconds(1);
inline constexpr Duration kWaitingMost = std::chrono::hours(24 * 365);

/// When a wait ends that begins now.
[[nodiscard]] inline TimePoint deadline_after(Duration timeout) {
  return read_clocks().time + std::clamp(timeout, Duration(0), kWaitingMost);
}

/// Waits for what `begin(done)` begins, unless the node would have to wait for itself.
template <class Begin>
Result<void> wait(const std::shared_ptr<Driver>& driver, Duration timeout, Begin begin) {
  if (!driver) return std::unexpected(Errc::shutting_down);
  if (driver->is_in_turn()) return std::unexpected(Errc::would_block);
  const auto outcome = std::make_shared<Outcome>();
  begin([outcome](Result<void> result) { outcome->set(result); });
  return outcome->wait_for(std::clamp(timeout, Duration(0), kWaitingMost) + kWaitGrace);
}

/// Where the answer to a command comes to stand; who waits for it may have gone.
template <class T>
using Slot = std::shared_ptr<std::optional<Result<T>>>;

/// What becomes of an answer that nobody has fetched: text may be a ticket, and is wiped.
struct UnfetchedAnswer {
  template <class T>
  void operator()(std::optional<Result<T>>* answer) const {
    const std::unique_ptr<std::optional<Result<T>>> unfetched(answer);
    if constexpr (std::is_same_v<T, std::string>) {
      if (*answer && **answer) const crypto::WipeAtEnd wipe(***answer);
    }
  }
};

/// Runs `command(slot, engine, now)` on the node, and waits until it, or what comes of it, has
/// filled the slot.
template <class T, class Command>
Result<T> ask(const std::shared_ptr<Driver>& driver, Duration timeout, Command command) {
  const Slot<T> slot(new std::optional<Result<T>>(), UnfetchedAnswer());
  const auto waited = wait(driver, timeout, [&](Done<> done) {
    driver->submit([slot, command = std::move(command)](Engine& engine, Instant now) mutable {
      command(slot, engine, now);
    });
    driver->wait_for(
        [slot]() -> std::optional<Result<void>> {
          return *slot ? std::optional<Result<void>>(Result<void>{}) : std::nullopt;
        },
        timeout, std::move(done));
  });
  if (!waited) return std::unexpected(waited.error());
  return std::move(**slot);
}

}  // namespace kith::overlay
