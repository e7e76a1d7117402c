#include "overlay/needed_sessions.hpp"

#include "overlay/backoff.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace kith::overlay {
namespace {

constexpr Duration kBurst = std::chrono::seconds(1);
constexpr Duration kBetweenStarts = kBurst / kExchangeDialsPerSecond;
constexpr Duration kFirstRefusalPause = std::chrono::seconds(5);

}  // namespace

void NeededSessions::need(const Fingerprint& node, std::optional<ContactIndex> dial) {
  Need& need = needs_[node];
  if (dial) need.dial = dial;
}

void NeededSessions::release(const Fingerprint& node) {
  needs_.erase(node);
  waiting_.cancel(node);
}

void NeededSessions::clear() {
  needs_.clear();
  waiting_ = {};
}

void NeededSessions::on_connected(const Fingerprint& node) {
  under_way_.erase(node);
  waiting_.cancel(node);
  const auto it = needs_.find(node);
  if (it == needs_.end()) return;
  it->second.backoff.on_succeeded();
  it->second.was_refused = false;
}

void NeededSessions::on_missing(const Fingerprint& node, TimePoint now) {
  const auto it = needs_.find(node);
  // Without a token the other side is to dial, and nothing of ours is due.
  if (it == needs_.end() || !it->second.dial || under_way_.contains(node)) return;
  if (!waiting_.deadline_of(node)) waiting_.set(node, now);
}

void NeededSessions::on_failed(const Fingerprint& node, Errc why, TimePoint now) {
  under_way_.erase(node);
  const auto it = needs_.find(node);
  if (it == needs_.end() || !it->second.dial) return;
  Need& need = it->second;
  const bool is_first_refusal = why == Errc::refused && !std::exchange(need.was_refused, true);
  const Duration pause = is_first_refusal
                             ? random_->jittered(kFirstRefusalPause, kPauseJitterPerMille)
                             : need.backoff.on_failed(why, *random_);
  waiting_.set(node, now + pause);
}

std::optional<ContactIndex> NeededSessions::next_dial(TimePoint now) {
  if (under_way_.size() >= kExchangeDialsMax || next_start_ > now) return std::nullopt;
  const auto node = waiting_.pop_due(now);
  if (!node) return std::nullopt;
  under_way_.insert(*node);
  next_start_ = std::max(next_start_, now - kBurst) + kBetweenStarts;
  return needs_.at(*node).dial;
}

std::optional<TimePoint> NeededSessions::next_deadline() const {
  const auto due = waiting_.next();
  if (!due || under_way_.size() >= kExchangeDialsMax) return std::nullopt;
  return std::max(*due, next_start_);
}

void NeededSessions::append_contacts(std::vector<ContactIndex>& contacts) const {
  for (const auto& [node, need] : needs_)
    if (need.dial) contacts.push_back(*need.dial);
}

}  // namespace kith::overlay
