#include "overlay/exchange/receiving_side.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/take_front.hpp"
#include "overlay/exchange/limits.hpp"

namespace kith::overlay {
namespace {

// A channel has one question open at a time.  Its number is never given again, so that an answer
// which comes too late finds nobody.

constexpr ExchangeQuestion question_of(ChannelNumber channel) {
  return ExchangeQuestion{2 * std::to_underlying(channel) + 1};
}

constexpr ChannelNumber asker_of(ExchangeQuestion question) {
  return ChannelNumber{std::to_underlying(question) / 2};
}

}  // namespace

void ReceivingSide::add(SubscriptionId id, const IntentToken& intent,
                        const SubscribeOptions& options) {
  KITH_ASSERT(!subscriptions_.contains(id) && intent.node == config_.node);
  const std::uint64_t epoch = std::max<std::uint64_t>(random_.next_u64(), 1);
  subscriptions_.emplace(
      id, Subscription{.id = id, .intent = intent, .epoch = epoch, .options = options});
  by_subject_.emplace(intent.subject(), id);
}

void ReceivingSide::remove(SubscriptionId id) {
  const auto it = subscriptions_.find(id);
  if (it == subscriptions_.end()) return;
  while (!it->second.channels.empty()) {
    ReceivingChannel& channel = channels_.at(it->second.channels.begin()->second);
    if (channel.state == ReceivingChannel::State::open) take_leave(channel);
    end(channel);
  }
  by_subject_.erase({it->second.intent.subject(), id});
  subscriptions_.erase(it);
  // Nobody is there any more to be told of it.
  std::erase_if(outputs_, [&](const ExchangeOutput& output) {
    return std::visit(
        [&](const auto& what) {
          if constexpr (requires { what.subscription; }) return what.subscription == id;
          return false;
        },
        output);
  });
}

void ReceivingSide::set_intent(SubscriptionId id, const IntentToken& intent) {
  const auto it = subscriptions_.find(id);
  if (it == subscriptions_.end()) return;
  KITH_ASSERT(key_of(intent) == key_of(it->second.intent));
  it->second.intent = intent;
}

void ReceivingSide::on_matched(SubscriptionId id, const PeerIntent& peer, Instant now) {
  const auto it = subscriptions_.find(id);
  if (it == subscriptions_.end() || peer.intent.node == config_.node) return;
  Subscription& subscription = it->second;
  if (peer.intent.subject() != subscription.intent.subject() ||
      peer.intent.role == IntentRole::receive)
    return;
  const auto known = subscription.channels.find(key_of(peer.intent));
  if (known == subscription.channels.end()) {
    if (ReceivingChannel* channel = create(subscription, peer, now)) ask(*channel);
    return;
  }

  ReceivingChannel& channel = channels_.at(known->second);
  channel.matched = true;
  if (channel.intent.token.issued_at() < peer.intent.token.issued_at()) {
    channel.intent = peer.intent;
    const Timer again{Task::again, channel.number};
    if (const auto due = timers_.deadline_of(again))
      timers_.set(again, std::min(*due, now.time + kRefusedPauseMin));
  }
  if (channel.node.token.issued_at() < peer.node.token.issued_at()) channel.node = peer.node;
  if (channel.waits_to_be_dialed() && channel.node.reachability == Reachability::direct) {
    // Now that it can be reached it waits for us.
    channel.dialed = true;
    needs_.need(channel.node.fingerprint(), &channel.node);
    needs_.release(channel.node.fingerprint(), false);
  }
  needs_.renew(channel.node);
}

void ReceivingSide::on_unmatched(SubscriptionId id, const IntentKey& peer) {
  const auto it = subscriptions_.find(id);
  if (it == subscriptions_.end()) return;
  const auto known = it->second.channels.find(peer);
  if (known == it->second.channels.end()) return;
  ReceivingChannel& channel = channels_.at(known->second);
  channel.matched = false;
  // One that is not open yet has nothing to lose; one that was may still be opened again.
  const bool is_refused = channel.state == ReceivingChannel::State::refused;
  if (is_refused || (!channel.was_open() && !channel.link)) end(channel);
}

void ReceivingSide::on_verdict(ExchangeQuestion question, bool yes, Instant now) {
  if (!waits_for(question)) return;
  ReceivingChannel* channel = channels_.find(asker_of(question));
  if (!yes) return pause(*channel, kRefusedPauseFirst, now);
  channel->state = ReceivingChannel::State::waiting;
  // Where the sender cannot be dialed it dials us.
  channel->dialed = channel->node.reachability == Reachability::direct;
  const Fingerprint& node = channel->node.fingerprint();
  needs_.need(node, channel->dialed ? &channel->node : nullptr);
  if (Link* link = links_.find(node)) open(*channel, *link);
}

void ReceivingSide::on_session_open(Link& link) {
  const auto at_node = by_node_.find(link.node);
  if (at_node == by_node_.end()) return;
  for (ChannelNumber number : at_node->second) {
    ReceivingChannel& channel = channels_.at(number);
    if (channel.state == ReceivingChannel::State::waiting) open(channel, link);
  }
}

void ReceivingSide::on_session_lost(const Link& link, Instant now) {
  const auto at_node = by_node_.find(link.node);
  if (at_node == by_node_.end()) return;
  for (ChannelNumber number : at_node->second) {
    ReceivingChannel& channel = channels_.at(number);
    if (channel.link) suspend(channel, now);
  }
}

void ReceivingSide::on_deadline(Instant now) {
  while (const auto timer = timers_.pop_due(now.time)) {
    switch (timer->task) {
      case Task::patience:
        end_if_hopeless(channels_.at(timer->channel), now);
        break;
      case Task::again: {
        ReceivingChannel& channel = channels_.at(timer->channel);
        channel.state = ReceivingChannel::State::asking;
        timers_.set({Task::patience, channel.number}, now.time + kResumeTime);
        ask(channel);
        break;
      }
      case Task::account:
        channels_.for_each([&](ReceivingChannel& channel) { tell_account(channel); });
        break;
    }
  }
}

std::optional<ExchangeOutput> ReceivingSide::poll_output() { return take_front(outputs_); }

Result<std::size_t> ReceivingSide::send_next(Link& link, MessageSink sink) {
  std::vector<ChannelNumber>& waiting = link.opens.empty() ? link.credits : link.opens;
  const bool is_open = &waiting == &link.opens;
  ReceivingChannel* channel = channels_.find(waiting.back());
  waiting.pop_back();
  if (channel == nullptr || channel->link != link.index) return 0;
  if (is_open) {
    buffer_ = open_message(*channel, channel->window.ask());
  } else {
    channel->credit_due = false;
    encode(channel->window.grant(channel->sender_channel), buffer_);
  }
  if (auto sent = sink.send({buffer_}); !sent) return std::unexpected(sent.error());
  return buffer_.size();
}

const Subscription* ReceivingSide::find(SubscriptionId id) const {
  const auto it = subscriptions_.find(id);
  return it == subscriptions_.end() ? nullptr : &it->second;
}

std::vector<SubscriptionId> ReceivingSide::subscriptions_to(const Fingerprint& subject) const {
  std::vector<SubscriptionId> found;
  for (auto it = by_subject_.lower_bound({subject, SubscriptionId{}});
       it != by_subject_.end() && it->first == subject; ++it)
    found.push_back(it->second);
  return found;
}

std::size_t ReceivingSide::senders(SubscriptionId id) const {
  const Subscription* subscription = find(id);
  if (subscription == nullptr) return 0;
  std::size_t count = 0;
  for (const auto& [key, number] : subscription->channels)
    if (channels_.at(number).told) ++count;
  return count;
}

bool ReceivingSide::waits_for(ExchangeQuestion question) const {
  const ReceivingChannel* channel = channels_.find(asker_of(question));
  return channel != nullptr && channel->state == ReceivingChannel::State::asking;
}

void ReceivingSide::sanity_check() const {
  const auto is_over = [&](ChannelNumber number) { return channels_.find(number) == nullptr; };
  for (const auto& [node, channels] : by_node_) {
    const Link* link = links_.find(node);
    if (link == nullptr) continue;
    KITH_ASSERT(link->credits.size() <= 3 * channels.size());
    // Of those that are not over, one that the peer refuses unasked may be there more than once.
    const auto over = std::ranges::count_if(link->opens, is_over);
    KITH_ASSERT(static_cast<std::size_t>(over) <= 2 * channels.size());
  }
}

ReceivingChannel* ReceivingSide::create(Subscription& subscription, const PeerIntent& peer,
                                        Instant now) {
  if (subscription.channels.size() >= kChannelsPerSubscriptionMax) return nullptr;
  const auto at_node = by_node_.find(peer.node.fingerprint());
  if (at_node != by_node_.end() && at_node->second.size() >= kChannelsPerPeerMax) return nullptr;
  auto owned = std::make_unique<ReceivingChannel>(ReceivingChannel{
      .subscription = subscription.id,
      .intent = peer.intent,
      .node = peer.node,
      .window = ReceivingWindow(subscription.options.credit),
      .account = {.peer = peer.intent.identity(), .subject = peer.intent.subject()},
  });
  ReceivingChannel& channel = *owned;
  channel.number = channels_.add(std::move(owned));
  subscription.channels.emplace(key_of(peer.intent), channel.number);
  by_node_[peer.node.fingerprint()].insert(channel.number);
  timers_.set({Task::patience, channel.number}, now.time + kResumeTime);
  return &channel;
}

void ReceivingSide::ask(ReceivingChannel& channel) {
  outputs_.emplace_back(
      Ask{question_of(channel.number),
          AuthorizeQuestion{channel.intent.token,
                            IntentRequest{channel.intent.role, channel.intent.subject()}}});
}

void ReceivingSide::end(ReceivingChannel& channel) {
  tell_account(channel);
  tell_unmatched(channel);
  if (channel.state == ReceivingChannel::State::asking)
    outputs_.emplace_back(AskNoMore{question_of(channel.number)});
  const Fingerprint node = channel.node.fingerprint();
  const auto at_node = by_node_.find(node);
  at_node->second.erase(channel.number);
  const std::size_t left = at_node->second.size();
  if (left == 0) by_node_.erase(at_node);
  if (channel.needs_session()) needs_.release(node, channel.dialed);
  timers_.cancel({Task::patience, channel.number});
  timers_.cancel({Task::again, channel.number});
  subscriptions_.at(channel.subscription).channels.erase(key_of(channel.intent));
  channels_.remove(channel.number);
  if (Link* link = links_.find(node)) {
    channels_.forget_ended(link->opens, left);
    channels_.forget_ended(link->credits, left);
  }
}

/// Without a session for so long: the sender counts as gone.  Ends the channel unless coordinators
/// name the sender.  Those who tell us of that follow the dates of its tokens; the one shown on
/// acceptance is of no matter.
void ReceivingSide::end_if_hopeless(ReceivingChannel& channel, Instant now) {
  if (!channel.matched) return end(channel);
  // What is known of the channel is kept: it goes on where it was once the sender is back.
  tell_unmatched(channel);
  timers_.set({Task::patience, channel.number}, now.time + kResumeTime);
}

void ReceivingSide::tell_unmatched(ReceivingChannel& channel) {
  if (!std::exchange(channel.told, false)) return;
  outputs_.emplace_back(SubscriptionUnmatched{channel.subscription, channel.intent.identity(),
                                              channel.node.fingerprint()});
}

void ReceivingSide::tell_account(ReceivingChannel& channel) {
  if (channel.account.messages == 0) return;
  outputs_.emplace_back(Account{channel.account});
  channel.account.messages = 0;
  channel.account.bytes = 0;
}

}  // namespace kith::overlay
