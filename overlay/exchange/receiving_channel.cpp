#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/payloads.hpp"
#include "overlay/exchange/receiving_side.hpp"
#include "tokens/verify.hpp"

/// What the receiver's end of a channel says and hears.
namespace kith::overlay {

void ReceivingSide::open(ReceivingChannel& channel, Link& link) {
  channel.state = ReceivingChannel::State::opening;
  channel.link = link.index;
  timers_.cancel({Task::patience, channel.number});
  link.opens.push_back(channel.number);
  links_.announce(link);
}

Bytes ReceivingSide::open_message(const ReceivingChannel& channel,
                                  const ReceivingWindow::Request& request) const {
  const Subscription& subscription = subscriptions_.at(channel.subscription);
  return encode(OpenMessage{
      .receiver_channel = channel.number,
      .subscription_epoch = subscription.epoch,
      .identity = channel.intent.identity(),
      .role = channel.intent.role,
      .publisher_epoch = channel.publisher_epoch,
      .next = request.next,
      .credit_messages = request.credit_messages,
      .credit_bytes = request.credit_bytes,
      .intent = subscription.intent.token.raw(),
  });
}

void ReceivingSide::suspend(ReceivingChannel& channel, Instant now) {
  channel.state = ReceivingChannel::State::waiting;
  channel.link.reset();
  channel.credit_due = false;
  tell_account(channel);
  timers_.set({Task::patience, channel.number}, now.time + kResumeTime);
}

Result<void> ReceivingSide::on_accept(Link& link, const AcceptMessage& accept, Instant now) {
  const auto found = channel_of(link, accept.receiver_channel, ReceivingChannel::State::opening);
  if (!found) return std::unexpected(found.error());
  // We ended it before the sender answered.
  if (*found == nullptr)
    return links_.answer(link, encode(CloseMessage{true, accept.sender_channel}));
  ReceivingChannel& channel = **found;
  if (auto checked = check_acceptance(channel, link, accept, now); !checked) {
    // Clocks may differ, and time goes by: no reason to think the worst of the peer.
    if (checked.error() == Errc::expired || checked.error() == Errc::not_yet_valid)
      return take_back(channel, link, accept, now);
    return checked;
  }

  channel.pause = {};
  channel.state = ReceivingChannel::State::open;
  channel.sender_channel = accept.sender_channel;
  if (std::exchange(channel.publisher_epoch, accept.publisher_epoch) == accept.publisher_epoch) {
    channel.window.open(accept.first);
  } else {
    ++channel.beginnings;
    channel.window.open_anew(accept.first);
  }
  if (channel.window.has_news()) credit_is_due(channel);
  if (!std::exchange(channel.told, true))
    outputs_.emplace_back(SubscriptionMatched{channel.subscription, channel.intent.identity(),
                                              channel.node.fingerprint()});
  return {};
}

/// Whether the sender is who we asked, and goes on where we asked; keeps its token if so.
Result<void> ReceivingSide::check_acceptance(ReceivingChannel& channel, const Link& link,
                                             const AcceptMessage& accept, Instant now) const {
  auto intent = decode_intent_token(accept.intent);
  if (!intent) return std::unexpected(intent.error());
  if (key_of(*intent) != key_of(channel.intent) || intent->node != link.node)
    return std::unexpected(Errc::wrong_key);
  const Fingerprint& receiver = subscriptions_.at(channel.subscription).intent.identity();
  if (!in_audience(intent->token, receiver, config_.realm))
    return std::unexpected(Errc::wrong_audience);
  const auto verified = intent->token == channel.intent.token
                            ? verify_dates(intent->token, now.wall)
                            : verify(intent->token, *config_.signatures, now.wall);
  if (!verified) return verified;
  const bool same_publisher = accept.publisher_epoch == channel.publisher_epoch;
  if (same_publisher && !channel.window.may_begin(accept.first))
    return std::unexpected(Errc::protocol_error);

  channel.accepted_at = intent->token.issued_at();
  if (channel.intent.token.issued_at() < intent->token.issued_at())
    channel.intent = *std::move(intent);
  return {};
}

Result<void> ReceivingSide::on_refuse(Link& link, const RefuseMessage& refuse, Instant now) {
  const auto channel = channel_of(link, refuse.receiver_channel, ReceivingChannel::State::opening);
  if (!channel) return std::unexpected(channel.error());
  if (*channel == nullptr) return {};
  const bool is_full = refuse.reason == RefuseReason::limit_reached;
  pause(**channel, is_full ? kRefusedPauseMin : kRefusedPauseFirst, now);
  return {};
}

/// Asks again later, for as long as coordinators name the sender.  What is known of the channel is
/// kept: it goes on where it was if the sender still has it by then.
void ReceivingSide::pause(ReceivingChannel& channel, Duration least, Instant now) {
  if (!channel.matched) return end(channel);
  tell_unmatched(channel);
  if (channel.needs_session()) needs_.release(channel.node.fingerprint(), channel.dialed);
  channel.state = ReceivingChannel::State::refused;
  channel.link.reset();
  channel.pause = std::clamp(2 * channel.pause, least, kRefusedPauseMax);
  timers_.cancel({Task::patience, channel.number});
  timers_.set({Task::again, channel.number},
              now.time + random_.jittered(channel.pause, kRefusedJitterPerMille));
}

/// Closes what the sender takes for open.  Its data may be under way, so what asks again later has
/// another number.
Result<void> ReceivingSide::take_back(ReceivingChannel& channel, Link& link,
                                      const AcceptMessage& accept, Instant now) {
  const PeerIntent peer{channel.intent, channel.node, std::nullopt};
  const SubscriptionId subscription = channel.subscription;
  const Duration before = channel.pause;
  const bool matched = channel.matched;
  end(channel);
  ReceivingChannel* next = matched ? create(subscriptions_.at(subscription), peer, now) : nullptr;
  if (next != nullptr) {
    next->pause = before;
    pause(*next, kRefusedPauseFirst, now);
  }
  return links_.answer(link, encode(CloseMessage{true, accept.sender_channel}));
}

Result<ReceivingSide::Arrival> ReceivingSide::on_data(Link& link, const DataMessage& data,
                                                      Instant now) {
  const auto found = channel_of(link, data.receiver_channel, ReceivingChannel::State::open);
  if (!found) return std::unexpected(found.error());
  if (*found == nullptr) return Arrival{};
  ReceivingChannel& channel = **found;
  const auto count = count_payloads(data.payloads);
  if (!count) return std::unexpected(count.error());
  const auto known = channel.window.on_data(data.first, *count, data.payloads.size());
  if (!known) return std::unexpected(known.error());
  channel.account.messages += *count;
  channel.account.bytes += data.payloads.size();
  if (!timers_.deadline_of({Task::account, {}}))
    timers_.set({Task::account, {}}, now.time + kAccountInterval);
  return Arrival{&channel, *known};
}

void ReceivingSide::on_delivered(ChannelNumber number, std::uint64_t count, std::uint64_t bytes) {
  ReceivingChannel* channel = channels_.find(number);
  if (channel == nullptr) return;
  const Unacknowledged payloads{.channel = number,
                                .beginnings = channel->beginnings,
                                .first = channel->window.next(),
                                .count = count,
                                .bytes = bytes};
  channel->window.on_delivered(count, bytes);
  Subscription& subscription = subscriptions_.at(channel->subscription);
  if (subscription.options.acknowledgement == Acknowledgement::node) return settle(payloads);
  wait_for_acknowledgement(subscription, payloads);
  if (channel->window.has_news()) credit_is_due(*channel);
}

Result<void> ReceivingSide::on_expired(Link& link, const ExpiredMessage& expired) {
  const auto channel = channel_of(link, expired.receiver_channel, ReceivingChannel::State::open);
  if (!channel) return std::unexpected(channel.error());
  if (*channel == nullptr) return {};
  if (auto moved = (*channel)->window.on_expired(expired.next); !moved) return moved;
  credit_is_due(**channel);
  return {};
}

Result<void> ReceivingSide::on_close(Link& link, ChannelNumber number, Instant now) {
  const auto found = channel_of(link, number, ReceivingChannel::State::open);
  if (!found) return std::unexpected(found.error());
  if (*found == nullptr) return {};
  const ReceivingChannel& channel = **found;
  // The sender came back under a later token before it took leave: begin anew.
  std::optional<PeerIntent> again;
  if (channel.matched && channel.accepted_at < channel.intent.token.issued_at())
    again = PeerIntent{channel.intent, channel.node, std::nullopt};
  const SubscriptionId subscription = channel.subscription;
  end(**found);
  if (again) on_matched(subscription, *again, now);
  return {};
}

/// Acknowledges what was delivered before it closes: the sender is told no less than what is so.
void ReceivingSide::take_leave(ReceivingChannel& channel) {
  Link& link = links_.at(*channel.link);
  if (channel.credit_due) {
    Bytes credit;
    encode(channel.window.grant(channel.sender_channel), credit);
    links_.tell(link, std::move(credit));
  }
  links_.tell(link, encode(CloseMessage{true, channel.sender_channel}));
}

void ReceivingSide::on_delivered_local(SubscriptionId id, const Unacknowledged& payloads) {
  const auto it = subscriptions_.find(id);
  if (it == subscriptions_.end() || it->second.options.acknowledgement == Acknowledgement::node)
    return;
  wait_for_acknowledgement(it->second, payloads);
}

void ReceivingSide::wait_for_acknowledgement(Subscription& subscription,
                                             const Unacknowledged& payloads) {
  if (payloads.count == 0) return;
  auto& waiting = subscription.unacknowledged;
  if (!waiting.empty() && waiting.back().is_followed_by(payloads)) {
    waiting.back().count += payloads.count;
    waiting.back().bytes += payloads.bytes;
  } else {
    waiting.push_back(payloads);
  }
}

std::optional<Unacknowledged> ReceivingSide::take(SubscriptionId id, std::uint64_t count) {
  const auto it = subscriptions_.find(id);
  if (count == 0 || it == subscriptions_.end() || it->second.unacknowledged.empty())
    return std::nullopt;
  Unacknowledged& oldest = it->second.unacknowledged.front();
  const Unacknowledged taken = oldest.first_of(count);
  if (taken.count == oldest.count)
    it->second.unacknowledged.pop_front();
  else
    oldest = oldest.without(taken);
  return taken;
}

void ReceivingSide::settle(const Unacknowledged& payloads) {
  ReceivingChannel* channel = channels_.find(payloads.channel);
  if (channel == nullptr || channel->beginnings != payloads.beginnings) return;
  channel->window.settle(payloads.end(), payloads.count, payloads.bytes);
  credit_is_due(*channel);
}

void ReceivingSide::credit_is_due(ReceivingChannel& channel) {
  if (channel.state != ReceivingChannel::State::open || channel.credit_due) return;
  channel.credit_due = true;
  Link& link = links_.at(*channel.link);
  link.credits.push_back(channel.number);
  links_.announce(link);
}

/// Nothing if the channel is over and the peer could not know; a fault if it never had such a one,
/// or if that is in another state.
Result<ReceivingChannel*> ReceivingSide::channel_of(const Link& link, ChannelNumber number,
                                                    ReceivingChannel::State state) const {
  ReceivingChannel* channel = channels_.find(number);
  if (channel == nullptr && channels_.was_given(number)) return nullptr;
  if (channel == nullptr || channel->link != link.index || channel->state != state)
    return std::unexpected(Errc::protocol_error);
  return channel;
}

}  // namespace kith::overlay
