#include "apps/inbox.hpp"

#include <utility>

namespace kith::apps {
namespace {

/// What may wait to be written: enough for one write to be worth it.
constexpr std::size_t kWaitingBytesMost = std::size_t{4} << 20;

}  // namespace

Inbox::Inbox(Format format, std::optional<std::uint64_t> count_most)
    : format_(std::move(format)), count_most_(count_most) {}

bool Inbox::put(const Message& message) {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return closed_ || text_.size() < kWaitingBytesMost; });
  if (is_full()) return false;
  if (received_ == 0) first_at_ = Clock::now();
  format_(text_, message, ++received_);
  if (!std::exchange(news_, true)) changed_.notify_one();
  return !closed_ && !is_full();
}

void Inbox::on_match() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(matched_, true)) return;
  news_ = true;
  changed_.notify_one();
}

void Inbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_one();
  room_.notify_all();
}

std::string Inbox::take(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return closed_ || news_; });
  news_ = false;
  room_.notify_all();
  return std::exchange(text_, {});
}

std::uint64_t Inbox::received() const {
  const std::lock_guard lock(mutex_);
  return received_;
}

bool Inbox::is_matched() const {
  const std::lock_guard lock(mutex_);
  return matched_;
}

bool Inbox::is_complete() const {
  const std::lock_guard lock(mutex_);
  return is_full() && text_.empty();
}

std::optional<Inbox::Clock::time_point> Inbox::first_at() const {
  const std::lock_guard lock(mutex_);
  return first_at_;
}

}  // namespace kith::apps
