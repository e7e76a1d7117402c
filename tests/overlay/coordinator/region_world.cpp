#include "tests/overlay/coordinator/region_world.hpp"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

std::uint64_t between(Random& random, std::uint64_t least, std::uint64_t most) {
  return least + random.below(most - least + 1);
}

Duration milliseconds(std::uint64_t count) {
  return Duration(static_cast<std::int64_t>(1000 * count));
}

CoordinatorConfig coordinator_config() {
  CoordinatorConfig config;
  config.region_size = 3;
  config.pairs_per_step = 8;
  config.handover_at_once = 2;
  config.subjects_per_step = 1;
  return config;
}

}  // namespace

RegionWorld::Node::Node(Random& random, bool is_client)
    : actor(random, random.below(2) == 0), client(is_client), neighbours(actor.id()) {}

RegionWorld::RegionWorld(Random& random, const Options& options)
    : random_(random), options_(options), loss_percent_(options.loss_percent) {
  for (std::size_t i = 0; i < options.members + options.clients; ++i)
    nodes_.push_back(std::make_unique<Node>(random, i >= options.members));
  for (std::size_t i = 0; i < options.subjects; ++i)
    subjects_.push_back(random_fingerprint(random));
  for (const auto& it : nodes_) start(*it);
}

void RegionWorld::step() {
  switch (random_.below(10)) {
    case 0:
    case 1:
    case 2:
    case 3:
      declare(any());
      break;
    case 4:
      withdraw(any());
      break;
    case 5:
      if (options_.crashes) crash(any());
      break;
    case 6:
      start(any());
      break;
    case 7:
      suspect(any(), any());
      break;
    case 8:
      if (options_.partitions) split();
      break;
    default:
      attack();
      break;
  }
  run(milliseconds(random_.below(4) == 0 ? between(random_, 0, 60'000) : between(random_, 0, 500)));
  for (const auto& it : nodes_) {
    if (it->declarations) it->declarations->sanity_check();
    if (it->coordinator) it->coordinator->sanity_check();
  }
}

void RegionWorld::heal() {
  far_side_.clear();
  loss_percent_ = 0;
  for (const auto& a : nodes_) {
    for (const auto& b : nodes_) {
      if (!a->alive || !b->alive || a->client || b->client || a == b) continue;
      connect(*a, *b, milliseconds(between(random_, 0, 1000)));
      a->neighbours.recover(b->actor.id());
    }
    if (a->alive && a->coordinator) a->coordinator->on_region_changed(now_);
    if (a->alive) drain(*a);
    if (a->alive && a->client) choose_relays(*a);
  }
}

void RegionWorld::run(Duration span) {
  const TimePoint end = now_.time + span;
  for (;;) {
    Node* due = nullptr;
    std::optional<TimePoint> next;
    if (!events_.empty()) next = events_.begin()->first.first;
    for (const auto& it : nodes_) {
      if (!it->alive) continue;
      for (const auto at : {it->declarations->next_deadline(),
                            it->coordinator ? it->coordinator->next_deadline() : std::nullopt}) {
        if (!at || (next && *at >= *next)) continue;
        next = at;
        due = it.get();
      }
    }
    if (!next || *next > end) break;
    const Duration pause = std::max(*next - now_.time, Duration::zero());
    now_ = {now_.time + pause, now_.wall + pause};
    if (due != nullptr) {
      due->declarations->on_deadline(now_);
      if (due->coordinator) due->coordinator->on_deadline(now_);
      drain(*due);
    } else {
      const Event event = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      event();
    }
  }
  now_ = {end, now_.wall + (end - now_.time)};
}

void RegionWorld::expect_all_matched() {
  for (const auto& a : nodes_) {
    for (const auto& b : nodes_) {
      if (a == b || !a->alive || !b->alive) continue;
      for (const auto& [id, ours] : a->own)
        for (const auto& [other_id, theirs] : b->own)
          EXPECT_EQ(a->matches.contains({id, key_of(theirs)}), intents_match(ours, theirs))
              << a->actor.id().abbreviated() << " of " << b->actor.id().abbreviated();
    }
  }
}

void RegionWorld::expect_nothing_else() {
  for (const auto& a : nodes_) {
    if (!a->alive) continue;
    for (const auto& [match, peer] : a->matches) {
      Node& other = node(peer.intent.node);
      const bool lives = other.alive && std::ranges::any_of(other.own, [&](const auto& own) {
                           return key_of(own.second) == match.second &&
                                  intents_match(own.second, a->own.at(match.first));
                         });
      EXPECT_TRUE(lives) << a->actor.id().abbreviated() << " still knows "
                         << other.actor.id().abbreviated();
    }
    for (const auto& [id, intent] : a->own) {
      const auto known = std::ranges::count_if(
          a->matches, [&](const auto& match) { return match.first.first == id; });
      EXPECT_EQ(a->declarations->matches(id), static_cast<std::size_t>(known));
    }
  }
}

void RegionWorld::expect_all_held() {
  std::vector<Fingerprint> members;
  for (const auto& it : nodes_)
    if (it->alive && !it->client) members.push_back(it->actor.id());
  for (const auto& a : nodes_) {
    if (!a->alive || members.empty()) continue;
    for (const auto& [id, intent] : a->own)
      for (const Fingerprint& holder :
           closest_of(members, intent.subject(), coordinator_config().region_size)) {
        const IntentStore& store = node(holder).coordinator->store();
        const auto held = store.find(key_of(intent));
        ASSERT_TRUE(held.has_value()) << holder.abbreviated() << " does not hold it";
        ASSERT_NE(store[*held].intent(), nullptr);
        // The latest renewal may still be under way.
        const bool settled = intent.token.issued_at() + 5s < now_.wall;
        EXPECT_TRUE(!settled || store[*held].intent()->token == intent.token);
      }
  }
}

void RegionWorld::start(Node& node) {
  if (node.alive) return;
  node.alive = true;
  ++node.life;
  node.own.clear();
  node.matches.clear();
  node.declarations.emplace(DeclarationsConfig{}, node.actor.node_key, signatures(), random_);
  if (node.client) {
    node.relays.clear();
    choose_relays(node);
    return;
  }
  node.coordinator.emplace(coordinator_config(), node.neighbours.table(), signatures());
  node.declarations->set_node(node.actor.node_token(now_.wall), {}, now_);
  drain(node);
  for (const auto& other : nodes_) {
    if (other.get() == &node || other->client || !other->alive) continue;
    connect(node, *other, milliseconds(between(random_, 0, 1000)));
  }
}

void RegionWorld::crash(Node& node) {
  if (!node.alive) return;
  node.alive = false;
  node.coordinator.reset();
  node.declarations.reset();
  for (const auto& other : nodes_) {
    if (other.get() == &node) continue;
    node.neighbours.leave(other->actor.id());
    if (other->alive && !other->client)
      disconnect(*other, node, milliseconds(between(random_, 100, 1000)));
  }
}

void RegionWorld::declare(Node& node) {
  if (!node.alive) return;
  IntentKey key;
  key.subject = subjects_[random_.below(subjects_.size())];
  key.role = static_cast<IntentRole>(between(random_, 1, 3));
  for (const auto& [id, intent] : node.own)
    if (intent.subject() == key.subject && intent.role == key.role) return;
  Fingerprint audience;
  if (random_.below(4) == 0) audience = any().actor.identity;
  const IntentToken intent = issue(node, key, audience, now_.wall);
  const auto id = node.declarations->add(intent, node.actor.identity_key, now_);
  ASSERT_TRUE(id.has_value());
  node.own.emplace(*id, intent);
  drain(node);
}

void RegionWorld::withdraw(Node& node) {
  if (!node.alive || node.own.empty()) return;
  const auto own =
      std::next(node.own.begin(), static_cast<std::ptrdiff_t>(random_.below(node.own.size())));
  const auto id = own->first;
  node.own.erase(own);
  std::erase_if(node.matches, [id](const auto& match) { return match.first.first == id; });
  node.declarations->remove(id, now_);
  drain(node);
}

void RegionWorld::suspect(Node& node, Node& other) {
  if (!node.alive || node.client || !other.alive) return;
  node.neighbours.suspect(other.actor.id());
  node.coordinator->on_region_changed(now_);
  drain(node);
  at(milliseconds(between(random_, 1, 3000)), [this, &node, &other] {
    if (!node.alive) return;
    node.neighbours.recover(other.actor.id());
    node.coordinator->on_region_changed(now_);
    drain(node);
  });
}

void RegionWorld::split() {
  if (!far_side_.empty()) {
    far_side_.clear();
    for (const auto& a : nodes_)
      for (const auto& b : nodes_)
        if (a != b && a->alive && b->alive && !a->client && !b->client)
          connect(*a, *b, milliseconds(between(random_, 0, 1000)));
    return;
  }
  for (const auto& it : nodes_)
    if (random_.below(2) == 0) far_side_.insert(it->actor.id());
  for (const auto& a : nodes_)
    for (const auto& b : nodes_)
      if (a->alive && b->alive && !a->client && !b->client && !reaches(*a, *b))
        disconnect(*a, *b, milliseconds(between(random_, 100, 1000)));
}

void RegionWorld::attack() {
  Node& victim = any();
  if (!victim.alive || said_.empty()) return;
  Bytes bytes = said_[random_.below(said_.size())];
  switch (random_.below(3)) {
    case 0:
      break;
    case 1:
      for (std::uint64_t i = between(random_, 1, 3); i > 0; --i)
        bytes[random_.below(bytes.size())] = static_cast<Byte>(random_.next_u64());
      break;
    default: {
      // An intent in the name of somebody else.
      PeerIntent forged = any().actor.peer_intent(
          {.subject = subjects_[0], .role = IntentRole::both, .at = now_.wall + 1s});
      const Actor& robbed = any().actor;
      if (robbed.id() == forged.intent.node) return;
      forged.node = robbed.node_token(now_.wall);
      const IntentView view = view_of(forged);
      const RecordView record{0s, view};
      bytes = random_.below(2) == 0 ? encode_matches({&view, 1})
                                    : encode_replicate(1, {&record, 1}, {});
    }
  }
  victim.declarations->on_push(bytes, now_);
  victim.declarations->on_answer(between(random_, 1, 64), bytes, now_);
  if (victim.coordinator) {
    victim.coordinator->on_message(any().actor.id(), bytes, now_);
    victim.coordinator->on_declare(RouteId{0}, {}, bytes, now_);
    victim.coordinator->on_withdraw(RouteId{0}, bytes, now_);
  }
  drain(victim);
}

}  // namespace kith::overlay::test
