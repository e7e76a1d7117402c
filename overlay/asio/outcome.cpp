#include "overlay/asio/outcome.hpp"

#include <utility>

namespace kith::overlay {

void Outcome::set(Result<void> result) {
  std::vector<Done<>> told;
  {
    const std::lock_guard lock(mutex_);
    if (result_) return;
    result_ = result;
    told = std::exchange(told_, {});
    // Under the lock: whoever waits may be gone with this object as soon as it is free.
    changed_.notify_all();
  }
  for (Done<>& done : told) done(result);
}

Result<void> Outcome::wait_for(Duration timeout) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, timeout, [&] { return result_.has_value(); }))
    return std::unexpected(Errc::timed_out);
  return *result_;
}

void Outcome::when_set(Done<> done) {
  std::unique_lock lock(mutex_);
  if (!result_) {
    told_.push_back(std::move(done));
    return;
  }
  const Result<void> result = *result_;
  lock.unlock();
  done(result);
}

}  // namespace kith::overlay
