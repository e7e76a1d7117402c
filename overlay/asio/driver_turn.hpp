#pragma once

#include "overlay/asio/clock.hpp"
#include "overlay/asio/driver.hpp"

namespace kith::overlay {

template <class Input>
void Driver::turn(Input&& input) {
  // If this is its last owner, its end comes after the turn.
  const auto application = application_.lock();
  const std::lock_guard lock(mutex_);
  turn_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  listener_ = application.get();
  now_ = read_clocks();
  input();
  drain();
  end_turn();
  listener_ = nullptr;
  turn_thread_.store({}, std::memory_order_relaxed);
}

}  // namespace kith::overlay
