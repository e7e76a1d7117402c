#include "overlay/asio/waits.hpp"

#include <utility>

namespace kith::overlay {

void Waits::add(TimePoint deadline, Check check, Done<> done) {
  if (ended_) return done(std::unexpected(*ended_));
  waits_.push_back({deadline, std::move(check), std::move(done)});
}

void Waits::settle(TimePoint now) {
  for (std::size_t i = 0; i < waits_.size();) {
    auto result = waits_[i].check();
    if (!result && waits_[i].deadline <= now) result = std::unexpected(Errc::timed_out);
    if (!result) {
      ++i;
      continue;
    }
    Done<> done = std::move(waits_[i].done);
    waits_.erase(waits_.begin() + static_cast<std::ptrdiff_t>(i));
    done(*result);
  }
}

void Waits::end(Errc why) {
  ended_ = why;
  for (Wait& wait : std::exchange(waits_, {})) wait.done(std::unexpected(why));
}

std::optional<TimePoint> Waits::next_deadline() const {
  std::optional<TimePoint> next;
  for (const Wait& wait : waits_)
    if (!next || wait.deadline < *next) next = wait.deadline;
  return next;
}

}  // namespace kith::overlay
