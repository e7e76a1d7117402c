#include <algorithm>
#include <utility>

#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/sending_side.hpp"

/// Who holds up the others, and what becomes of it (docs/decisions/0005-laggards.md).
namespace kith::overlay {

Result<void> SendingSide::append(Publisher& publisher, ByteView payload, Instant now) {
  auto appended = publisher.log.append(payload, now.time);
  if (appended || appended.error() != Errc::would_block || publisher.blocked) return appended;
  leave_behind(publisher, now);
  appended = publisher.log.append(payload, now.time);
  if (appended) return appended;
  publisher.blocked = true;
  timers_.set({Task::hold_up, std::to_underlying(publisher.id)}, now.time + kHoldUpInterval);
  return appended;
}

/// The publisher waited for so long: looks again, and later once more for as long as it does.
void SendingSide::on_hold_up(Publisher& publisher, Instant now) {
  if (!publisher.blocked) return;
  leave_behind(publisher, now);
  if (publisher.blocked)
    timers_.set({Task::hold_up, std::to_underlying(publisher.id)}, now.time + kHoldUpInterval);
}

/// Leaves behind the receivers that hold the older half of the queue and have waited too long, if
/// there is one that has not: where all are slow the publisher is too fast.  Our own node hands
/// over what it can at once, and may be doing so at this moment.
void SendingSide::leave_behind(Publisher& publisher, Instant now) {
  const PublisherLog& log = publisher.log;
  const auto channel_of = [&](const auto& entry) -> SendingChannel& {
    return channels_.at(entry.second);
  };
  const auto is_late = [&](const SendingChannel& channel) {
    const std::uint64_t waits_for = channel.window.acknowledged();
    return !channel.local && waits_for < log.end() &&
           log.accepted_at(waits_for) < now.time - publisher.patience;
  };
  if (std::ranges::all_of(publisher.channels, is_late, channel_of)) return;
  const std::uint64_t half = log.begin() + (log.messages() + 1) / 2;
  for (const auto& entry : publisher.channels) {
    SendingChannel& channel = channel_of(entry);
    if (is_late(channel) && channel.window.acknowledged() < half) channel.is_left_behind = true;
  }
  count_laggards(publisher);
  after_settling(publisher);
}

/// What was left behind has caught up: it is waited for again.
void SendingSide::welcome_back(SendingChannel& channel) {
  if (!channel.has_caught_up()) return;
  channel.is_left_behind = false;
  if (channel.holds_front()) ++channel.publisher->laggards;
}

/// Trims the log to what is not acknowledged by all who are waited for.  Called when its front may
/// have become free, which takes every receiver one acknowledgement at least: a constant cost for
/// each.
void SendingSide::count_laggards(Publisher& publisher) {
  std::uint64_t least = publisher.log.end();
  bool anyone = false;
  for (const auto& [receiver, number] : publisher.channels) {
    const SendingChannel& channel = channels_.at(number);
    if (channel.is_left_behind) continue;
    least = std::min(least, channel.window.acknowledged());
    anyone = true;
  }
  if (anyone || publisher.channels.empty()) publisher.log.trim(least);
  publisher.laggards = 0;
  for (const auto& [receiver, number] : publisher.channels) {
    SendingChannel& channel = channels_.at(number);
    skip_expired(channel);
    // With nobody ahead of them, those who were left behind are the only ones to wait for.
    if (!anyone || channel.has_caught_up()) channel.is_left_behind = false;
    if (channel.holds_front()) ++publisher.laggards;
  }
}

/// Goes on behind what the log has forgotten, if that was not sent.
void SendingSide::skip_expired(SendingChannel& channel) {
  const std::uint64_t count = channel.window.skip_expired(channel.publisher->log);
  if (count == 0) return;
  tell_expired(channel, count);
  schedule(channel);
}

}  // namespace kith::overlay
