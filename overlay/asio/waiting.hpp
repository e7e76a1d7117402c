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
#include "overlay/asio/waits.hpp"

namespace kith::overlay {

/// How much later than asked for a wait ends if the node itself is held up.
inline constexpr Duration kWaitGrace = std::chrono::seconds(1);

/// When a wait ends that begins now.
[[nodiscard]] inline TimePoint deadline_after(Duration timeout) {
  return read_clocks().time + std::clamp(timeout, Duration(0), kWaitingMax);
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

template <class T>
[[nodiscard]] Slot<T> make_slot(std::optional<Result<T>> answer = std::nullopt) {
  return Slot<T>(new std::optional<Result<T>>(std::move(answer)), UnfetchedAnswer());
}

/// Waits for the answer to what `begin(done)` begins, unless the node would have to wait for
/// itself.
template <class T = void, class Begin>
Result<T> wait(const std::shared_ptr<Driver>& driver, Duration timeout, Begin begin) {
  if (!driver) return std::unexpected(Errc::shutting_down);
  if (driver->is_in_turn()) return std::unexpected(Errc::would_block);
  const auto slot = make_slot<T>();
  const auto outcome = std::make_shared<Outcome>();
  begin(Done<T>([slot, outcome](Result<T> answer) {
    *slot = std::move(answer);
    outcome->set({});
  }));
  const auto waited = outcome->wait_for(std::clamp(timeout, Duration(0), kWaitingMax) + kWaitGrace);
  if (!waited) return std::unexpected(waited.error());
  return std::move(**slot);
}

/// Runs `command(slot, engine, now)` on the node, and answers `done` there once it, or what comes
/// of it, has filled the slot; after `timeout`, or when the node leaves.  From any thread.  What
/// the node does not come to within `timeout` is not done at all, nor what cannot be waited for.
template <class T, class Command>
void ask(const std::shared_ptr<Driver>& driver, Duration timeout, Command command, Done<T> done) {
  if (!driver) return done(std::unexpected(Errc::shutting_down));
  const auto slot = make_slot<T>();
  const TimePoint deadline = deadline_after(timeout);
  const bool waits = driver->wait_for(
      [slot]() -> std::optional<Result<void>> {
        return *slot ? std::optional<Result<void>>(Result<void>{}) : std::nullopt;
      },
      timeout,
      [slot, done = std::move(done)](Result<void> waited) mutable {
        done(waited ? std::move(**slot) : std::unexpected(waited.error()));
      });
  if (!waits) return;
  // A node may look at it long after, if it has not entered yet or its executor was held up.
  driver->submit(
      [slot, deadline, command = std::move(command)](Engine& engine, Instant now) mutable {
        if (now.time < deadline) command(slot, engine, now);
      });
}

}  // namespace kith::overlay
