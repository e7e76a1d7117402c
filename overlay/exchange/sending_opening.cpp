#include <utility>

#include "core/assert.hpp"
#include "overlay/exchange/limits.hpp"
#include "overlay/exchange/sending_side.hpp"
#include "tokens/verify.hpp"

/// How the sender's end of a channel comes to be.
namespace kith::overlay {
namespace {

/// Where the receiver of `channel` goes on; nothing if it claims what cannot be.
std::optional<std::uint64_t> resume_point(const SendingChannel& channel, const OpenMessage& wish) {
  if (wish.publisher_epoch == channel.publisher->epoch) {
    if (!channel.window.can_resume(wish.next)) return std::nullopt;
    return wish.next;
  }
  // The acceptance was lost with the session, so the receiver knows nothing of us yet.
  if (channel.window.was_heard()) return std::nullopt;
  return channel.window.acknowledged();
}

}  // namespace

Result<void> SendingSide::on_open(Link& link, const OpenMessage& open, Instant now) {
  // Each that the policy is asked about will be answered, too.  After a lost session a peer opens
  // all of its channels again at once, and cannot read the answers before they are written.
  const auto held = by_node_.find(link.node);
  const std::size_t channels = held == by_node_.end() ? 0 : held->second.size();
  if (link.answers + link.openings >= kAnswersPerPeerMax + channels)
    return std::unexpected(Errc::limit_reached);
  const auto intent = decode_intent_token(open.intent);
  if (!intent) return std::unexpected(intent.error());
  if (intent->node != link.node) return std::unexpected(Errc::wrong_key);
  Opening opening{link.index,
                  {intent->subject(), open.identity, config_.node, open.role},
                  {link.node, open.subscription_epoch},
                  intent->identity(),
                  open};
  opening.wish.intent = {};

  if (auto existing = check_existing(opening); !existing) return existing;
  auto refusal = objection(link, opening, *intent);
  if (!refusal) {
    const auto verified = verify(intent->token, *config_.signatures, now.wall);
    if (verified) {
      ask(link, opening, *intent);
      return {};
    }
    // Clocks may differ, and time goes by: no reason to think the worst of the peer.
    if (verified.error() != Errc::expired && verified.error() != Errc::not_yet_valid)
      return verified;
    refusal = RefuseReason::not_authorized;
  }
  return links_.answer(link, encode(RefuseMessage{open.receiver_channel, *refusal}));
}

std::optional<RefuseReason> SendingSide::objection(const Link& link, const Opening& opening,
                                                   const IntentToken& intent) const {
  const Publisher* publisher = find(opening.publisher);
  if (publisher == nullptr) return RefuseReason::unknown_intent;
  if (link.openings >= kOpeningsPerPeerMax || !has_room(*publisher, opening.receiver))
    return RefuseReason::limit_reached;
  const IntentToken& ours = publisher->intent;
  if (intent.role == IntentRole::send ||
      !in_audience(ours.token, intent.identity(), intent.token.realm()) ||
      !in_audience(intent.token, ours.identity(), ours.token.realm()))
    return RefuseReason::not_authorized;
  return std::nullopt;
}

/// What is opened again takes no more room than it has.
bool SendingSide::has_room(const Publisher& publisher, const ReceiverKey& receiver) const {
  const auto& channels = publisher.channels;
  if (channels.contains(receiver)) return true;
  if (channels.size() >= kChannelsPerPublisherMax) return false;
  const auto at_node = by_node_.find(receiver.node);
  if (at_node != by_node_.end() && at_node->second.size() >= kChannelsPerPeerMax) return false;
  std::size_t count = 0;
  for (auto it = channels.lower_bound({receiver.node, 0});
       it != channels.end() && it->first.node == receiver.node; ++it)
    ++count;
  return count < kChannelsPerPublisherAndPeerMax;
}

Result<void> SendingSide::check_existing(const Opening& opening) const {
  const Publisher* publisher = find(opening.publisher);
  if (publisher == nullptr) return {};
  const auto it = publisher->channels.find(opening.receiver);
  if (it == publisher->channels.end()) return {};
  const SendingChannel& channel = channels_.at(it->second);
  if (channel.is_attached()) return std::unexpected(Errc::protocol_error);
  if (channel.receiver_channel == opening.wish.receiver_channel &&
      !resume_point(channel, opening.wish))
    return std::unexpected(Errc::protocol_error);
  return {};
}

void SendingSide::ask(Link& link, const Opening& opening, const IntentToken& intent) {
  const ExchangeQuestion question{2 * questions_++};
  openings_.emplace(question, opening);
  ++link.openings;
  outputs_.emplace_back(Ask{
      question,
      AuthorizeQuestion{intent.token, IntentRequest{intent.role, intent.subject()}},
  });
}

void SendingSide::on_verdict(ExchangeQuestion question, bool yes) {
  const auto it = openings_.find(question);
  if (it == openings_.end()) return;
  const Opening opening = it->second;
  openings_.erase(it);
  Link& link = links_.at(opening.link);
  --link.openings;
  const Publisher* publisher = find(opening.publisher);
  std::optional<RefuseReason> refusal;
  if (!yes || !check_existing(opening))
    refusal = RefuseReason::not_authorized;
  else if (publisher == nullptr)
    refusal = RefuseReason::unknown_intent;
  else if (!has_room(*publisher, opening.receiver))
    refusal = RefuseReason::limit_reached;
  if (!refusal) return accept(link, opening);
  links_.answer_later(link, encode(RefuseMessage{opening.wish.receiver_channel, *refusal}));
}

void SendingSide::accept(Link& link, const Opening& opening) {
  Publisher& publisher = *by_key_.at(opening.publisher);
  SendingChannel& channel = resume_or_create(publisher, opening);
  timers_.cancel({Task::resume, std::to_underlying(channel.number)});
  channel.link = link.index;
  channel.receiver_channel = opening.wish.receiver_channel;
  channel.window.open(opening.wish.credit_messages, opening.wish.credit_bytes);
  links_.answer_later(
      link, encode(AcceptMessage{channel.receiver_channel, channel.number, publisher.epoch,
                                 channel.window.position(), publisher.intent.token.raw()}));
  schedule(channel);
}

SendingChannel& SendingSide::resume_or_create(Publisher& publisher, const Opening& opening) {
  const auto it = publisher.channels.find(opening.receiver);
  if (it != publisher.channels.end()) {
    SendingChannel& channel = channels_.at(it->second);
    if (channel.receiver_channel == opening.wish.receiver_channel) {
      const std::uint64_t before = channel.window.acknowledged();
      const std::uint64_t next = *resume_point(channel, opening.wish);
      settle(channel, channel.window.resume(publisher.log, next), before);
      return channel;
    }
    // The receiver gave up the channel that we kept for it.
    end(channel, Fate::expired);
  }
  SendingChannel& channel = create(publisher, opening.receiver, opening.identity);
  by_node_[opening.receiver.node].insert(channel.number);
  needs_.need(opening.receiver.node, nullptr);
  return channel;
}

SendingChannel& SendingSide::create(Publisher& publisher, const ReceiverKey& receiver,
                                    const Fingerprint& identity) {
  const PublisherLog& log = publisher.log;
  auto owned = std::make_unique<SendingChannel>(SendingChannel{
      .publisher = &publisher,
      .receiver = receiver,
      .identity = identity,
      .window = SendingWindow(log.seek(log.end())),
      .account = {.peer = identity, .subject = publisher.intent.subject()},
  });
  SendingChannel& channel = *owned;
  channel.number = channels_.add(std::move(owned));
  publisher.channels.emplace(receiver, channel.number);
  publisher.acknowledged.insert(channel.window.acknowledged());
  outputs_.emplace_back(PublisherMatched{publisher.id, identity, receiver.node});
  return channel;
}

}  // namespace kith::overlay
