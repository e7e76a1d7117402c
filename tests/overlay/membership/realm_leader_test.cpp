#include "overlay/membership/realm_leader.hpp"

#include <chrono>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/membership/realm.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::Actor;
using test::kStart;
using test::signatures;

struct RealmLeaderTest : testing::Test {
  RealmLeaderConfig config() const {
    RealmLeaderConfig config;
    config.realm = realm.leader.identity;
    config.signatures = &signatures();
    config.questions_max = 5;
    config.given_max = 10;
    return config;
  }

  RouteId judge(ByteView identity, ByteView node) {
    const RouteId route{++routes};
    desk.on_judge(route, peer, encode(JudgeMessage{identity, node}), now);
    return route;
  }
  RouteId judge(const Actor& joiner) { return judge({}, joiner.node_token().token.raw()); }

  template <class What>
  std::vector<What> take() {
    std::vector<What> taken;
    while (auto output = desk.poll_output())
      if (auto* what = std::get_if<What>(&*output)) taken.push_back(std::move(*what));
    return taken;
  }
  /// The policy is asked one question.
  RealmLeader::Ask asked() {
    auto all = take<RealmLeader::Ask>();
    EXPECT_EQ(all.size(), 1U);
    return std::move(all.at(0));
  }

  Bytes identity_of(const Actor& person, const Fingerprint& node, const Fingerprint& of_realm) {
    IdentityTokenParams params;
    params.realm = of_realm;
    params.issued_at = now.wall;
    params.node = node;
    const auto token =
        issue_identity_token(params, person.identity_key, signatures(), realm.random);
    const ByteView raw = token->token.raw();
    return {raw.begin(), raw.end()};
  }

  test::Realm realm;
  Instant now = kStart;
  std::uint32_t routes = 0;
  /// Who brings the questions.
  std::optional<Fingerprint> peer;
  Actor ada = realm.somebody();
  RealmLeader desk{config(), realm.leader.identity_key};
};

TEST_F(RealmLeaderTest, R43_SignsWhatItsPolicySays) {
  for (const Verdict verdict : {Verdict::yes, Verdict::no}) {
    const Actor joiner = realm.somebody();
    const RouteId route = judge(joiner);
    const RealmLeader::Ask ask = asked();
    const auto& what = std::get<AuthorizeQuestion>(ask.what);
    EXPECT_EQ(what.peer.fingerprint(), joiner.node);
    EXPECT_EQ(std::get<JudgeRequest>(what.request).node, joiner.node);
    desk.on_verdict(ask.question, verdict, now);
    const auto answers = take<RealmLeader::Answer>();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].route, route);
    const auto judgement = decode_judgement(answers[0].payload);
    ASSERT_TRUE(judgement);
    EXPECT_EQ(judgement->joiner, realm.joiner(joiner));
    EXPECT_EQ(judgement->admitted, verdict == Verdict::yes);
    EXPECT_TRUE(verify(*judgement, realm.leader.identity_key.public_key, signatures(), now.wall));
  }
}

TEST_F(RealmLeaderTest, SaysNothingWhenItsPolicyDefers) {
  (void)judge(ada);
  desk.on_verdict(asked().question, Verdict::defer, now);
  const auto answers = take<RealmLeader::Answer>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].payload.empty());
  EXPECT_EQ(desk.given(), 0U);
}

TEST_F(RealmLeaderTest, AsksItsPolicyOnceAboutAJoiner) {
  const RouteId first = judge(ada);
  const RouteId second = judge(ada);
  desk.on_verdict(asked().question, Verdict::yes, now);
  const auto answers = take<RealmLeader::Answer>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].route, first);
  EXPECT_EQ(answers[1].route, second);
  const RouteId third = judge(ada);
  const auto again = take<RealmLeader::Answer>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].route, third);
  EXPECT_EQ(again[0].payload, answers[0].payload);
}

TEST_F(RealmLeaderTest, AsksAnewWhenHalfOfTheLifeIsOver) {
  (void)judge(ada);
  desk.on_verdict(asked().question, Verdict::yes, now);
  now = test::after(30min);
  ASSERT_EQ(desk.next_deadline(), now.time);
  desk.on_deadline(now.time);
  EXPECT_EQ(desk.given(), 0U);
  (void)take<RealmLeader::Answer>();
  (void)judge(ada);
  EXPECT_EQ(take<RealmLeader::Ask>().size(), 1U);
}

TEST_F(RealmLeaderTest, AsksNothingAboutWhatIsNotValid) {
  const Actor person = realm.somebody(true);
  Actor stranger(realm.random);
  const Fingerprint home = realm.leader.identity;
  const NodeToken node = person.node_token();
  Bytes tampered(node.token.raw().begin(), node.token.raw().end());
  tampered.back() ^= 1;
  const Bytes elsewhere = identity_of(person, ada.node, home);
  const Bytes foreign = identity_of(person, person.node, {});
  Bytes forged = identity_of(person, person.node, home);
  forged.back() ^= 1;
  (void)judge(stranger);
  (void)judge({}, tampered);
  (void)judge({}, person.node_token(now.wall - 25h).token.raw());
  for (const Bytes& identity : {elsewhere, foreign, forged})
    (void)judge(identity, node.token.raw());
  desk.on_judge(RouteId{99}, peer, Bytes{0x93}, now);
  std::size_t empty = 0;
  while (auto output = desk.poll_output()) {
    const auto* answer = std::get_if<RealmLeader::Answer>(&*output);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->payload.empty());
    ++empty;
  }
  EXPECT_EQ(empty, 7U);
  (void)judge(identity_of(person, person.node, home), node.token.raw());
  EXPECT_EQ(asked().question, RealmLeader::QuestionId{1});
}

TEST_F(RealmLeaderTest, GivesUpTheOldestOfTooManyQuestions) {
  const RouteId first = judge(ada);
  for (int i = 0; i < 5; ++i) (void)judge(realm.somebody());
  EXPECT_EQ(desk.questions(), 5U);
  const auto answers = take<RealmLeader::Answer>();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].route, first);
  EXPECT_TRUE(answers[0].payload.empty());
  desk.on_verdict(RealmLeader::QuestionId{1}, Verdict::yes, now);
  EXPECT_FALSE(desk.poll_output());
}

TEST_F(RealmLeaderTest, GivesUpWhatOneBringsWhoBringsALotBeforeWhatOthersBring) {
  peer = test::random_fingerprint(realm.random);
  (void)judge(ada);
  const RealmLeader::QuestionId first = asked().question;
  peer = test::random_fingerprint(realm.random);
  for (int i = 0; i < 20; ++i) (void)judge(realm.somebody());
  EXPECT_EQ(desk.questions(), 5U);
  EXPECT_TRUE(desk.waits_for(first));
  const auto given_up = take<RealmLeader::Answer>();
  ASSERT_EQ(given_up.size(), 16U);
  EXPECT_EQ(given_up[0].route, RouteId{2}) << "the oldest of them";

  peer = test::random_fingerprint(realm.random);
  (void)judge(realm.somebody());
  EXPECT_EQ(take<RealmLeader::Ask>().size(), 1U);
  EXPECT_TRUE(desk.waits_for(first));
}

TEST_F(RealmLeaderTest, RemembersNoMoreThanSoMany) {
  for (int i = 0; i < 30; ++i) {
    (void)judge(realm.somebody());
    desk.on_verdict(asked().question, Verdict::no, now);
    (void)take<RealmLeader::Answer>();
  }
  EXPECT_EQ(desk.given(), 10U);
}

}  // namespace
}  // namespace kith::overlay
