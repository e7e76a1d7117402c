#include "overlay/session/connection_limiter.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace kith::overlay {

ConnectionLimiter::ConnectionLimiter(const ConnectionLimits& limits,
                                     std::vector<Endpoint> exempt_networks)
    : limits_(limits), exempt_networks_(std::move(exempt_networks)) {
  KITH_ASSERT(limits_.sources_max > limits_.half_open_max);
}

auto ConnectionLimiter::on_accepted(Number connection, const Endpoint& from, TimePoint now)
    -> Result<std::optional<Number>> {
  KITH_ASSERT(!half_open_.contains(connection));
  const SourceKey key = source_of(from);
  Source& source = source_at(key, from, now);
  if (!source.is_exempt && !may_start(source, now)) {
    if (source.half_open.empty()) schedule_forgetting(key, now);
    return std::unexpected(Errc::limit_reached);
  }
  forgetting_.cancel(key);
  half_open_.emplace(connection, HalfOpen{.source = key, .order = accepted_++});
  source.half_open.push_back(connection);
  return make_room(key, now);
}

void ConnectionLimiter::on_confirmed(Number connection, TimePoint now) {
  const auto key = take(connection);
  if (!key) return;
  Source& source = sources_.at(*key);
  source.failures.clear();
  source.shut_out_next = limits_.shut_out_first;
  if (source.half_open.empty()) schedule_forgetting(*key, now);
}

void ConnectionLimiter::on_failed(Number connection, TimePoint now) {
  const auto key = take(connection);
  if (!key) return;
  Source& source = sources_.at(*key);
  if (!source.is_exempt) note_failure(source, now);
  if (source.half_open.empty()) schedule_forgetting(*key, now);
}

void ConnectionLimiter::on_gone(Number connection, TimePoint now) {
  const auto key = take(connection);
  if (key && sources_.at(*key).half_open.empty()) schedule_forgetting(*key, now);
}

auto ConnectionLimiter::source_of(const Endpoint& from) -> SourceKey {
  SourceKey key = from.address();
  // One line of one customer holds at least a /64.
  if (!from.is_v4()) std::fill(key.begin() + 8, key.end(), Byte{0});
  return key;
}

bool ConnectionLimiter::is_exempt(const Endpoint& from) const {
  return from.is_loopback() ||
         std::ranges::any_of(exempt_networks_, [&from](const Endpoint& exempt) {
           return exempt.network() == from.network();
         });
}

/// Whether `source` is let in now; counts the start if it is.
bool ConnectionLimiter::may_start(Source& source, TimePoint now) const {
  if (now < source.shut_out_until) return false;
  const TimePoint meets = std::max(source.rate_meets, now);
  if (meets - now > limits_.start_interval * (limits_.start_burst - 1)) return false;
  source.rate_meets = meets + limits_.start_interval;
  return true;
}

auto ConnectionLimiter::source_at(const SourceKey& key, const Endpoint& from, TimePoint now)
    -> Source& {
  if (const auto known = sources_.find(key); known != sources_.end()) return known->second;
  while (const auto due = forgetting_.pop_due(now)) sources_.erase(*due);
  if (sources_.size() >= limits_.sources_max) {
    // Whoever has half-open connections is not in there, and they are fewer than the sources.
    const auto first = forgetting_.pop_due(TimePoint::max());
    sources_.erase(*first);
  }
  Source& source = sources_[key];
  source.shut_out_next = limits_.shut_out_first;
  source.is_exempt = is_exempt(from);
  return source;
}

/// Takes out the oldest of the source that has too many, if one has.
auto ConnectionLimiter::make_room(const SourceKey& key, TimePoint now) -> std::optional<Number> {
  const Source& source = sources_.at(key);
  const bool too_many_here =
      !source.is_exempt && source.half_open.size() > limits_.half_open_per_source_max;
  if (!too_many_here && half_open_.size() <= limits_.half_open_max) return std::nullopt;
  const SourceKey crowded = too_many_here ? key : busiest_source();
  const Number oldest = sources_.at(crowded).half_open.front();
  on_gone(oldest, now);
  return oldest;
}

/// Of several, the one that has waited longest.
auto ConnectionLimiter::busiest_source() const -> SourceKey {
  const auto rank = [this](const auto& entry) {
    const HalfOpen& waiting = entry.second;
    return std::pair(sources_.at(waiting.source).half_open.size(), ~waiting.order);
  };
  return std::ranges::max_element(half_open_, {}, rank)->second.source;
}

auto ConnectionLimiter::take(Number connection) -> std::optional<SourceKey> {
  const auto found = half_open_.find(connection);
  if (found == half_open_.end()) return std::nullopt;
  const SourceKey key = found->second.source;
  half_open_.erase(found);
  std::erase(sources_.at(key).half_open, connection);
  return key;
}

void ConnectionLimiter::note_failure(Source& source, TimePoint now) const {
  std::erase_if(source.failures,
                [&](TimePoint failure) { return failure + limits_.failure_window <= now; });
  source.failures.push_back(now);
  if (source.failures.size() < limits_.failures_max) return;
  source.failures.clear();
  source.shut_out_until = now + source.shut_out_next;
  source.shut_out_next = std::min(source.shut_out_next * 2, limits_.shut_out_max);
}

/// A source is remembered while it makes a difference: as long again as it would be shut out.
void ConnectionLimiter::schedule_forgetting(const SourceKey& key, TimePoint now) {
  const Source& source = sources_.at(key);
  TimePoint until = now + limits_.failure_window;
  if (source.shut_out_until != TimePoint::min()) {
    until = std::max(until, source.shut_out_until + source.shut_out_next);
  }
  forgetting_.set(key, until);
}

}  // namespace kith::overlay
