#include "overlay/exchange/sending_side.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/take_front.hpp"
#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/receiving_side.hpp"

namespace kith::overlay {
namespace {

Duration resume_time(const PublishOptions& options, Duration life) {
  if (options.resume_time) return std::clamp(*options.resume_time, kTimeToLiveMin, kTimeToLiveMax);
  return std::max(kResumeTime, life + kExpiryGrain);
}

}  // namespace

Result<void> SendingSide::add(PublisherId id, const IntentToken& intent,
                              const PublishOptions& options) {
  KITH_ASSERT(!publishers_.contains(id) && intent.node == config_.node);
  const Duration life = std::clamp(options.time_to_live, kTimeToLiveMin, kTimeToLiveMax);
  const auto [slot, is_new] = by_key_.try_emplace(key_of(intent), nullptr);
  if (!is_new) return std::unexpected(Errc::limit_reached);

  auto publisher = std::make_unique<Publisher>(Publisher{
      .id = id,
      .intent = intent,
      .epoch = std::max<std::uint64_t>(random_.next_u64(), 1),
      .resume_time = resume_time(options, life),
      .patience = std::clamp(options.patience, Duration{}, kTimeToLiveMax),
      .log = PublisherLog({options.queue_messages, options.queue_bytes, life}),
  });
  slot->second = publisher.get();
  publishers_.emplace(id, std::move(publisher));
  return {};
}

void SendingSide::remove(PublisherId id) {
  Publisher* publisher = find(id);
  if (publisher == nullptr) return;
  while (!publisher->channels.empty()) {
    SendingChannel& channel = channels_.at(publisher->channels.begin()->second);
    if (channel.link)
      links_.tell(links_.at(*channel.link), encode(CloseMessage{false, channel.receiver_channel}));
    end(channel, Fate::refused);
  }
  for (const IntentKey& receiver : publisher->dialed) needs_.release(receiver.node, true);
  timers_.cancel({Task::expiry, std::to_underlying(id)});
  timers_.cancel({Task::hold_up, std::to_underlying(id)});
  by_key_.erase(key_of(publisher->intent));
  publishers_.erase(id);
  // Nobody is there any more to be told of it.
  std::erase_if(outputs_, [&](const ExchangeOutput& output) {
    return std::visit(
        [&](const auto& what) {
          if constexpr (requires { what.publisher; }) return what.publisher == id;
          return false;
        },
        output);
  });
}

void SendingSide::set_intent(PublisherId id, const IntentToken& intent) {
  Publisher* publisher = find(id);
  if (publisher == nullptr) return;
  KITH_ASSERT(key_of(intent) == key_of(publisher->intent));
  publisher->intent = intent;
}

Result<void> SendingSide::publish(PublisherId id, ByteView payload, Instant now) {
  Publisher* publisher = find(id);
  if (publisher == nullptr) return std::unexpected(Errc::not_found);
  if (publisher->channels.empty()) {
    if (!publisher->log.can_hold(payload.size())) return std::unexpected(Errc::too_long);
    publisher->log.skip_one();
    ++publisher->ledger.published;
    ++publisher->ledger.unheard;
    return {};
  }

  if (auto appended = append(*publisher, payload, now); !appended) return appended;
  ++publisher->ledger.published;
  publisher->ledger.owed += publisher->channels.size();
  publisher->drained = false;
  if (!publisher->expiry_armed) arm_expiry(*publisher);
  for (ChannelNumber number : publisher->idle) {
    SendingChannel* channel = channels_.find(number);
    if (channel == nullptr) continue;
    channel->is_idle = false;
    schedule(*channel);
  }
  publisher->idle.clear();
  return {};
}

void SendingSide::on_matched(PublisherId id, const PeerIntent& peer) {
  Publisher* publisher = find(id);
  if (publisher == nullptr || peer.intent.node == config_.node ||
      peer.intent.role == IntentRole::send)
    return;
  // The receiver dials, unless it cannot reach us.
  if (config_.reachability == Reachability::direct ||
      peer.node.reachability != Reachability::direct)
    return;
  if (publisher->dialed.size() >= kChannelsPerPublisherMax) return;
  if (publisher->dialed.insert(key_of(peer.intent)).second)
    needs_.need(peer.intent.node, &peer.node);
  else
    needs_.renew(peer.node);
}

void SendingSide::on_unmatched(PublisherId id, const IntentKey& peer) {
  Publisher* publisher = find(id);
  if (publisher == nullptr || publisher->dialed.erase(peer) == 0) return;
  needs_.release(peer.node, true);
}

std::optional<ExchangeOutput> SendingSide::poll_output() { return take_front(outputs_); }

std::vector<PublisherId> SendingSide::publishers_for(const IntentToken& intent) const {
  std::vector<PublisherId> found;
  const Fingerprint subject = intent.subject();
  for (auto it = by_key_.lower_bound({subject, {}, {}, IntentRole{}});
       it != by_key_.end() && it->first.subject == subject; ++it) {
    const IntentToken& ours = it->second->intent;
    if (in_audience(ours.token, intent.identity(), intent.token.realm()) &&
        in_audience(intent.token, ours.identity(), ours.token.realm()))
      found.push_back(it->second->id);
  }
  return found;
}

void SendingSide::open_local(PublisherId id, const Subscription& subscription) {
  Publisher& publisher = *publishers_.at(id);
  const ReceiverKey receiver{config_.node, subscription.epoch};
  if (publisher.channels.contains(receiver)) return;
  SendingChannel& channel = create(publisher, receiver, subscription.intent.identity());
  channel.local = subscription.id;
  channel.acknowledgement = subscription.options.acknowledgement;
  channel.window.open(kSequenceMax, kSequenceMax);
  outputs_.emplace_back(
      SubscriptionMatched{subscription.id, publisher.intent.identity(), config_.node});
  schedule(channel);
}

void SendingSide::close_local(SubscriptionId subscription, std::uint64_t epoch,
                              const Fingerprint& subject) {
  for (auto it = by_key_.lower_bound({subject, {}, {}, IntentRole{}});
       it != by_key_.end() && it->first.subject == subject; ++it) {
    const auto channel = it->second->channels.find({config_.node, epoch});
    if (channel == it->second->channels.end()) continue;
    end(channels_.at(channel->second), Fate::refused);
  }
  std::erase_if(outputs_, [&](const ExchangeOutput& output) {
    const auto* matched = std::get_if<SubscriptionMatched>(&output);
    const auto* unmatched = std::get_if<SubscriptionUnmatched>(&output);
    return (matched != nullptr && matched->subscription == subscription) ||
           (unmatched != nullptr && unmatched->subscription == subscription);
  });
}

std::optional<SendingSide::LocalBatch> SendingSide::next_local(Instant now) {
  while (!local_ready_.empty()) {
    SendingChannel* channel = channels_.find(local_ready_.front());
    local_ready_.pop_front();
    if (channel == nullptr) continue;
    channel->is_ready = false;
    channel->window.on_gap_told();
    if (!channel->window.may_send(channel->publisher->log)) {
      if (!channel->window.has_unsettled())
        acknowledge_local(channel->number, channel->window.position());
      continue;
    }
    const PublisherLog::Batch batch = channel->window.read(channel->publisher->log);
    count_sent(*channel, batch, now);
    return LocalBatch{channel->number, *channel->local, channel->publisher->intent.identity(),
                      batch.first, batch.payloads};
  }
  return std::nullopt;
}

void SendingSide::finish_local(ChannelNumber number, std::uint64_t next) {
  SendingChannel* channel = channels_.find(number);
  if (channel == nullptr) return;
  if (channel->window.position() != next) channel->window.go_back(channel->publisher->log, next);
  schedule(*channel);
  if (channel->acknowledgement == Acknowledgement::node) acknowledge_local(number, next);
}

void SendingSide::acknowledge_local(ChannelNumber number, std::uint64_t end) {
  SendingChannel* channel = channels_.find(number);
  if (channel == nullptr) return;
  const std::uint64_t before = channel->window.acknowledged();
  if (end <= before) return;
  const std::uint64_t delivered = channel->window.acknowledge(channel->publisher->log, end);
  settle(*channel, {.delivered = delivered}, before);
  schedule(*channel);
}

std::size_t SendingSide::local_senders(SubscriptionId subscription) const {
  std::size_t count = 0;
  channels_.for_each([&](const SendingChannel& channel) {
    if (channel.local == subscription) ++count;
  });
  return count;
}

const Publisher& SendingSide::publisher(PublisherId id) const {
  const auto it = publishers_.find(id);
  KITH_ASSERT(it != publishers_.end());
  return *it->second;
}

Publisher* SendingSide::find(PublisherId id) const {
  const auto it = publishers_.find(id);
  return it == publishers_.end() ? nullptr : it->second.get();
}

Publisher* SendingSide::find(const IntentKey& key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second;
}

}  // namespace kith::overlay
