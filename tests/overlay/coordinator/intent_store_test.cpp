#include "overlay/coordinator/intent_store.hpp"

#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/overlay/coordinator/actors.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using kith::test::for_each_seed;
using Id = IntentStore::Id;

/// A pool of actors that declare, withdraw and expire at random.
struct Script {
  explicit Script(Random& source) : random(source) {
    for (int i = 0; i < 8; ++i) actors.emplace_back(source, random.below(2) == 0);
    for (int i = 0; i < 3; ++i) subjects.push_back(random_fingerprint(random));
  }

  Actor& actor() { return actors[random.below(actors.size())]; }
  Actor::Wish wish() {
    return {.subject = subjects[random.below(subjects.size())],
            .role = static_cast<IntentRole>(1 + random.below(3)),
            .at = kStart.wall + Duration(static_cast<std::int64_t>(random.below(1000)))};
  }

  void step() {
    const PeerIntent peer = actor().peer_intent(wish());
    const IntentKey key = key_of(peer.intent);
    switch (random.below(6)) {
      case 0:
      case 1:
      case 2:
        if (const auto id = store.put(peer, {}, kStart.time + 1h)) model[key] = *id;
        break;
      case 3:
        for (const Actor& who : actors)
          if (who.id() == peer.intent.node)
            if (const auto id = store.put(who.withdrawal(peer.intent), {}, kStart.time + 1h))
              model[key] = *id;
        break;
      case 4:
        if (model.contains(key) && store[model[key]].intent() != nullptr)
          store.expire(model[key], kStart.time, kStart.time + 2h);
        break;
      case 5:
        if (!model.contains(key)) break;
        store.erase(model[key]);
        model.erase(key);
        break;
    }
  }

  Random& random;
  std::vector<Actor> actors;
  std::vector<Fingerprint> subjects;
  IntentStore store{{.total = 20,
                     .per_subject = 10,
                     .per_identity = 8,
                     .per_node = 4,
                     .orphans = 6,
                     .orphans_per_identity = 2}};
  std::map<IntentKey, Id> model;
};

TEST(IntentStore, HoldsWhatAModelHolds) {
  for_each_seed(1000, [](Random& random) {
    Script script(random);
    for (int i = 0; i < 60; ++i) script.step();
    script.store.sanity_check();
    ASSERT_EQ(script.store.records(), script.model.size());
    for (const auto& [key, id] : script.model) ASSERT_EQ(script.store.find(key), id);
    for (const Fingerprint& subject : script.subjects) {
      std::vector<Id> expected;
      for (const auto& [key, id] : script.model)
        if (key.subject == subject) expected.push_back(id);
      ASSERT_EQ(script.store.records_of(subject), expected);
    }
  });
}

TEST(IntentStore, NeverGoesBeyondALimit) {
  for_each_seed(50, [](Random& random) {
    Script script(random);
    for (int i = 0; i < 400; ++i) {
      script.step();
      std::map<Fingerprint, std::size_t> identities;
      std::map<Fingerprint, std::size_t> subjects;
      std::map<Fingerprint, std::size_t> nodes;
      std::map<Fingerprint, std::size_t> orphans;
      for (const auto& [key, id] : script.model) {
        ASSERT_LE(++identities[key.identity], 8U);
        orphans[key.identity] += script.store[id].orphan ? 1U : 0U;
        ASSERT_LE(orphans[key.identity], 2U);
        if (script.store[id].intent() == nullptr) continue;
        ASSERT_LE(++subjects[key.subject], 10U);
        ASSERT_LE(++nodes[key.node], 4U);
      }
      ASSERT_LE(script.store.orphans(), 6U);
      ASSERT_LE(script.model.size(), 20U + script.store.orphans());
    }
  });
}

TEST(IntentStore, AWalkVisitsEveryCounterpartThatStays) {
  for_each_seed(1000, [](Random& random) {
    Script script(random);
    for (int i = 0; i < 30; ++i) script.step();
    const Fingerprint subject = script.subjects[0];
    if (script.store.subject(subject) == nullptr) return;
    const auto role = static_cast<IntentRole>(1 + random.below(3));
    const auto counterparts = [&] {
      std::set<IntentKey> keys;
      for (const auto& [key, id] : script.model)
        if (key.subject == subject && script.store[id].intent() != nullptr &&
            roles_match(role, key.role))
          keys.insert(key);
      return keys;
    };
    std::set<IntentKey> staying = counterparts();
    std::set<IntentKey> visited;
    IntentStore::Cursor cursor;
    while (script.store.subject(subject) != nullptr) {
      const auto id = IntentStore::next(*script.store.subject(subject), role, cursor);
      if (!id) break;
      visited.insert(*script.store[*id].key);
      ASSERT_TRUE(roles_match(role, script.store[*id].key->role));
      // Others come, go and are renewed in the middle of the walk.
      script.step();
      const std::set<IntentKey> left = counterparts();
      std::erase_if(staying, [&](const IntentKey& key) { return !left.contains(key); });
    }
    for (const IntentKey& key : staying) ASSERT_TRUE(visited.contains(key));
  });
}

TEST(IntentStore, TheDigestTellsContentsApart) {
  SeededRandom random(4);
  Script script(random);
  const Fingerprint subject = script.subjects[0];
  const auto digest = [&](const IntentStore& store) { return store.subject(subject)->digest; };
  IntentStore one({});
  IntentStore other({});
  const PeerIntent a = script.actors[0].peer_intent({.subject = subject});
  const PeerIntent b = script.actors[1].peer_intent({.subject = subject});
  (void)one.put(a, {}, kStart.time);
  (void)one.put(b, {}, kStart.time);
  (void)other.put(b, {}, kStart.time);
  EXPECT_NE(digest(one), digest(other));
  (void)other.put(a, {}, kStart.time);
  EXPECT_EQ(digest(one), digest(other));
  (void)other.put(script.actors[0].withdrawal(a.intent), {}, kStart.time);
  EXPECT_NE(digest(one), digest(other));
}

TEST(IntentStore, KeepsTheNewerNodeToken) {
  SeededRandom random(5);
  const Actor actor(random);
  const Fingerprint subject = random_fingerprint(random);
  IntentStore store({});
  PeerIntent peer = actor.peer_intent({.subject = subject});
  peer.node = actor.node_token(after(1min).wall);
  const NodeToken newer = peer.node;
  (void)store.put(peer, {}, kStart.time);
  peer = actor.peer_intent({.subject = subject, .role = IntentRole::send});
  const auto id = store.put(peer, {}, kStart.time);
  EXPECT_EQ(*store.node_token(actor.id()), newer.token);
  EXPECT_TRUE(std::ranges::equal(store.view(*id).node, newer.token.raw()));
}

}  // namespace
}  // namespace kith::overlay::test
