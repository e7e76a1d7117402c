#include "apps/inbox.hpp"

#include <utility>

namespace kith::apps {

Inbox::Inbox(Format format, std::optional<std::uint64_t> count_max, std::size_t subscriptions)
    : format_(std::move(format)), count_max_(count_max) {
  batch_.messages.resize(subscriptions);
}

void Inbox::put(std::size_t subscription, const Message& message) {
  const std::lock_guard lock(mutex_);
  if (closed_ || is_full()) return;
  if (received_ == 0) first_at_ = Clock::now();
  format_(batch_.text, message, ++received_);
  ++batch_.messages[subscription];
  if (!std::exchange(news_, true)) changed_.notify_one();
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
}

Inbox::Batch Inbox::take(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return closed_ || news_; });
  news_ = false;
  Batch batch{{}, std::vector<std::uint64_t>(batch_.messages.size())};
  std::swap(batch, batch_);
  return batch;
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
  return is_full() && batch_.text.empty();
}

std::optional<Inbox::Clock::time_point> Inbox::first_at() const {
  const std::lock_guard lock(mutex_);
  return first_at_;
}

}  // namespace kith::apps
