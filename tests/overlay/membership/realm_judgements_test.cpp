#include "overlay/membership/realm_judgements.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/membership/realm.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::Actor;
using test::kStart;
using test::signatures;

using AskLeader = RealmJudgements::AskLeader;
using SeekLeader = RealmJudgements::SeekLeader;

struct RealmJudgementsTest : testing::Test {
  RealmJudgementsConfig config() const {
    RealmJudgementsConfig config;
    config.realm = realm.leader.identity;
    config.signatures = &signatures();
    config.pending_max = 20;
    config.known_max = 10;
    config.asks_at_once = 4;
    return config;
  }

  Verdict judge(const Actor& joiner, routing::NetworkTag network = 1) {
    const Verdict verdict = judgements.judge(nullptr, joiner.node_token().token, network, now);
    judgements.sanity_check();
    return verdict;
  }
  /// The joiner has been asked about, and is the only one.
  std::uint64_t ask_about(const Actor& joiner) {
    EXPECT_EQ(judge(joiner), Verdict::defer);
    find_leader();
    const auto asked = take<AskLeader>();
    EXPECT_EQ(asked.size(), 1U);
    return asked.empty() ? 0 : asked[0].request;
  }
  void find_leader() { judgements.on_matched(realm.leader_intent(), now); }
  void answer(std::uint64_t request, const Judgement& judgement) {
    judgements.on_answer(request, encode(judgement), now);
    judgements.sanity_check();
  }

  template <class What>
  std::vector<What> take() {
    std::vector<What> taken;
    while (auto output = judgements.poll_output())
      if (auto* what = std::get_if<What>(&*output)) taken.push_back(std::move(*what));
    return taken;
  }

  void pass(Duration span) {
    const TimePoint end = now.time + span;
    for (auto next = judgements.next_deadline(); next && *next <= end;
         next = judgements.next_deadline()) {
      const Duration step = std::max(*next - now.time, Duration(0));
      now = {now.time + step, now.wall + step};
      judgements.on_deadline(now);
      judgements.sanity_check();
    }
    now = {end, now.wall + (end - now.time)};
  }

  test::Realm realm;
  Instant now = kStart;
  Actor ada = realm.somebody();
  Actor bob = realm.somebody();
  RealmJudgements judgements{config(), realm.random};
};

TEST_F(RealmJudgementsTest, R43_DeferThenSayWhatTheLeaderSays) {
  for (const bool admitted : {false, true}) {
    const Actor joiner = realm.somebody();
    EXPECT_EQ(judge(joiner), Verdict::defer);
    find_leader();
    const auto asked = take<AskLeader>();
    ASSERT_EQ(asked.size(), 1U);
    EXPECT_EQ(asked[0].node, realm.leader.node);
    const Bytes node = Bytes(decode_judge(asked[0].payload)->node.begin(),
                             decode_judge(asked[0].payload)->node.end());
    EXPECT_EQ(decode_node_token(node)->fingerprint(), joiner.node);
    answer(asked[0].request, realm.judgement(realm.joiner(joiner), admitted, now));
    EXPECT_EQ(judge(joiner), admitted ? Verdict::yes : Verdict::no);
  }
}

TEST_F(RealmJudgementsTest, AreOfAnIdentityAtANode) {
  const Actor person = realm.somebody(true);
  IdentityTokenParams params;
  params.realm = realm.leader.identity;
  params.issued_at = now.wall;
  params.node = person.node;
  const Token identity =
      issue_identity_token(params, person.identity_key, signatures(), realm.random)->token;
  const Token node = person.node_token().token;
  ASSERT_EQ(judgements.judge(&identity, node, 1, now), Verdict::defer);
  find_leader();
  const auto asked = take<AskLeader>();
  ASSERT_EQ(asked.size(), 1U);
  answer(asked[0].request, realm.judgement({person.identity, person.node}, true, now));
  EXPECT_EQ(judgements.judge(&identity, node, 1, now), Verdict::yes);
  EXPECT_EQ(judgements.judge(nullptr, node, 1, now), Verdict::defer);
}

TEST_F(RealmJudgementsTest, LookForTheLeaderWhileAnybodyWaits) {
  EXPECT_TRUE(take<SeekLeader>().empty());
  (void)judge(ada);
  (void)judge(bob);
  const auto seeking = take<SeekLeader>();
  ASSERT_EQ(seeking.size(), 1U);
  EXPECT_TRUE(seeking[0].wanted);
  pass(10min + 59s);
  EXPECT_EQ(judgements.pending(), 0U);
  EXPECT_TRUE(take<SeekLeader>().empty());
  pass(2s);
  const auto ended = take<SeekLeader>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_FALSE(ended[0].wanted);
  EXPECT_FALSE(judgements.next_deadline());
}

TEST_F(RealmJudgementsTest, AskNobodyButWhomTheRealmIsNamedBy) {
  (void)judge(ada);
  judgements.on_matched(realm.leader_intent(bob), now);
  EXPECT_TRUE(take<AskLeader>().empty());
  find_leader();
  EXPECT_EQ(take<AskLeader>().size(), 1U);
}

TEST_F(RealmJudgementsTest, AskAboutAJoinerOnceHoweverOftenItComes) {
  find_leader();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(judge(ada), Verdict::defer);
  const auto asked = take<AskLeader>();
  ASSERT_EQ(asked.size(), 1U);
  answer(asked[0].request, realm.judgement(realm.joiner(ada), false, now));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(judge(ada), Verdict::no);
  EXPECT_TRUE(take<AskLeader>().empty());
}

TEST_F(RealmJudgementsTest, TakeNoOthersWordForTheLeaders) {
  const Joiner joiner = realm.joiner(ada);
  Judgement forged = realm.judgement(joiner, true, now);
  forged = sign_judgement(forged, bob.identity_key, signatures());
  Judgement tampered = realm.judgement(joiner, false, now);
  tampered.admitted = true;
  const Judgement bad[] = {forged,
                           tampered,
                           realm.judgement(realm.joiner(bob), true, now),
                           realm.judgement(joiner, true, now, 25h),
                           realm.judgement(joiner, true, {now.time, now.wall - 1h}, 59min),
                           realm.judgement(joiner, true, {now.time, now.wall + 6min}, 1h)};
  std::uint64_t request = ask_about(ada);
  std::uint64_t forgeries = 0;
  for (const Judgement& judgement : bad) {
    answer(request, judgement);
    EXPECT_EQ(judgements.counters().forged, ++forgeries);
    EXPECT_EQ(judge(ada), Verdict::defer);
    judgements.on_matched(realm.leader_intent(realm.leader, now.wall + Duration(forgeries)), now);
    const auto asked = take<AskLeader>();
    ASSERT_EQ(asked.size(), 1U);
    request = asked[0].request;
  }
  judgements.on_answer(request, Bytes{1, 2, 3}, now);
  EXPECT_EQ(judge(ada), Verdict::defer);
  EXPECT_EQ(judgements.known(), 0U);
}

TEST_F(RealmJudgementsTest, ForgetWhatIsOver) {
  answer(ask_about(ada), realm.judgement(realm.joiner(ada), true, now, 1h));
  pass(1h - 1s);
  EXPECT_EQ(judge(ada), Verdict::yes);
  pass(2s);
  EXPECT_EQ(judgements.known(), 0U);
  EXPECT_EQ(judge(ada), Verdict::defer);
  EXPECT_EQ(judgements.pending(), 1U);
}

TEST_F(RealmJudgementsTest, GoByTheDateWhenTheClockIsSet) {
  answer(ask_about(ada), realm.judgement(realm.joiner(ada), true, now, 1h));
  now.wall += 2h;
  EXPECT_EQ(judge(ada), Verdict::defer);
}

TEST_F(RealmJudgementsTest, AskAgainLaterWhenNobodyAnswers) {
  std::uint64_t request = ask_about(ada);
  for (const Duration pause : {5s, 10s, 20s, 40s}) {
    judgements.on_no_answer(request, now);
    pass(pause * 3 / 4 - 1s);
    EXPECT_TRUE(take<AskLeader>().empty());
    pass(pause / 2 + 2s);
    const auto asked = take<AskLeader>();
    ASSERT_EQ(asked.size(), 1U);
    request = asked[0].request;
  }
}

TEST_F(RealmJudgementsTest, AskAtAnotherOfTheLeadersNodes) {
  Actor elsewhere = realm.somebody();
  elsewhere.identity_key = realm.leader.identity_key.clone();
  elsewhere.identity = realm.leader.identity;
  const std::uint64_t request = ask_about(ada);
  judgements.on_matched(realm.leader_intent(elsewhere), now);
  (void)take<AskLeader>();
  judgements.on_no_answer(request, now);
  pass(7s);
  const auto asked = take<AskLeader>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].node, elsewhere.node);
}

TEST_F(RealmJudgementsTest, AskAtOnceWhenTheLeaderIsBack) {
  const std::uint64_t request = ask_about(ada);
  judgements.on_unmatched(key_of(realm.leader_intent().intent));
  judgements.on_no_answer(request, now);
  pass(4min);
  EXPECT_TRUE(take<AskLeader>().empty());
  judgements.on_matched(realm.leader_intent(realm.leader, now.wall), now);
  EXPECT_EQ(take<AskLeader>().size(), 1U);
}

TEST_F(RealmJudgementsTest, AskAgainAfterAnEmptyAnswer) {
  judgements.on_answer(ask_about(ada), {}, now);
  EXPECT_EQ(judgements.counters().forged, 0U);
  EXPECT_EQ(judge(ada), Verdict::defer);
  pass(7s);
  EXPECT_EQ(take<AskLeader>().size(), 1U);
}

TEST_F(RealmJudgementsTest, AreBoundedInAFlood) {
  find_leader();
  std::vector<Actor> flood;
  for (int i = 0; i < 50; ++i) flood.push_back(realm.somebody());
  for (int round = 0; round < 3; ++round)
    for (const Actor& joiner : flood) EXPECT_EQ(judge(joiner), Verdict::defer);
  EXPECT_EQ(judgements.pending(), 20U);
  EXPECT_EQ(judgements.counters().over_limit, 90U);
  std::size_t asked_in_all = 0;
  for (auto asked = take<AskLeader>(); !asked.empty(); asked = take<AskLeader>()) {
    EXPECT_LE(asked.size(), 4U);
    asked_in_all += asked.size();
    for (const AskLeader& ask : asked) {
      const Bytes payload = ask.payload;
      const Fingerprint node = decode_node_token(decode_judge(payload)->node)->fingerprint();
      answer(ask.request, realm.judgement({node, node}, false, now));
    }
  }
  EXPECT_EQ(asked_in_all, 20U);
  EXPECT_EQ(judgements.pending(), 0U);
  EXPECT_EQ(judgements.known(), 10U);
}

TEST_F(RealmJudgementsTest, KeepNobodyOutForTheManyOfOneNetwork) {
  for (int i = 0; i < 50; ++i) (void)judge(realm.somebody(), 7);
  EXPECT_EQ(judge(ada, 8), Verdict::defer);
  for (int i = 0; i < 50; ++i) (void)judge(realm.somebody(), 7);
  EXPECT_EQ(judgements.pending(), 20U);
  EXPECT_EQ(judgements.counters().over_limit, 81U);
  find_leader();
  bool asked_about_ada = false;
  for (auto asked = take<AskLeader>(); !asked.empty(); asked = take<AskLeader>()) {
    for (const AskLeader& ask : asked) {
      const Fingerprint node = decode_node_token(decode_judge(ask.payload)->node)->fingerprint();
      asked_about_ada |= node == ada.node;
      answer(ask.request, realm.judgement({node, node}, node == ada.node, now));
    }
  }
  EXPECT_TRUE(asked_about_ada);
  EXPECT_EQ(judge(ada, 8), Verdict::yes);
}

TEST_F(RealmJudgementsTest, ForgetRefusalsBeforeAdmissions) {
  answer(ask_about(ada), realm.judgement(realm.joiner(ada), true, now));
  for (int i = 0; i < 30; ++i) {
    const Actor joiner = realm.somebody();
    (void)judge(joiner);
    answer(take<AskLeader>().at(0).request, realm.judgement(realm.joiner(joiner), false, now));
  }
  EXPECT_EQ(judge(ada), Verdict::yes);
}

TEST_F(RealmJudgementsTest, AskNobodyWhereNobodyLeads) {
  RealmJudgementsConfig alone = config();
  alone.asks_nobody = true;
  RealmJudgements none(alone, realm.random);
  EXPECT_EQ(none.judge(nullptr, ada.node_token().token, 1, now), Verdict::defer);
  EXPECT_EQ(none.pending(), 0U);
  EXPECT_FALSE(none.poll_output());
}

TEST_F(RealmJudgementsTest, KeepTheirRulesWhateverComes) {
  std::vector<Actor> actors;
  for (int i = 0; i < 40; ++i) actors.push_back(realm.somebody());
  kith::test::for_each_seed(20, [&](Random& random) {
    RealmJudgements machine(config(), random);
    Instant time = kStart;
    std::vector<AskLeader> asked;
    for (int i = 0; i < 300; ++i) {
      const Actor& actor = actors[random.below(actors.size())];
      switch (random.below(7)) {
        case 0:
          machine.on_matched(realm.leader_intent(realm.leader, time.wall), time);
          break;
        case 1:
          machine.on_unmatched(key_of(realm.leader_intent().intent));
          break;
        case 2:
          if (asked.empty()) break;
          machine.on_answer(asked[random.below(asked.size())].request,
                            encode(realm.judgement(realm.joiner(actor), true, time)), time);
          break;
        case 3:
          if (asked.empty()) break;
          machine.on_no_answer(asked[random.below(asked.size())].request, time);
          break;
        case 4:
          time.time += Duration(1s) * static_cast<int>(random.below(300));
          time.wall += Duration(1s) * static_cast<int>(random.below(300));
          machine.on_deadline(time);
          EXPECT_TRUE(!machine.next_deadline() || *machine.next_deadline() > time.time);
          break;
        default:
          (void)machine.judge(nullptr, actor.node_token().token,
                              static_cast<routing::NetworkTag>(random.below(3)), time);
      }
      machine.sanity_check();
      while (auto output = machine.poll_output())
        if (const auto* ask = std::get_if<AskLeader>(&*output)) asked.push_back(*ask);
    }
  });
}

}  // namespace
}  // namespace kith::overlay
