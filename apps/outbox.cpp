#include "apps/outbox.hpp"

#include <algorithm>
#include <future>

#include <boost/asio/use_future.hpp>
#include <kith/asio.hpp>

namespace kith::apps {
namespace {

/// How often somebody who waits for room looks whether it is still wanted.
constexpr std::chrono::milliseconds kStillWantedInterval{50};

}  // namespace

void Receivers::add(int change) {
  const std::lock_guard lock(mutex_);
  now_ = change < 0 ? now_ - std::min<std::size_t>(now_, 1) : now_ + 1;
  most_ = std::max(most_, now_);
  changed_.notify_all();
}

void Receivers::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

bool Receivers::wait_for(std::size_t count, Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return interrupted_ || now_ >= count; });
  return now_ >= count;
}

std::size_t Receivers::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

std::size_t Receivers::most() const {
  const std::lock_guard lock(mutex_);
  return most_;
}

Result<void> publish_unless(const std::function<bool()>& is_interrupted, Publisher& publisher,
                            std::string_view payload) {
  auto tried = publisher.try_publish(payload);
  if (tried || tried.error() != Errc::would_block) return tried;
  auto accepted = async_publish(publisher, as_bytes(payload), boost::asio::use_future);
  while (accepted.wait_for(kStillWantedInterval) != std::future_status::ready)
    if (is_interrupted()) return std::unexpected(Errc::shutting_down);
  return accepted.get();
}

}  // namespace kith::apps
