#include "overlay/coordinator/intent_store.hpp"

#include <iterator>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/overlay/coordinator/actors.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using kith::test::for_each_seed;

const Fingerprint kRealm = Fingerprint::parse(std::string(64, '7')).value();

/// A pool of actors that declare, withdraw and expire at random.
struct Script {
  explicit Script(Random& source) : random(source) {
    for (int i = 0; i < 8; ++i) actors.emplace_back(source, random.below(2) == 0);
    for (int i = 0; i < 3; ++i) subjects.push_back(random_fingerprint(random));
    // Everybody, the realm, or one of the others; most often somebody who is addressed as well.
    for (std::size_t i = 0; i < actors.size(); ++i) {
      const std::uint64_t whom = random.below(4);
      audiences.push_back(whom == 0   ? Fingerprint{}
                          : whom == 1 ? kRealm
                                      : actors[random.below(actors.size())].identity);
    }
  }

  /// An intent of one of the actors.
  PeerIntent peer_intent() {
    const std::size_t who = random.below(actors.size());
    return actors[who].peer_intent(
        {.subject = subjects[random.below(subjects.size())],
         .role = static_cast<IntentRole>(1 + random.below(3)),
         .at = kStart.wall + Duration(static_cast<std::int64_t>(random.below(1000))),
         .audience = audiences[who]});
  }

  /// Those that fit a record by what it says of itself.
  [[nodiscard]] std::set<IntentKey> counterparts(IntentStore::Id id) const {
    const IntentStore::Record& record = store[id];
    const auto addresses = [](const IntentStore::Record& from, const IntentStore::Record& to) {
      const Fingerprint audience = from.audience();
      return audience.is_zero() || audience == kRealm || audience == to.key->identity;
    };
    std::set<IntentKey> keys;
    for (const auto& [key, other] : model)
      if (key.subject == record.key->subject && store[other].intent() != nullptr &&
          roles_match(record.key->role, key.role) && addresses(record, store[other]) &&
          addresses(store[other], record))
        keys.insert(key);
    return keys;
  }

  void step() {
    const PeerIntent peer = peer_intent();
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
  std::vector<Fingerprint> audiences;  ///< Of each actor.
  IntentStore store{{.total = 20,
                     .per_subject = 10,
                     .per_identity = 8,
                     .per_node = 4,
                     .orphans = 6,
                     .orphans_per_identity = 2},
                    kRealm};
  std::map<IntentKey, IntentStore::Id> model;
};

TEST(IntentStore, HoldsWhatAModelHolds) {
  for_each_seed(1000, [](Random& random) {
    Script script(random);
    for (int i = 0; i < 60; ++i) script.step();
    script.store.sanity_check();
    ASSERT_EQ(script.store.records(), script.model.size());
    for (const auto& [key, id] : script.model) ASSERT_EQ(script.store.find(key), id);
    for (const Fingerprint& subject : script.subjects) {
      std::vector<IntentStore::Id> expected;
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
    if (script.model.empty()) return;
    const auto [key, id] =
        *std::next(script.model.begin(), static_cast<long>(random.below(script.model.size())));
    std::set<IntentKey> staying = script.counterparts(id);
    std::set<IntentKey> visited;
    IntentStore::Cursor cursor;
    while (const auto other = script.store.next(id, cursor)) {
      visited.insert(*script.store[*other].key);
      ASSERT_TRUE(script.counterparts(id).contains(*script.store[*other].key));
      // Others come, go and are renewed in the middle of the walk.
      script.step();
      if (!script.model.contains(key)) return;
      const std::set<IntentKey> left = script.counterparts(id);
      std::erase_if(staying, [&](const IntentKey& one) { return !left.contains(one); });
    }
    for (const IntentKey& one : staying) ASSERT_TRUE(visited.contains(one));
  });
}

TEST(IntentStore, KnowsTheDigestOfCounterparts) {
  for_each_seed(300, [](Random& random) {
    Script script(random);
    for (int i = 0; i < 60; ++i) script.step();
    for (const auto& [key, id] : script.model) {
      std::uint64_t sum = 0;
      for (const IntentKey& other : script.counterparts(id))
        if (other.node != key.node) sum += digest_of(other);
      ASSERT_EQ(script.store.digest_of_counterparts(id), sum);
    }
  });
}

/// Declares under so many subjects as it may, up to `most`; how many those are.
std::size_t grab(IntentStore& store, Random& random, const Actor& actor, std::size_t most) {
  for (std::size_t i = 0; i < most; ++i)
    if (!store.put(actor.peer_intent({.subject = random_fingerprint(random)}), {}, kStart.time))
      return i;
  return most;
}

TEST(IntentStore, IsNeverFullForTheSakeOfAFew) {
  for_each_seed(10, [](Random& random) {
    constexpr std::size_t kTotal = 2000;
    IntentStore store({.total = kTotal, .least_share = 4});
    const std::size_t greedy = 1 + random.below(12);
    for (std::size_t i = 0; i < greedy; ++i) {
      // Some share a node, some have many.
      Actor actor(random, true);
      const std::size_t nodes = 1 + random.below(3);
      for (std::size_t node = 0; node < nodes; ++node) {
        Actor at(random, true);
        at.identity_key = actor.identity_key.clone();
        at.identity = actor.identity;
        static_cast<void>(grab(store, random, at, kTotal));
      }
    }
    double left = kTotal;
    for (std::size_t i = 0; i < greedy; ++i) left = left * 8 / 9 - 1;
    EXPECT_GE(static_cast<double>(kTotal - store.records()), left);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(grab(store, random, Actor(random), 10), 10U);
    store.sanity_check();
  });
}

TEST(IntentStore, LetsANewcomerInAsLongAsThereIsRoom) {
  SeededRandom random(1);
  IntentStore store({.total = 100, .least_share = 4});
  while (store.records() < 100) ASSERT_GT(grab(store, random, Actor(random), 100), 0U);
  EXPECT_EQ(grab(store, random, Actor(random), 1), 0U);
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
