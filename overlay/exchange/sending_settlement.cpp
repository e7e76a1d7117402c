#include <utility>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/sending_side.hpp"

/// What becomes of messages: sent, acknowledged, expired; and how channels end.
namespace kith::overlay {

Result<std::size_t> SendingSide::send_next(Link& link, MessageSink sink, Instant now) {
  KITH_ASSERT(!link.ready.empty());
  SendingChannel* channel = channels_.find(link.ready.front());
  link.ready.pop_front();
  if (channel == nullptr) return 0;
  channel->is_ready = false;
  Result<void> sent;
  std::size_t bytes = 0;
  if (channel->window.has_gap_to_tell()) {
    encode(ExpiredMessage{channel->receiver_channel, channel->window.position()}, header_);
    sent = sink.send({header_});
    bytes = header_.size();
    channel->window.on_gap_told();
  } else if (channel->window.may_send(channel->publisher->log)) {
    const PublisherLog::Batch batch = channel->window.read(channel->publisher->log);
    encode_header(DataMessage{channel->receiver_channel, batch.first, batch.payloads}, header_);
    sent = sink.send({header_, batch.payloads});
    bytes = header_.size() + batch.payloads.size();
    count_sent(*channel, batch, now);
  }
  if (!sent) return std::unexpected(sent.error());
  schedule(*channel);
  return bytes;
}

Result<void> SendingSide::on_credit(Link& link, const CreditMessage& credit) {
  const auto channel = channel_of(link, credit.sender_channel);
  if (!channel) return std::unexpected(channel.error());
  if (*channel == nullptr) return {};
  const std::uint64_t before = (*channel)->window.acknowledged();
  const auto delivered = (*channel)->window.on_credit((*channel)->publisher->log, credit);
  if (!delivered) return std::unexpected(delivered.error());
  settle(**channel, {.delivered = *delivered}, before);
  schedule(**channel);
  return {};
}

Result<void> SendingSide::on_close(Link& link, ChannelNumber number) {
  const auto channel = channel_of(link, number);
  if (!channel) return std::unexpected(channel.error());
  if (*channel != nullptr) end(**channel, Fate::refused);
  return {};
}

void SendingSide::on_session_lost(const Link& link, Instant now) {
  for (auto it = openings_.begin(); it != openings_.end();) {
    if (it->second.link == link.index) {
      outputs_.emplace_back(AskNoMore{it->first});
      it = openings_.erase(it);
    } else {
      ++it;
    }
  }
  const auto at_node = by_node_.find(link.node);
  if (at_node == by_node_.end()) return;
  for (ChannelNumber number : at_node->second) {
    SendingChannel& channel = channels_.at(number);
    if (!channel.link) continue;
    channel.link.reset();
    channel.is_ready = false;
    tell_account(channel);
    timers_.set({Task::resume, std::to_underlying(number)},
                now.time + channel.publisher->resume_time);
  }
}

void SendingSide::on_deadline(Instant now) {
  while (const auto timer = timers_.pop_due(now.time)) {
    switch (timer->task) {
      case Task::expiry:
        expire(*publishers_.at(PublisherId{static_cast<std::uint32_t>(timer->of)}), now);
        break;
      case Task::resume:
        end(channels_.at(ChannelNumber{timer->of}), Fate::expired);
        break;
      case Task::hold_up:
        on_hold_up(*publishers_.at(PublisherId{static_cast<std::uint32_t>(timer->of)}), now);
        break;
      case Task::account:
        channels_.for_each([&](SendingChannel& channel) { tell_account(channel); });
        break;
    }
  }
}

void SendingSide::end(SendingChannel& channel, Fate fate) {
  Publisher& publisher = *channel.publisher;
  const std::uint64_t left = channel.window.in_flight(publisher.log);
  switch (fate) {
    case Fate::expired:
      tell_expired(channel, left);
      break;
    case Fate::refused:
      publisher.ledger.refused += left;
      break;
  }
  tell_account(channel);
  outputs_.emplace_back(PublisherUnmatched{publisher.id, channel.identity, channel.receiver.node});
  const Fingerprint node = channel.receiver.node;
  std::size_t left_at_node = 0;
  if (channel.local) {
    outputs_.emplace_back(
        SubscriptionUnmatched{*channel.local, publisher.intent.identity(), config_.node});
  } else {
    const auto at_node = by_node_.find(node);
    at_node->second.erase(channel.number);
    left_at_node = at_node->second.size();
    if (left_at_node == 0) by_node_.erase(at_node);
    needs_.release(node, false);
  }
  timers_.cancel({Task::resume, std::to_underlying(channel.number)});

  if (channel.is_left_behind)
    publisher.left_behind.erase(channel.number);
  else
    publisher.acknowledged.erase(publisher.acknowledged.find(channel.window.acknowledged()));
  publisher.channels.erase(channel.receiver);
  channels_.remove(channel.number);
  // A publisher that seldom speaks seldom clears its list, like a session that takes little.
  channels_.forget_ended(publisher.idle, publisher.channels.size());
  if (Link* link = links_.find(node)) channels_.forget_ended(link->ready, left_at_node);
  trim_log(publisher);
  after_settling(publisher);
}

/// Books what `channel.window` says is settled; it stood at `before`.
void SendingSide::settle(SendingChannel& channel, const SendingWindow::Settled& settled,
                         std::uint64_t before) {
  Publisher& publisher = *channel.publisher;
  publisher.ledger.delivered += settled.delivered;
  tell_expired(channel, settled.expired);
  if (channel.is_left_behind) {
    if (channel.has_caught_up()) welcome_back(channel);
  } else {
    auto place = publisher.acknowledged.extract(publisher.acknowledged.find(before));
    place.value() = channel.window.acknowledged();
    publisher.acknowledged.insert(std::move(place));
    trim_log(publisher);
  }
  after_settling(publisher);
}

void SendingSide::tell_expired(const SendingChannel& channel, std::uint64_t count) {
  if (count == 0) return;
  channel.publisher->ledger.expired += count;
  outputs_.emplace_back(MessagesExpired{channel.publisher->id, channel.identity, count});
}

void SendingSide::after_settling(Publisher& publisher) {
  if (publisher.blocked && publisher.log.has_room()) {
    publisher.blocked = false;
    outputs_.emplace_back(PublisherWritable{publisher.id});
  }
  if (!publisher.drained && publisher.ledger.in_flight() == 0) {
    publisher.drained = true;
    outputs_.emplace_back(PublisherDrained{publisher.id});
  }
}

void SendingSide::expire(Publisher& publisher, Instant now) {
  publisher.expiry_armed = false;
  const std::uint64_t before = publisher.log.begin();
  publisher.log.expire(now.time);
  if (publisher.log.begin() != before) {
    for (const auto& [receiver, number] : publisher.channels) skip_expired(channels_.at(number));
    trim_log(publisher);
    after_settling(publisher);
  }
  arm_expiry(publisher);
}

void SendingSide::arm_expiry(Publisher& publisher) {
  const auto next = publisher.log.next_expiry();
  if (!next) return;
  publisher.expiry_armed = true;
  timers_.set({Task::expiry, std::to_underlying(publisher.id)}, *next);
}

/// Puts `channel` where it is found when there is something to do for it.
void SendingSide::schedule(SendingChannel& channel) {
  if (!channel.is_attached() || channel.is_ready) return;
  const PublisherLog& log = channel.publisher->log;
  if (channel.window.has_gap_to_tell() || channel.window.may_send(log)) {
    channel.is_ready = true;
    if (channel.local) return local_ready_.push_back(channel.number);
    Link& link = links_.at(*channel.link);
    link.ready.push_back(channel.number);
    links_.announce(link);
  } else if (!channel.is_idle && channel.window.position() == log.end()) {
    channel.is_idle = true;
    channel.publisher->idle.push_back(channel.number);
  }
}

void SendingSide::count_sent(SendingChannel& channel, const PublisherLog::Batch& batch,
                             Instant now) {
  channel.account.messages += batch.count;
  channel.account.bytes += batch.payloads.size();
  if (!timers_.deadline_of({Task::account, 0}))
    timers_.set({Task::account, 0}, now.time + kAccountInterval);
}

void SendingSide::tell_account(SendingChannel& channel) {
  if (channel.account.messages == 0) return;
  outputs_.emplace_back(Account{channel.account});
  channel.account.messages = 0;
  channel.account.bytes = 0;
}

/// Nothing if the channel is over and the peer could not know; a fault if it never had such a one.
Result<SendingChannel*> SendingSide::channel_of(const Link& link, ChannelNumber number) const {
  SendingChannel* channel = channels_.find(number);
  if (channel == nullptr && channels_.was_given(number)) return nullptr;
  if (channel == nullptr || channel->link != link.index)
    return std::unexpected(Errc::protocol_error);
  return channel;
}

void SendingSide::sanity_check() const {
  for (const auto& [id, publisher] : publishers_) {
    publisher->log.sanity_check();
    std::uint64_t in_flight = 0;
    std::multiset<std::uint64_t> acknowledged;
    for (const auto& [receiver, number] : publisher->channels) {
      const SendingChannel* channel = channels_.find(number);
      KITH_ASSERT(channel != nullptr && channel->publisher == publisher.get());
      KITH_ASSERT(channel->window.position() >= publisher->log.begin());
      KITH_ASSERT(channel->window.acknowledged() <= channel->window.position());
      in_flight += channel->window.in_flight(publisher->log);
      KITH_ASSERT(publisher->left_behind.contains(number) == channel->is_left_behind);
      KITH_ASSERT(!channel->is_left_behind || !channel->has_caught_up());
      if (!channel->is_left_behind) acknowledged.insert(channel->window.acknowledged());
    }
    KITH_ASSERT(acknowledged == publisher->acknowledged);
    KITH_ASSERT(acknowledged.size() + publisher->left_behind.size() == publisher->channels.size());
    // Somebody is waited for; without anybody nothing is kept.
    KITH_ASSERT(publisher->channels.empty() ? publisher->log.is_empty()
                                            : *acknowledged.begin() <= publisher->log.begin());
    KITH_ASSERT(publisher->idle.size() <= 3 * publisher->channels.size());
    KITH_ASSERT(in_flight == publisher->ledger.in_flight());
    KITH_ASSERT(publisher->drained == (in_flight == 0));
    KITH_ASSERT(publisher->log.is_empty() || publisher->expiry_armed);
  }
  for (const auto& [node, channels] : by_node_) {
    const Link* link = links_.find(node);
    KITH_ASSERT(link == nullptr || link->ready.size() <= 3 * channels.size());
  }
}

}  // namespace kith::overlay
