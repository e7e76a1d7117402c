#include "overlay/exchange/exchange.hpp"

#include <utility>
#include <variant>

#include "core/assert.hpp"
#include "core/earliest.hpp"
#include "core/overloaded.hpp"

namespace kith::overlay {

Exchange::Exchange(const ExchangeConfig& config, Random& random)
    : config_(config),
      sending_(config_, random, links_, needs_),
      receiving_(config_, random, links_, needs_) {}

Result<void> Exchange::add_publisher(PublisherId publisher, const IntentToken& intent,
                                     const PublishOptions& options) {
  if (auto added = sending_.add(publisher, intent, options); !added) return added;
  for (SubscriptionId subscription : receiving_.subscriptions_to(intent.subject()))
    match_own(subscription);
  return {};
}

void Exchange::remove_publisher(PublisherId publisher) {
  if (delivery_ && !delivery_->from) finish_delivery();
  sending_.remove(publisher);
}

void Exchange::add_subscription(SubscriptionId subscription, const IntentToken& intent,
                                const SubscribeOptions& options) {
  receiving_.add(subscription, intent, options);
  match_own(subscription);
}

void Exchange::remove_subscription(SubscriptionId id) {
  const Subscription* subscription = receiving_.find(id);
  if (subscription == nullptr) return;
  if (delivery_ && delivery_->subscription == id) finish_delivery();
  sending_.close_local(id, subscription->epoch, subscription->intent.subject());
  receiving_.remove(id);
}

void Exchange::decline(SubscriptionId id) {
  KITH_ASSERT(delivery_ && delivery_->subscription == id && delivery_->delivered > 0);
  --delivery_->delivered;
  remove_subscription(id);
}

void Exchange::acknowledge(SubscriptionId id, std::uint64_t count) {
  if (delivery_ && delivery_->subscription == id) {
    // Our own log may forget what is acknowledged: what is left of the batch is read again.
    if (delivery_->from)
      book_delivery();
    else
      finish_delivery();
  }
  while (const auto payloads = receiving_.take(id, count)) {
    count -= payloads->count;
    if (payloads->is_local)
      sending_.acknowledge_local(payloads->channel, payloads->end());
    else
      receiving_.settle(*payloads);
  }
}

void Exchange::set_intent(PublisherId publisher, const IntentToken& intent) {
  sending_.set_intent(publisher, intent);
}

void Exchange::set_intent(SubscriptionId subscription, const IntentToken& intent) {
  receiving_.set_intent(subscription, intent);
}

void Exchange::set_reachability(Reachability reachability) { config_.reachability = reachability; }

Result<void> Exchange::publish(PublisherId publisher, ByteView payload, Instant now) {
  return sending_.publish(publisher, payload, now);
}

void Exchange::on_matched(PublisherId publisher, const PeerIntent& peer) {
  sending_.on_matched(publisher, peer);
}

void Exchange::on_matched(SubscriptionId subscription, const PeerIntent& peer, Instant now) {
  receiving_.on_matched(subscription, peer, now);
}

void Exchange::on_unmatched(PublisherId publisher, const IntentKey& peer) {
  sending_.on_unmatched(publisher, peer);
}

void Exchange::on_unmatched(SubscriptionId subscription, const IntentKey& peer) {
  receiving_.on_unmatched(subscription, peer);
}

void Exchange::on_verdict(ExchangeQuestion question, bool yes, Instant now) {
  if (is_of_receiver(question))
    receiving_.on_verdict(question, yes, now);
  else
    sending_.on_verdict(question, yes);
}

PeerIndex Exchange::on_session_open(const Fingerprint& node, Instant now) {
  if (const Link* before = links_.find(node)) on_session_lost(before->index, now);
  Link& link = links_.open(node);
  receiving_.on_session_open(link);
  return link.index;
}

void Exchange::on_session_lost(PeerIndex peer, Instant now) {
  if (delivery_ && delivery_->from == peer) finish_delivery();
  const Link& link = links_.at(peer);
  sending_.on_session_lost(link, now);
  receiving_.on_session_lost(link, now);
  links_.close(peer);
}

Result<void> Exchange::on_message(PeerIndex peer, ByteView message, Instant now) {
  KITH_ASSERT(!delivery_ || delivery_->payloads.at_end());
  if (delivery_) finish_delivery();
  Link& link = links_.at(peer);
  const auto decoded = decode_exchange_message(message);
  if (!decoded) return std::unexpected(decoded.error());
  return std::visit(
      Overloaded{
          [&](const OpenMessage& open) { return sending_.on_open(link, open, now); },
          [&](const AcceptMessage& accept) { return receiving_.on_accept(link, accept, now); },
          [&](const RefuseMessage& refuse) { return receiving_.on_refuse(link, refuse, now); },
          [&](const DataMessage& data) { return on_data(link, data, now); },
          [&](const CreditMessage& credit) { return sending_.on_credit(link, credit); },
          [&](const ExpiredMessage& expired) { return receiving_.on_expired(link, expired); },
          [&](const CloseMessage& close) {
            return close.to_sender ? sending_.on_close(link, close.channel)
                                   : receiving_.on_close(link, close.channel, now);
          },
      },
      *decoded);
}

void Exchange::on_deadline(Instant now) {
  // What expires may be what one of our own subscriptions is being handed.
  if (delivery_ && !delivery_->from) finish_delivery();
  sending_.on_deadline(now);
  receiving_.on_deadline(now);
}

std::optional<ExchangeOutput> Exchange::poll_output(Instant now) {
  if (auto event = poll_event()) return event;
  for (;;) {
    if (delivery_ && !delivery_->payloads.at_end()) return next_payload();
    if (delivery_) {
      finish_delivery();
      if (auto event = poll_event()) return event;
    }
    const auto batch = sending_.next_local(now);
    if (!batch) return poll_event();
    delivery_ = Delivery{.payloads = PayloadCursor(batch->payloads),
                         .channel = batch->channel,
                         .from = std::nullopt,
                         .subscription = batch->subscription,
                         .sender = batch->sender,
                         .first = batch->first};
  }
}

std::optional<TimePoint> Exchange::next_deadline() const {
  return earliest({sending_.next_deadline(), receiving_.next_deadline()});
}

bool Exchange::fill(PeerIndex peer, std::size_t budget, MessageSink sink, Instant now) {
  Link& link = links_.at(peer);
  for (std::size_t used = 0; used < budget && link.has_something();) {
    const auto sent = send_one(link, sink, now);
    // The session is over, and `on_session_lost` will say so.
    if (!sent) return false;
    used += *sent;
  }
  link.announced = link.has_something();
  return link.announced;
}

PublisherInfo Exchange::publisher(PublisherId id) const {
  const Publisher& publisher = sending_.publisher(id);
  return {.receivers = publisher.channels.size(),
          .published = publisher.ledger.published,
          .owed = publisher.ledger.owed,
          .delivered = publisher.ledger.delivered,
          .expired = publisher.ledger.expired,
          .refused = publisher.ledger.refused,
          .unheard = publisher.ledger.unheard,
          .queued_messages = static_cast<std::size_t>(publisher.log.messages()),
          .queued_bytes = publisher.log.bytes()};
}

Ledger Exchange::ledger(PublisherId publisher) const {
  return sending_.publisher(publisher).ledger;
}

std::size_t Exchange::senders(SubscriptionId subscription) const {
  return receiving_.senders(subscription) + sending_.local_senders(subscription);
}

bool Exchange::waits_for(ExchangeQuestion question) const {
  return is_of_receiver(question) ? receiving_.waits_for(question) : sending_.waits_for(question);
}

void Exchange::sanity_check() const {
  sending_.sanity_check();
  receiving_.sanity_check();
}

std::optional<ExchangeOutput> Exchange::poll_event() {
  if (auto output = sending_.poll_output()) return output;
  if (auto output = receiving_.poll_output()) return output;
  if (auto output = needs_.poll_output()) return output;
  if (const auto peer = links_.pop_wanting()) return WantsWrite{*peer};
  return std::nullopt;
}

Delivered Exchange::next_payload() {
  ++delivery_->delivered;
  const ByteView payload = delivery_->payloads.next();
  delivery_->bytes += framed_bytes(payload.size());
  return {delivery_->subscription, delivery_->sender, payload};
}

void Exchange::finish_delivery() {
  book_delivery();
  const Delivery delivery = *std::exchange(delivery_, std::nullopt);
  if (!delivery.from) sending_.finish_local(delivery.channel, delivery.first);
}

void Exchange::book_delivery() {
  const std::uint64_t count = std::exchange(delivery_->delivered, 0);
  const std::uint64_t bytes = std::exchange(delivery_->bytes, 0);
  if (delivery_->from) return receiving_.on_delivered(delivery_->channel, count, bytes);
  receiving_.on_delivered_local(delivery_->subscription, {.channel = delivery_->channel,
                                                          .is_local = true,
                                                          .first = delivery_->first,
                                                          .count = count,
                                                          .bytes = bytes});
  delivery_->first += count;
}

void Exchange::match_own(SubscriptionId id) {
  const Subscription& subscription = *receiving_.find(id);
  for (PublisherId publisher : sending_.publishers_for(subscription.intent))
    sending_.open_local(publisher, subscription);
}

Result<void> Exchange::on_data(Link& link, const DataMessage& data, Instant now) {
  const auto arrival = receiving_.on_data(link, data, now);
  if (!arrival) return std::unexpected(arrival.error());
  if (arrival->channel == nullptr) return {};
  const ReceivingChannel& channel = *arrival->channel;
  delivery_ = Delivery{.payloads = PayloadCursor(data.payloads),
                       .channel = channel.number,
                       .from = link.index,
                       .subscription = channel.subscription,
                       .sender = channel.intent.identity()};
  for (std::uint64_t i = 0; i < arrival->known; ++i) delivery_->payloads.next();
  return {};
}

Result<std::size_t> Exchange::send_one(Link& link, MessageSink sink, Instant now) {
  if (!link.control.empty()) {
    const Bytes message = Links::pop_control(link);
    if (auto sent = sink.send({message}); !sent) return std::unexpected(sent.error());
    return message.size();
  }
  if (!link.opens.empty() || !link.credits.empty()) return receiving_.send_next(link, sink);
  return sending_.send_next(link, sink, now);
}

}  // namespace kith::overlay
