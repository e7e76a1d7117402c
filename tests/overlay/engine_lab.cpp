#include "tests/overlay/engine_lab.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "overlay/sim/crypto.hpp"
#include "tokens/node_token.hpp"

namespace kith::overlay::test {

EngineLab::Node& EngineLab::add(std::uint8_t number,
                                const std::function<void(EngineConfig&)>& change) {
  Node& node = *nodes_.emplace_back(std::make_unique<Node>());
  node.endpoint = endpoint_of(number);
  node.random = SeededRandom(number);
  EngineConfig config;
  config.primitives = &sim::simulated_primitives();
  config.node_key = config.primitives->signatures->generate(node.random);
  config.static_key = config.primitives->dh->generate(node.random);
  if (change) change(config);
  node.engine = std::make_unique<Engine>(std::move(config), node.random, now);
  node.engine->set_endpoints({node.endpoint}, now);
  return node;
}

DialTarget EngineLab::target_by_token(const Node& node) const {
  const NodeToken token = decode_node_token(node.engine->node_token()).value();
  DialTarget target;
  target.flow = Flow::connection;
  target.node = token.fingerprint();
  target.static_key = token.static_key;
  target.time = now.wall;
  return target;
}

EngineLab::Stranger& EngineLab::knock(Node& node, const Endpoint& from,
                                      std::optional<Session> session) {
  Stranger& stranger = *strangers_.emplace_back(std::make_unique<Stranger>());
  if (session) stranger.party.emplace(std::move(*session));
  const auto connection = node.engine->on_accepted(from, now);
  if (connection) {
    Wire& wire = *wires_.emplace_back(std::make_unique<Wire>());
    wire.sides[0].stranger = &stranger;
    wire.sides[1] = {.node = &node, .connection = *connection};
    say(stranger);
  }
  stranger.refused = !connection;
  drain(node);
  return stranger;
}

void EngineLab::listen(const Endpoint& endpoint, TestNode& host) { hosts_[endpoint] = &host; }

void EngineLab::say(Stranger& stranger, ByteView bytes) {
  const auto [wire, side] = find(stranger);
  if (wire) say(*wire, side, Bytes(bytes.begin(), bytes.end()));
}

void EngineLab::say(Stranger& stranger) {
  if (stranger.party) say(stranger, stranger.party->say(now));
}

void EngineLab::pass(Duration by) {
  const TimePoint until = now.time + by;
  for (const auto& node : nodes_) drain(*node);
  for (auto due = next(); due && *due <= until; due = next()) {
    now = test::later(now, std::max(*due - now.time, Duration(0)));
    while (!events_.empty() && events_.begin()->first <= now.time)
      events_.extract(events_.begin()).mapped()();
    for (const auto& node : nodes_) {
      const auto deadline = node->engine->next_deadline();
      if (deadline && *deadline <= now.time) node->engine->on_deadline(now);
      drain(*node);
      node->engine->sanity_check();
    }
  }
  now = test::later(now, until - now.time);
}

std::optional<TimePoint> EngineLab::next() const {
  std::optional<TimePoint> next;
  if (!events_.empty()) next = events_.begin()->first;
  for (const auto& node : nodes_) {
    const auto deadline = node->engine->next_deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

std::size_t EngineLab::wires_between(const Node& one, const Node& other) const {
  return static_cast<std::size_t>(std::ranges::count_if(wires_, [&](const auto& wire) {
    const Side& dialer = wire->sides[0];
    const Side& listener = wire->sides[1];
    const bool theirs = (dialer.node == &one && listener.node == &other) ||
                        (dialer.node == &other && listener.node == &one);
    return theirs && !dialer.gone && !listener.gone;
  }));
}

void EngineLab::drain(Node& node) {
  while (auto output = node.engine->poll_output(now)) {
    std::visit(
        Overloaded{[&](const Dial& order) { dial(node, order); },
                   [&](const WriteReady& ready) { write(node, ready.connection); },
                   [&](const CloseConnection& order) { close(node, order); },
                   [&](const AskPolicy& asked) {
                     node.asked.push_back(asked.question);
                     const auto* what = std::get_if<AuthorizeQuestion>(&asked.what);
                     const bool meets = what && std::holds_alternative<MeetRequest>(what->request);
                     const auto verdict = meets && node.knows_nobody ? Verdict::no : node.verdict;
                     if (verdict) node.engine->on_verdict(asked.question, *verdict, now);
                   },
                   [&](const JoinFailed& failed) { node.join_failures.push_back(failed); },
                   [&](const EntranceLearned& learned) { node.entrances.push_back(learned); },
                   [&](const DialTimeUsed& used) { node.dial_times_used.push_back(used.time); },
                   [&](const DialTimeSeen& seen) { node.dial_times.push_back(seen); },
                   [&](const TurnedAway& turned) { node.turned_away.push_back(turned); },
                   [&](const PeerJoined& peer) { node.joined.push_back(peer.node); },
                   [&](const PeerLost& peer) { node.lost.push_back(peer); },
                   [&](const Delivered& delivered) {
                     const ByteView payload = delivered.payload;
                     node.delivered.emplace_back(payload.begin(), payload.end());
                   },
                   [&](const RelationOutput& told) {
                     if (node.on_relation) node.on_relation(told);
                   },
                   [&](const Left&) { node.left = true; }, [](const auto&) {}},
        *output);
  }
}

void EngineLab::dial(Node& node, const Dial& order) {
  ++node.dials;
  Wire& wire = *wires_.emplace_back(std::make_unique<Wire>());
  wire.sides[0] = {.node = &node, .connection = order.connection};
  wire.latency = next_latency();
  later(wire, [this, &wire, to = order.to] { connect(wire, to); });
}

void EngineLab::connect(Wire& wire, const Endpoint& to) {
  Side& dialer = wire.sides[0];
  if (dialer.gone) return;
  const auto listener =
      std::ranges::find(nodes_, to, [](const auto& node) { return node->endpoint; });
  if (const auto host = hosts_.find(to); host != hosts_.end()) {
    Stranger& stranger = *strangers_.emplace_back(std::make_unique<Stranger>());
    TestNode& self = *host->second;
    stranger.party.emplace(Session::accept(self.local, default_config(), self.random, now));
    visitors.push_back(&stranger);
    wire.sides[1].stranger = &stranger;
  } else if (listener != nodes_.end()) {
    const auto connection = (*listener)->engine->on_accepted(dialer.node->endpoint, now);
    if (connection) wire.sides[1] = {.node = listener->get(), .connection = *connection};
    drain(**listener);
  }
  const bool stands = wire.sides[1].stranger || wire.sides[1].node;
  if (stands)
    dialer.node->engine->on_connected(dialer.connection, now);
  else
    dialer.node->engine->on_connect_failed(dialer.connection, now);
  dialer.gone = !stands;
  drain(*dialer.node);
}

void EngineLab::write(Node& node, ConnectionId connection) {
  const auto [wire, side] = find(node, connection);
  if (!wire) return;
  const Stranger* reader = wire->sides[1 - side].stranger;
  if (reader && !reader->reads) return;
  for (;;) {
    Bytes bytes;
    node.engine->take_bytes(connection, 64U << 10, bytes, now);
    if (bytes.empty()) return;
    say(*wire, side, bytes);
  }
}

void EngineLab::close(Node& node, const CloseConnection& order) {
  node.closings.push_back(order.mode);
  if (order.mode == CloseMode::linger) write(node, order.connection);
  const auto [wire, side] = find(node, order.connection);
  if (!wire) return;
  wire->sides[side].gone = true;
  later(*wire, [this, &closed = *wire, to = 1 - side, lost = order.mode == CloseMode::drop] {
    end(closed, to, lost);
  });
}

void EngineLab::say(Wire& wire, int from, const Bytes& bytes) {
  if (!bytes.empty())
    later(wire, [this, &wire, to = 1 - from, bytes] { deliver(wire, to, bytes); });
}

void EngineLab::deliver(Wire& wire, int to, const Bytes& bytes) {
  Side& side = wire.sides[to];
  if (side.gone || !(side.node || side.stranger)) return;
  const auto arriving = reset_after ? reset_after(to == 1, bytes) : std::nullopt;
  hear(side, ByteView(bytes).first(arriving.value_or(bytes.size())));
  if (!arriving) return;
  end(wire, 0, true);
  end(wire, 1, true);
}

void EngineLab::hear(Side& side, ByteView bytes) {
  if (bytes.empty()) return;
  if (side.node) {
    side.node->engine->on_bytes(side.connection, bytes, now);
    return drain(*side.node);
  }
  append(side.stranger->heard, bytes);
  if (!side.stranger->party) return;
  side.stranger->party->hear(bytes, now);
  say(*side.stranger);
}

void EngineLab::end(Wire& wire, int to, bool lost) {
  Side& side = wire.sides[to];
  if (side.gone || !(side.node || side.stranger)) return;
  if (side.node) {
    side.gone = lost;
    if (lost)
      side.node->engine->on_connection_lost(side.connection, now);
    else
      side.node->engine->on_end_of_stream(side.connection, now);
    return drain(*side.node);
  }
  (lost ? side.stranger->lost : side.stranger->ended) = true;
  if (side.stranger->party) side.stranger->party->hear_end(now);
}

auto EngineLab::find(const Node& node, ConnectionId connection) -> std::pair<Wire*, int> {
  for (const auto& wire : wires_)
    for (int side = 0; side < 2; ++side)
      if (wire->sides[side].node == &node && wire->sides[side].connection == connection)
        return {wire.get(), side};
  return {};
}

auto EngineLab::find(const Stranger& stranger) -> std::pair<Wire*, int> {
  for (const auto& wire : wires_)
    for (int side = 0; side < 2; ++side)
      if (wire->sides[side].stranger == &stranger) return {wire.get(), side};
  return {};
}

}  // namespace kith::overlay::test
