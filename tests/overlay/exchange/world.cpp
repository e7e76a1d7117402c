#include "tests/overlay/exchange/world.hpp"

#include <chrono>
#include <initializer_list>

#include <gtest/gtest.h>

#include "tokens/issue.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

/// What a session does with a message that it is given.
struct Pipe {
  std::deque<Bytes>* queue;

  Result<void> send(std::initializer_list<ByteView> parts) const {
    Bytes message;
    for (ByteView part : parts) append(message, part);
    queue->push_back(std::move(message));
    return {};
  }
};

}  // namespace

void CreditWatch::on_message(std::size_t from, std::size_t to, ByteView message) {
  const auto decoded = decode_exchange_message(message);
  ASSERT_TRUE(decoded.has_value());
  if (const auto* open = std::get_if<OpenMessage>(&*decoded)) {
    OpenMessage& asked = opens_[{to, from, open->receiver_channel}] = *open;
    asked.intent = {};
  } else if (const auto* accept = std::get_if<AcceptMessage>(&*decoded)) {
    const OpenMessage& asked = opens_.at({from, to, accept->receiver_channel});
    windows_[{from, to, accept->receiver_channel}] = {
        accept->first + asked.credit_messages, asked.credit_bytes, 0, accept->sender_channel};
  } else if (const auto* data = std::get_if<DataMessage>(&*decoded)) {
    Window& window = windows_.at({from, to, data->receiver_channel});
    EXPECT_LE(data->first + *count_payloads(data->payloads), window.messages);
    EXPECT_LT(window.sent_bytes, window.bytes);
    window.sent_bytes += data->payloads.size();
  } else if (const auto* credit = std::get_if<CreditMessage>(&*decoded)) {
    for (auto& [key, window] : windows_) {
      if (key.receiver != from || key.sender != to) continue;
      if (window.sender_channel != credit->sender_channel) continue;
      // Only what has arrived counts: the watch sees credit when it arrives.
      window.messages = credit->messages;
      window.bytes = credit->bytes;
    }
  }
}

void CreditWatch::on_session_lost(std::size_t a, std::size_t b) {
  std::erase_if(windows_, [&](const auto& entry) {
    const Key& key = entry.first;
    return (key.sender == a && key.receiver == b) || (key.sender == b && key.receiver == a);
  });
}

TestNode::TestNode(Random& random, std::size_t index_) : index(index_), actor(random) {
  ExchangeConfig config;
  config.signatures = &signatures();
  config.node = actor.node;
  exchange = std::make_unique<Exchange>(config, random);
}

std::uint64_t TestNode::expired() const {
  std::uint64_t total = 0;
  for (const ExchangeOutput& event : events)
    if (const auto* expired = std::get_if<MessagesExpired>(&event)) total += expired->count;
  return total;
}

std::vector<Bytes> TestNode::payloads(SubscriptionId subscription) const {
  std::vector<Bytes> found;
  const auto it = received.find(subscription);
  if (it == received.end()) return found;
  for (const Received& message : it->second) found.push_back(message.payload);
  return found;
}

World::World(Random& random, std::size_t nodes) {
  for (std::size_t i = 0; i < nodes; ++i) nodes_.emplace_back(random, i);
}

PublisherId World::advertise(std::size_t at, const PublishOptions& options,
                             std::string_view subject) {
  TestNode& node = nodes_[at];
  const PublisherId id{++node.ids};
  const IntentToken intent = node.actor.intent({.subject = *subject_id({}, subject),
                                                .role = IntentRole::send,
                                                .at = now_.wall,
                                                .life = 24h,
                                                .audience = options.audience});
  EXPECT_TRUE(node.exchange->add_publisher(id, intent, options));
  node.publishers.emplace(id, intent);
  drain(at);
  return id;
}

SubscriptionId World::subscribe(std::size_t at, const SubscribeOptions& options,
                                std::string_view subject) {
  TestNode& node = nodes_[at];
  const SubscriptionId id{++node.ids};
  const IntentToken intent = node.actor.intent({.subject = *subject_id({}, subject),
                                                .at = now_.wall,
                                                .life = 24h,
                                                .audience = options.audience});
  node.exchange->add_subscription(id, intent, options);
  node.subscriptions.emplace(id, intent);
  drain(at);
  return id;
}

PeerIntent World::peer_intent(std::size_t at, const IntentToken& intent) {
  return {intent, nodes_[at].actor.node_token(), std::nullopt};
}

void World::match(std::size_t at, PublisherId publisher, std::size_t to,
                  SubscriptionId subscription) {
  const PeerIntent sender = peer_intent(at, nodes_[at].publishers.at(publisher));
  const PeerIntent receiver = peer_intent(to, nodes_[to].subscriptions.at(subscription));
  nodes_[at].exchange->on_matched(publisher, receiver);
  drain(at);
  nodes_[to].exchange->on_matched(subscription, sender, now_);
  drain(to);
}

void World::unmatch(std::size_t at, PublisherId publisher, std::size_t to,
                    SubscriptionId subscription) {
  nodes_[at].exchange->on_unmatched(publisher, key_of(nodes_[to].subscriptions.at(subscription)));
  drain(at);
  nodes_[to].exchange->on_unmatched(subscription, key_of(nodes_[at].publishers.at(publisher)));
  drain(to);
}

Result<void> World::publish(std::size_t at, PublisherId publisher, ByteView payload) {
  const auto result = nodes_[at].exchange->publish(publisher, payload, now_);
  drain(at);
  return result;
}

void World::connect(std::size_t a, std::size_t b) {
  for (const auto& [at, of] : {std::pair{a, b}, std::pair{b, a}}) {
    peers_[{at, of}] = nodes_[at].exchange->on_session_open(nodes_[of].actor.node, now_);
    drain(at);
  }
}

void World::lose(std::size_t a, std::size_t b) {
  for (const auto& [at, of] : {std::pair{a, b}, std::pair{b, a}}) {
    nodes_[at].wants_write.erase(peer(at, of));
    nodes_[at].exchange->on_session_lost(peer(at, of), now_);
    peers_.erase({at, of});
    pipes_.erase({at, of});
    drain(at);
  }
  watch_.on_session_lost(a, b);
}

bool World::connected(std::size_t a, std::size_t b) const { return peers_.contains({a, b}); }

PeerIndex World::peer(std::size_t at, std::size_t of) const { return peers_.at({at, of}); }

bool World::fill(std::size_t from, std::size_t to, std::size_t budget) {
  const PeerIndex index = peer(from, to);
  TestNode& node = nodes_[from];
  Pipe pipe{&pipes_[{from, to}]};
  const bool more = node.exchange->fill(index, budget, MessageSink(pipe), now_);
  if (!more) node.wants_write.erase(index);
  drain(from);
  return more;
}

bool World::deliver(std::size_t from, std::size_t to) {
  std::deque<Bytes>& queue = pipes_[{from, to}];
  if (queue.empty()) return false;
  const Bytes message = std::move(queue.front());
  queue.pop_front();
  watch_.on_message(from, to, message);
  EXPECT_TRUE(inject(from, to, message));
  return true;
}

Result<void> World::inject(std::size_t from, std::size_t to, ByteView message) {
  const auto result = nodes_[to].exchange->on_message(peer(to, from), message, now_);
  drain(to);
  return result;
}

void World::run() {
  for (bool moved = true; moved;) {
    moved = false;
    const auto peers = peers_;
    for (const auto& [pair, index] : peers) {
      const auto [at, of] = pair;
      if (nodes_[at].wants_write.contains(index)) {
        fill(at, of);
        moved = true;
      }
      while (deliver(at, of)) moved = true;
    }
  }
}

void World::advance(Duration span) {
  now_ = {now_.time + span, now_.wall + span};
  for (TestNode& node : nodes_) {
    const auto due = node.exchange->next_deadline();
    if (due && *due <= now_.time) node.exchange->on_deadline(now_);
    drain(node.index);
  }
}

void World::answer(std::size_t at, bool yes) {
  TestNode& node = nodes_[at];
  ASSERT_FALSE(node.questions.empty());
  const ExchangeQuestion question = node.questions.front();
  node.questions.pop_front();
  node.exchange->on_verdict(question, yes, now_);
  drain(at);
}

void World::drain(std::size_t at) {
  TestNode& node = nodes_[at];
  while (auto output = node.exchange->poll_output(now_)) {
    if (const auto* delivered = std::get_if<Delivered>(&*output)) {
      node.received[delivered->subscription].push_back(
          {delivered->sender, Bytes(delivered->payload.begin(), delivered->payload.end())});
    } else if (const auto* ask = std::get_if<Ask>(&*output)) {
      node.questions.push_back(ask->question);
    } else if (const auto* wants = std::get_if<WantsWrite>(&*output)) {
      EXPECT_TRUE(node.wants_write.insert(wants->peer).second) << "said twice";
    } else {
      node.events.push_back(std::move(*output));
    }
  }
  if (node.verdict && !node.questions.empty()) answer(at, *node.verdict);
}

void World::sanity_check() {
  for (TestNode& node : nodes_) node.exchange->sanity_check();
}

}  // namespace kith::overlay::test
