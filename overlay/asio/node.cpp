#include <kith/node.hpp>

#include <utility>

#include <kith/subject.hpp>

#include "overlay/asio/clock.hpp"
#include "overlay/asio/runtime.hpp"
#include "overlay/asio/waiting.hpp"

namespace kith {
namespace {

using overlay::Done;
using overlay::wait;

}  // namespace

Subscription::Subscription(std::shared_ptr<State> state) : state_(std::move(state)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  end();
  state_ = std::move(other.state_);
  return *this;
}
Subscription::~Subscription() { end(); }

void Subscription::end() {
  const auto runtime = state_ ? state_->runtime.lock() : nullptr;
  if (runtime) runtime->end(state_);
  state_.reset();
}

Result<void> Subscription::wait_for_match(Duration timeout) {
  const auto driver = state_->driver.lock();
  return wait(driver, timeout,
              [&](Done<> done) { State::wait_for_match(state_, timeout, std::move(done)); });
}

void Subscription::acknowledge(std::uint64_t count) { State::acknowledge(state_, count); }

Publisher::Publisher(std::shared_ptr<State> state) : state_(std::move(state)) {}
Publisher::Publisher(Publisher&&) noexcept = default;
Publisher& Publisher::operator=(Publisher&& other) noexcept {
  if (this == &other) return *this;
  end();
  state_ = std::move(other.state_);
  return *this;
}
Publisher::~Publisher() { end(); }

void Publisher::end() {
  const auto runtime = state_ ? state_->runtime().lock() : nullptr;
  if (runtime) runtime->end(state_);
  state_.reset();
}

Result<void> Publisher::publish(ByteView payload) { return state_->publish(payload, state_); }
Result<void> Publisher::try_publish(ByteView payload) {
  return state_->try_publish(payload, state_);
}

Result<void> Publisher::wait_for_match(Duration timeout) {
  return wait(state_->driver(), timeout,
              [&](Done<> done) { state_->wait_for_match(state_, timeout, std::move(done)); });
}

Result<void> Publisher::drain(Duration timeout) {
  return wait(state_->driver(), timeout,
              [&](Done<> done) { state_->drain(state_, timeout, std::move(done)); });
}

PublisherStatus Publisher::status() const { return state_->status(); }

Node::Node(NodeConfig config) : runtime_(Runtime::start(std::move(config), std::nullopt)) {}
Node::Node(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(Node&& other) noexcept {
  if (this == &other) return *this;
  end();
  runtime_ = std::move(other.runtime_);
  return *this;
}
Node::~Node() { end(); }

void Node::end() {
  if (!runtime_) return;
  // On another's executor nothing can be waited for: perhaps it never runs again.
  if (runtime_->owns_thread()) {
    runtime_->stop();
  } else {
    runtime_->begin_stop();
  }
  runtime_->mute();
  runtime_.reset();
}

Subscription Node::subscribe(std::string_view subject,
                             std::function<void(const Message&)> on_message,
                             SubscriptionOptions options) {
  return Subscription(runtime_->subscribe(subject, std::move(on_message), std::move(options)));
}

Publisher Node::publisher(std::string_view subject, PublisherOptions options) {
  return Publisher(runtime_->publisher(subject, std::move(options)));
}

Contacts Node::contacts() { return Contacts(runtime_->contacts()); }
BlockList Node::block_list() { return BlockList(runtime_->block_list()); }

Fingerprint Node::id() const {
  return runtime_->driver().look([](const overlay::Engine& engine) { return engine.id(); });
}

std::vector<std::string> Node::addresses() const {
  const Fingerprint node = id();
  std::vector<std::string> addresses;
  for (const Endpoint& endpoint : runtime_->driver().endpoints())
    addresses.push_back("kith://" + node.to_string() + "@" + endpoint.to_string());
  return addresses;
}

bool Node::is_ready() const {
  return runtime_->driver().look([](const overlay::Engine& engine) { return engine.is_ready(); });
}

Result<void> Node::wait_until_ready(Duration timeout) {
  return wait(runtime_->shared_driver(), timeout,
              [&](Done<> done) { runtime_->wait_until_ready(timeout, std::move(done)); });
}

NodeStatus Node::status() const { return runtime_->status(); }

std::vector<NodePeer> Node::peers() const {
  const auto known = runtime_->driver().look(
      [](const overlay::Engine& engine) { return engine.peers(overlay::read_clocks()); });
  std::vector<NodePeer> peers;
  peers.reserve(known.size());
  for (const overlay::PeerInfo& peer : known) {
    peers.push_back({.node = peer.node,
                     .endpoint = peer.endpoint.to_string(),
                     .is_client = peer.is_client,
                     .dialed_by_us = peer.dialed_by_us,
                     .in_table = peer.in_table,
                     .missed_pings = peer.missed_pings,
                     .round_trip = peer.round_trip,
                     .connected_for = peer.connected_for});
  }
  return peers;
}

Result<Bytes> Node::token_of(const Fingerprint& node) const {
  return runtime_->driver().look([&node](const overlay::Engine& engine) -> Result<Bytes> {
    const ByteView token = engine.token_of(node);
    if (token.empty()) return std::unexpected(Errc::not_found);
    return Bytes(token.begin(), token.end());
  });
}

Result<NodeTrace> Node::trace(std::string_view subject, Duration timeout) {
  const auto key = subject_id(runtime_->realm(), subject);
  if (!key) return std::unexpected(key.error());
  return trace(*key, timeout);
}

Result<NodeTrace> Node::trace(const Fingerprint& key, Duration timeout) {
  return wait<NodeTrace>(runtime_->shared_driver(), timeout, [&](Done<NodeTrace> done) {
    runtime_->trace(key, timeout, std::move(done));
  });
}

Result<Bytes> Node::query(std::string_view address, std::string_view topic, ByteView question,
                          Duration timeout) {
  return wait<Bytes>(runtime_->shared_driver(), timeout, [&](Done<Bytes> done) {
    runtime_->query(address, topic, question, timeout, std::move(done));
  });
}

void Node::stop() { runtime_->stop(); }

}  // namespace kith
