// What the network of a `RegionWorld` does.

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "core/overloaded.hpp"
#include "tests/overlay/coordinator/region_world.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSaidMax = 256;
constexpr Duration kAnswerTimeout = 3s;

}  // namespace

void RegionWorld::at(Duration delay, Event event) {
  events_.emplace(std::pair{now_.time + delay, next_event_++}, std::move(event));
}

void RegionWorld::connect(Node& a, Node& b, Duration delay) {
  at(delay, [this, &a, &b, lives = std::pair{a.life, b.life}] {
    if (!a.alive || !b.alive || lives != std::pair{a.life, b.life} || !reaches(a, b)) return;
    for (Node* node : {&a, &b}) {
      node->neighbours.join((node == &a ? b : a).actor.id());
      node->coordinator->on_region_changed(now_);
      drain(*node);
    }
  });
}

void RegionWorld::disconnect(Node& a, Node& b, Duration delay) {
  at(delay, [this, &a, &b, lives = std::pair{a.life, b.life}] {
    if (!a.alive || lives != std::pair{a.life, b.life}) return;
    if (b.alive && reaches(a, b)) return;
    a.neighbours.leave(b.actor.id());
    a.coordinator->on_region_changed(now_);
    drain(a);
  });
}

void RegionWorld::choose_relays(Node& client) {
  std::vector<Fingerprint> relays;
  for (const auto& it : nodes_)
    if (!it->client && it->alive && reaches(client, *it) && relays.size() < kRelaysMax)
      relays.push_back(it->actor.id());
  if (relays != client.relays && !relays.empty()) {
    client.relays = relays;
    client.declarations->set_node(client.actor.node_token(now_.wall), relays, now_);
    drain(client);
  }
  at(5s, [this, &client, life = client.life] {
    if (client.alive && client.life == life) choose_relays(client);
  });
}

void RegionWorld::drain(Node& node) {
  for (bool more = true; more;) {
    more = false;
    if (auto output = node.declarations->poll_output()) {
      handle(node, std::move(*output));
      more = true;
    }
    if (!node.coordinator) continue;
    if (auto output = node.coordinator->poll_output()) {
      handle(node, std::move(*output));
      more = true;
    }
  }
}

void RegionWorld::handle(Node& node, Declarations::Output output) {
  std::visit(
      Overloaded{
          [&](Declarations::RouteToSubject& order) { route(node, std::move(order)); },
          [&](const Declarations::Held& held) {
            EXPECT_FALSE(held.holders.empty());
            EXPECT_TRUE(node.own.contains(held.declaration));
          },
          // Clocks are set back and limits reached in this world; it is asked again.
          [](const Declarations::Refused&) {},
          [&](const Declarations::NeedsRenewal& order) { renew(node, order); },
          [&](const Declarations::Matched& matched) {
            EXPECT_FALSE(node.matches.contains({matched.declaration, key_of(matched.peer.intent)}));
            note_match(node, matched.declaration, matched.peer);
          },
          [&](const Declarations::PeerChanged& changed) {
            EXPECT_TRUE(node.matches.contains({changed.declaration, key_of(changed.peer.intent)}));
            note_match(node, changed.declaration, changed.peer);
          },
          [&](const Declarations::Unmatched& unmatched) {
            EXPECT_EQ(node.matches.erase({unmatched.declaration, unmatched.peer}), 1U);
          }},
      output);
}

void RegionWorld::handle(Node& from, Coordinator::Output output) {
  std::visit(Overloaded{[&](Coordinator::Answer& answer) {
                          const auto waiting = routes_.extract({from.actor.id(), answer.route});
                          remember(answer.payload);
                          if (waiting) waiting.mapped()(std::move(answer.payload));
                        },
                        [&](Coordinator::SendToNode& order) {
                          remember(order.message);
                          deliver(from, node(order.peer), std::move(order.message));
                        },
                        [&](const Coordinator::Push& order) {
                          remember(order.payload);
                          push(from, order);
                        },
                        [&](const Coordinator::Ask& ask) {
                          from.coordinator->on_verdict(ask.question, Verdict::yes, now_);
                        }},
             output);
}

void RegionWorld::route(Node& from, Declarations::RouteToSubject order) {
  remember(order.payload);
  const unsigned life = from.life;
  at(kAnswerTimeout, [this, &from, life, request = order.request] {
    if (!from.alive || from.life != life) return;
    from.declarations->on_no_answer(request, now_);
    drain(from);
  });
  // A client asks through a relay, and whoever that takes for the closest gets it.
  Node* first = &from;
  if (from.client)
    first = from.relays.empty() ? nullptr : &node(from.relays[random_.below(from.relays.size())]);
  if (first == nullptr || !first->alive || !reaches(from, *first) || is_lost()) return;
  routing::ContactIndex contact{};
  const auto found = first->neighbours.table().closest(order.key, {&contact, 1});
  Node& to = node(first->neighbours.table().book()[found.front()]);
  at(latency(from, to), [this, &from, &to, life, order = std::move(order)] {
    if (!to.alive || !reaches(from, to)) return;
    const RouteId route{next_route_++};
    routes_.emplace(std::pair{to.actor.id(), route}, [this, &from, &to, life,
                                                      request = order.request](Bytes payload) {
      if (is_lost()) return;
      at(latency(to, from), [this, &from, life, request, payload = std::move(payload)] {
        if (!from.alive || from.life != life) return;
        from.declarations->on_answer(request, payload, now_);
        drain(from);
      });
    });
    if (decode_withdraw(order.payload))
      to.coordinator->on_withdraw(route, order.payload, now_);
    else
      to.coordinator->on_declare(route, from.actor.id(), order.payload, now_);
    drain(to);
  });
}

void RegionWorld::deliver(Node& from, Node& to, Bytes message) {
  EXPECT_LE(message.size(), kCoordinatorMessageBytesMax);
  if (!from.neighbours.has(to.actor.id()) || is_lost()) return;
  at(latency(from, to), [this, &from, &to, life = to.life, message = std::move(message)] {
    if (!to.alive || to.life != life || !reaches(from, to)) return;
    to.coordinator->on_message(from.actor.id(), message, now_);
    drain(to);
  });
}

void RegionWorld::push(Node& from, const Coordinator::Push& order) {
  EXPECT_LE(order.payload.size(), kCoordinatorMessageBytesMax);
  Node& to = node(order.to);
  EXPECT_EQ(order.relays.empty(), !to.client);
  const auto leads_there = [&](const Fingerprint& relay) {
    return node(relay).alive && reaches(from, node(relay)) && reaches(node(relay), to);
  };
  if (to.client && std::ranges::none_of(order.relays, leads_there)) return;
  if (is_lost()) return;
  at(latency(from, to), [this, &from, &to, life = to.life, payload = order.payload] {
    if (!to.alive || to.life != life || !reaches(from, to)) return;
    to.declarations->on_push(payload, now_);
    drain(to);
  });
}

void RegionWorld::renew(Node& node, const Declarations::NeedsRenewal& order) {
  IntentToken& intent = node.own.at(order.declaration);
  intent = issue(node, key_of(intent), intent.token.audience(),
                 std::max(now_.wall, order.issued_after + Duration(1)));
  node.declarations->renew(order.declaration, intent, now_);
}

/// Whatever is believed was said by who it speaks of, and to us.
void RegionWorld::note_match(Node& node, Declarations::Id id, const PeerIntent& peer) {
  EXPECT_TRUE(issued_.contains(crypto::blake2b_256({peer.intent.token.raw()})));
  EXPECT_TRUE(intents_match(node.own.at(id), peer.intent));
  EXPECT_NE(peer.intent.node, node.actor.id());
  node.matches.insert_or_assign({id, key_of(peer.intent)}, peer);
}

bool RegionWorld::is_lost() { return loss_percent_ > 0 && random_.below(100) < loss_percent_; }

/// The same for all messages of a pair, so that they stay in order.
Duration RegionWorld::latency(const Node& from, const Node& to) const {
  const std::uint64_t mix = mix64(from.actor.id().top64() ^ to.actor.id().top64());
  return 5ms + Duration(static_cast<std::int64_t>(mix % 80'000));
}

bool RegionWorld::reaches(const Node& a, const Node& b) const {
  return far_side_.contains(a.actor.id()) == far_side_.contains(b.actor.id());
}

RegionWorld::Node& RegionWorld::node(const Fingerprint& id) {
  const auto found =
      std::ranges::find_if(nodes_, [&](const auto& it) { return it->actor.id() == id; });
  return **found;
}

IntentToken RegionWorld::issue(Node& node, IntentKey key, const Fingerprint& audience,
                               WallTime at) {
  const IntentToken intent = node.actor.intent(
      {.subject = key.subject, .role = key.role, .at = at, .life = 10min, .audience = audience});
  issued_.insert(crypto::blake2b_256({intent.token.raw()}));
  return intent;
}

void RegionWorld::remember(ByteView bytes) {
  said_.emplace_back(bytes.begin(), bytes.end());
  if (said_.size() > kSaidMax) said_.pop_front();
}

}  // namespace kith::overlay::test
