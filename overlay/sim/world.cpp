#include "overlay/sim/world.hpp"

#include <utility>

#include "core/assert.hpp"
#include "overlay/sim/crypto.hpp"

namespace kith::sim {
namespace {

using overlay::ConnectionId;
using overlay::Engine;

constexpr Duration kLookEvery = std::chrono::milliseconds(10);
/// What a transport takes at a time.
constexpr std::size_t kWriteBytes = 64U << 10;
constexpr std::uint32_t kWakesAtOnceMax = 1'000'000;

// The streams of randomness of one node.
constexpr std::uint64_t kStreams = 2;
constexpr std::uint64_t kKeyStream = 0;
constexpr std::uint64_t kEngineStream = 1;
/// Belongs to no node.
constexpr std::uint64_t kWorldStream = ~std::uint64_t{0};

SipKey contact_key(std::uint64_t seed) {
  SipKey key{};
  SeededRandom(seed, kWorldStream).fill(key);
  return key;
}

NetworkConfig seeded(NetworkConfig config, std::uint64_t seed) {
  config.seed = seed;
  return config;
}

}  // namespace

World::Node::Node(std::uint64_t seed, HostIndex index, NodeOptions how)
    : options(std::move(how)),
      random(seed, kStreams * index + kEngineStream),
      clock(options.clock_drift_ppm, options.clock_offset) {}

World::World(LatencyModel underlay, WorldConfig config)
    : config_(std::move(config)),
      network_(std::move(underlay), seeded(config_.network, config_.seed)),
      contacts_(contact_key(config_.seed)) {
  if (config_.primitives == nullptr) config_.primitives = &simulated_primitives();
}

HostIndex World::add_node(const NodeOptions& options) {
  const auto index = static_cast<HostIndex>(nodes_.size());
  nodes_.emplace_back(config_.seed, index, options);
  start(index);
  return index;
}

void World::start(HostIndex index) {
  Node& node = nodes_[index];
  const bool is_member = node.options.role == Participation::member;
  Engine& engine = node.engine.emplace(engine_config(index), node.random, instant(index));
  if (index == network_.hosts()) {
    node.id = engine.id();
    by_id_.emplace(node.id, index);
    network_.add_host(node.id, true);
  } else {
    network_.restart(index);
  }
  if (is_member) live_members_.add(node.id, index);
  // Clients too are dialed, by those that they exchange with.
  engine.set_endpoints({endpoint_of(index)}, instant(index));
  for (const HostIndex other : node.options.join) {
    engine.join({.endpoint = endpoint_of(other), .node = id(other)}, instant(index));
  }
  drain(index);
}

overlay::EngineConfig World::engine_config(HostIndex index) {
  SeededRandom keys(config_.seed, kStreams * index + kKeyStream);
  overlay::EngineConfig config;
  config.primitives = config_.primitives;
  config.node_key = config_.primitives->signatures->generate(keys);
  config.static_key = config_.primitives->dh->generate(keys);
  config.role = nodes_[index].options.role;
  config.contacts = &contacts_;
  if (config_.configure) config_.configure(index, config);
  return config;
}

void World::crash(HostIndex index) {
  KITH_ASSERT(is_running(index));
  stop(index);
}

void World::restart(HostIndex index) {
  KITH_ASSERT(!is_running(index));
  start(index);
}

void World::stop(HostIndex index) {
  Node& node = nodes_[index];
  for (const auto& [connection, end] : node.wires) network_.kill(end);
  node.wires.clear();
  node.engine.reset();
  node.has_left = false;
  network_.crash(index);
  live_members_.remove(node.id);
}

void World::break_connections(HostIndex index) {
  for (const auto& [connection, end] : nodes_[index].wires) network_.reset(end);
}

void World::run_until(TimePoint time) {
  while (auto happening = network_.next(time)) dispatch(std::move(*happening));
}

bool World::run_while_not(const std::function<bool()>& done, Duration most) {
  const TimePoint end = now() + most;
  while (!done()) {
    if (now() >= end) return false;
    run_until(std::min(now() + kLookEvery, end));
  }
  return true;
}

std::optional<HostIndex> World::find(const Fingerprint& id) const {
  const auto node = by_id_.find(id);
  if (node == by_id_.end()) return std::nullopt;
  return node->second;
}

HostIndex World::closest_live(const Fingerprint& key) const {
  const auto closest = live_members_.closest(key);
  KITH_ASSERT(closest.has_value());
  return *closest;
}

void World::dispatch(Happening happening) {
  const HostIndex host = std::visit([](const auto& what) { return what.host; }, happening);
  std::visit([this](const auto& what) { on(what); }, happening);
  drain(host);
}

void World::on(const Woken& what) {
  wakes_at_once_ = now() == last_wake_ ? wakes_at_once_ + 1 : 0;
  last_wake_ = now();
  KITH_ASSERT(wakes_at_once_ < kWakesAtOnceMax);
  Engine& engine = *nodes_[what.host].engine;
  const Instant here = instant(what.host);
  const auto deadline = engine.next_deadline();
  if (deadline && *deadline <= here.time) engine.on_deadline(here);
}

void World::on(const Accepted& what) {
  Node& node = nodes_[what.host];
  const auto connection = node.engine->on_accepted(what.from, instant(what.host));
  if (!connection) return network_.close(what.end, false);
  node.wires.emplace(*connection, what.end);
  network_.set_tag(what.end, static_cast<std::uint32_t>(*connection));
}

void World::on(const Connected& what) {
  nodes_[what.host].engine->on_connected(connection_of(what.end), instant(what.host));
  // What waited for the connection was announced before it stood.
  writable_.push_back(connection_of(what.end));
}

void World::on(const ConnectFailed& what) {
  const ConnectionId connection = connection_of(what.end);
  nodes_[what.host].wires.erase(connection);
  nodes_[what.host].engine->on_connect_failed(connection, instant(what.host));
}

void World::on(const Arrived& what) {
  nodes_[what.host].engine->on_bytes(connection_of(what.end), what.bytes, instant(what.host));
}

void World::on(const EndOfStream& what) {
  nodes_[what.host].engine->on_end_of_stream(connection_of(what.end), instant(what.host));
}

void World::on(const Broken& what) {
  const ConnectionId connection = connection_of(what.end);
  nodes_[what.host].wires.erase(connection);
  nodes_[what.host].engine->on_connection_lost(connection, instant(what.host));
}

void World::drain(HostIndex index) {
  Node& node = nodes_[index];
  do {
    while (const auto output = node.engine->poll_output(instant(index))) obey(index, *output);
    flushing_.swap(writable_);
    for (const ConnectionId connection : flushing_) flush(index, connection);
    flushing_.clear();
  } while (!writable_.empty());
  if (node.has_left) return stop(index);
  if (const auto deadline = node.engine->next_deadline()) {
    network_.wake(index, node.clock.virtual_time_of(*deadline));
  }
}

void World::obey(HostIndex index, const overlay::Output& output) {
  if (const auto* dial = std::get_if<overlay::Dial>(&output)) return obey(index, *dial);
  if (const auto* close = std::get_if<overlay::CloseConnection>(&output)) {
    return obey(index, *close);
  }
  if (const auto* question = std::get_if<overlay::AskPolicy>(&output)) {
    return obey(index, *question);
  }
  if (const auto* ready = std::get_if<overlay::WriteReady>(&output)) {
    return writable_.push_back(ready->connection);
  }
  if (std::holds_alternative<overlay::Left>(output)) nodes_[index].has_left = true;
  if (config_.watch) config_.watch(index, output);
}

void World::obey(HostIndex index, const overlay::Dial& dial) {
  const WireEnd end = network_.dial(index, dial.to);
  network_.set_tag(end, static_cast<std::uint32_t>(dial.connection));
  nodes_[index].wires.emplace(dial.connection, end);
}

void World::obey(HostIndex index, const overlay::CloseConnection& close) {
  auto& wires = nodes_[index].wires;
  const auto wire = wires.find(close.connection);
  if (wire == wires.end()) return;
  const bool lingers = close.mode == overlay::CloseMode::linger;
  if (lingers) flush(index, close.connection);
  network_.close(wire->second, lingers);
  wires.erase(wire);
}

void World::obey(HostIndex index, const overlay::AskPolicy& question) {
  const Verdict verdict = config_.policy ? config_.policy(index, question.what) : Verdict::yes;
  nodes_[index].engine->on_verdict(question.question, verdict, instant(index));
}

void World::flush(HostIndex index, ConnectionId connection) {
  Node& node = nodes_[index];
  const auto wire = node.wires.find(connection);
  if (wire == node.wires.end() || !network_.is_open(wire->second)) return;
  for (;;) {
    Bytes bytes;
    node.engine->take_bytes(connection, kWriteBytes, bytes, instant(index));
    if (bytes.empty()) return;
    network_.send(wire->second, std::move(bytes));
  }
}

}  // namespace kith::sim
