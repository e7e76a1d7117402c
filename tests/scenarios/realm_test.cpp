// Overlays in which nobody but the leader of the realm may say who comes in.

#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <variant>

#include <gtest/gtest.h>
#include <kith/policy.hpp>

#include "overlay/sim/crypto.hpp"
#include "tests/scenarios/town.hpp"
#include "tokens/verify.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;

/// Six founders, of whom the second is the leader's node; the others defer everybody else.  All
/// newcomers enter through the first.
class RealmTown {
 public:
  static constexpr HostIndex kLeader = 1;
  static constexpr HostIndex kFounders = 6;

  explicit RealmTown(std::uint64_t seed) : town(seed, config()) {}

  [[nodiscard]] bool found() {
    town.found(kFounders);
    if (!town.wait_until_ready()) return false;
    town.world.run_for(10s);
    return true;
  }

  HostIndex add(Participation role = Participation::member) {
    return town.world.add_node({.role = role, .join = {0}});
  }

  [[nodiscard]] bool becomes_ready(HostIndex node, Duration most) {
    return town.world.run_while_not([&] { return town.world.engine(node).is_ready(); }, most);
  }
  [[nodiscard]] std::vector<Errc>& failures(HostIndex node) { return town.join_failures[node]; }

  /// What the leader says of everybody.
  Verdict word = Verdict::yes;
  /// How often it was asked, by whom it was asked about.
  std::map<Fingerprint, int> asked;
  Town town;

 private:
  sim::WorldConfig config() {
    sim::WorldConfig config;
    config.configure = [this](HostIndex node, overlay::EngineConfig& engine) {
      SeededRandom random(7);
      auto key = engine.primitives->signatures->generate(random);
      realm_ = identity_fingerprint(key.public_key);
      engine.realm = realm_;
      if (node == kLeader) engine.identity_key = std::move(key);
    };
    config.policy = [this](HostIndex node, const PolicyQuestion& question) {
      const auto* authorize = std::get_if<AuthorizeQuestion>(&question);
      return authorize ? judge(node, *authorize) : Verdict::yes;
    };
    return config;
  }

  Verdict judge(HostIndex asked_node, const AuthorizeQuestion& question) {
    const Fingerprint& who = question.peer.fingerprint();
    if (std::holds_alternative<JudgeRequest>(question.request)) {
      ++asked[who];
      return word;
    }
    if (!std::holds_alternative<JoinRequest>(question.request)) return Verdict::yes;
    const auto node = town.world.find(who);
    if (who == realm_ || (node && *node < kFounders)) return Verdict::yes;
    return asked_node == kLeader ? word : Verdict::defer;
  }

  Fingerprint realm_;
};

TEST(Realm, R43_LetsInWhoWasDeferredAfterTheLeadersYes) {
  for_each_town(5, [](Random& random) {
    RealmTown realm(random.next_u64());
    ASSERT_TRUE(realm.found());
    const HostIndex newcomer = realm.add();
    EXPECT_TRUE(realm.becomes_ready(newcomer, 20s));
    EXPECT_EQ(realm.failures(newcomer), std::vector{Errc::deferred});
    EXPECT_GT(realm.town.world.engine(newcomer).status().sessions, 0U);
    // The others have let it in as well after a while.
    realm.town.world.run_for(1min);
    EXPECT_EQ(realm.town.world.engine(newcomer).status().sessions, RealmTown::kFounders);
    // Whoever asked, it thought once.
    EXPECT_EQ(realm.asked.at(realm.town.world.id(newcomer)), 1);
  });
}

TEST(Realm, R43_LetsInAClientAfterTheLeadersYes) {
  for_each_town(3, [](Random& random) {
    RealmTown realm(random.next_u64());
    ASSERT_TRUE(realm.found());
    EXPECT_TRUE(realm.becomes_ready(realm.add(Participation::client), 20s));
  });
}

TEST(Realm, R43_RefusesWhoWasDeferredAfterTheLeadersNo) {
  for_each_town(5, [](Random& random) {
    RealmTown realm(random.next_u64());
    ASSERT_TRUE(realm.found());
    realm.word = Verdict::no;
    const HostIndex newcomer = realm.add();
    realm.town.world.run_for(30s);
    EXPECT_EQ(realm.failures(newcomer), (std::vector{Errc::deferred, Errc::refused}));
    EXPECT_FALSE(realm.town.world.engine(newcomer).is_ready());
    EXPECT_EQ(realm.asked.at(realm.town.world.id(newcomer)), 1);
  });
}

TEST(Realm, R43_WaitsForALeaderThatIsOffline) {
  for_each_town(5, [](Random& random) {
    RealmTown realm(random.next_u64());
    ASSERT_TRUE(realm.found());
    realm.town.world.crash(RealmTown::kLeader);
    const HostIndex newcomer = realm.add();
    realm.town.world.run_for(2min);
    const std::vector<Errc> failures = realm.failures(newcomer);
    // After 5, 10, 20, 40 and 80 s, give or take a quarter.
    EXPECT_GE(failures.size(), 4U);
    EXPECT_LE(failures.size(), 6U);
    for (const Errc why : failures) EXPECT_EQ(why, Errc::deferred);
    EXPECT_FALSE(realm.town.world.engine(newcomer).is_ready());
    realm.town.world.restart(RealmTown::kLeader);
    EXPECT_TRUE(realm.becomes_ready(newcomer, 4min));
  });
}

TEST(Realm, R43_AsksAgainWhenAJudgementIsOver) {
  for_each_town(2, [](Random& random) {
    RealmTown realm(random.next_u64());
    ASSERT_TRUE(realm.found());
    const HostIndex newcomer = realm.add(Participation::client);
    ASSERT_TRUE(realm.becomes_ready(newcomer, 20s));
    // As long as the judgement holds it is let in at once.
    realm.town.world.crash(newcomer);
    realm.town.world.run_for(20min);
    realm.town.world.restart(newcomer);
    EXPECT_TRUE(realm.becomes_ready(newcomer, 3s));
    EXPECT_EQ(realm.failures(newcomer), std::vector{Errc::deferred});
    realm.town.world.crash(newcomer);
    realm.town.world.run_for(1h);
    realm.word = Verdict::no;
    realm.town.world.restart(newcomer);
    realm.town.world.run_for(30s);
    EXPECT_EQ(realm.failures(newcomer),
              (std::vector{Errc::deferred, Errc::deferred, Errc::refused}));
    EXPECT_EQ(realm.asked.at(realm.town.world.id(newcomer)), 2);
  });
}

TEST(Realm, R43_AsksTheLeaderOnceAboutEachOfAFlood) {
  for_each_town(2, [](Random& random) {
    RealmTown realm(random.next_u64());
    ASSERT_TRUE(realm.found());
    realm.word = Verdict::no;
    for (int i = 0; i < 40; ++i) {
      (void)realm.add();
      realm.town.world.run_for(20ms);
    }
    realm.town.world.run_for(2min);
    EXPECT_EQ(realm.asked.size(), 40U);
    for (const auto& [who, times] : realm.asked) EXPECT_EQ(times, 1);
  });
}

}  // namespace
}  // namespace kith::test
