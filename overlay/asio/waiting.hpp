#pragma once

#include <algorithm>
#include <chrono>
#include <memory>

#include <kith/result.hpp>
#include <kith/time.hpp>

#include "overlay/asio/driver.hpp"
#include "overlay/asio/outcome.hpp"

namespace kith::overlay {

/// How much later than asked for a wait ends if the node itself is held up.
inline constexpr Duration kWaitGrace = std::chrono::seconds(1);
inline constexpr Duration kWaitingMost = std::chrono::hours(24 * 365);

/// Waits for what `begin(done)` begins, unless the node would have to wait for itself.
template <class Begin>
Result<void> wait(const std::shared_ptr<Driver>& driver, Duration timeout, Begin begin) {
  if (!driver) return std::unexpected(Errc::shutting_down);
  if (driver->is_in_turn()) return std::unexpected(Errc::would_block);
  const auto outcome = std::make_shared<Outcome>();
  begin([outcome](Result<void> result) { outcome->set(result); });
  return outcome->wait_for(std::clamp(timeout, Duration(0), kWaitingMost) + kWaitGrace);
}

}  // namespace kith::overlay
