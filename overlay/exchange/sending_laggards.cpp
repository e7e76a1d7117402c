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
    const std::uint64_t acknowledged = channel.window.acknowledged();
    if (channel.is_left_behind || !is_late(channel) || acknowledged >= half) continue;
    channel.is_left_behind = true;
    publisher.left_behind.insert(channel.number);
    publisher.acknowledged.erase(publisher.acknowledged.find(acknowledged));
  }
  trim_log(publisher);
  look_back(publisher);
  after_settling(publisher);
}

/// What was left behind is waited for again.
void SendingSide::welcome_back(SendingChannel& channel) {
  Publisher& publisher = *channel.publisher;
  channel.is_left_behind = false;
  publisher.left_behind.erase(channel.number);
  publisher.acknowledged.insert(channel.window.acknowledged());
}

/// Trims the log to what is not acknowledged by all who are waited for.  At each acknowledgement,
/// so it costs nothing to speak of however many receivers there are.
void SendingSide::trim_log(Publisher& publisher) {
  PublisherLog& log = publisher.log;
  if (publisher.channels.empty()) return log.trim(log.end());
  if (publisher.acknowledged.empty()) {
    // With nobody ahead of them, those who were left behind are the only ones to wait for.
    while (!publisher.left_behind.empty())
      welcome_back(channels_.at(*publisher.left_behind.begin()));
  }
  const std::uint64_t least = *publisher.acknowledged.begin();
  if (least <= log.begin()) return;
  log.trim(least);
  look_back(publisher);
}

/// Counts what those who were left behind will not get any more, and waits again for those who are
/// ahead of the slowest of the others after all.
void SendingSide::look_back(Publisher& publisher) {
  for (auto it = publisher.left_behind.begin(); it != publisher.left_behind.end();) {
    SendingChannel& channel = channels_.at(*it++);
    skip_expired(channel);
    if (channel.has_caught_up()) welcome_back(channel);
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
