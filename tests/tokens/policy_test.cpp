#include <kith/policy.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <vector>

#include "tests/tokens/token_samples.hpp"
#include "tokens/guarded_policy.hpp"

namespace kith {
namespace {

using test::Cast;

/// Collects the verdicts of one question.
struct Verdicts {
  std::vector<Verdict> given;
  Answer answer() {
    return [this](Verdict verdict) { given.push_back(verdict); };
  }
};

const std::vector<Verdict> kYes = {Verdict::yes};
const std::vector<Verdict> kNo = {Verdict::no};
const std::vector<Verdict> kNone = {};

std::vector<Verdict> authenticate(Policy& policy, const Token& token) {
  Verdicts verdicts;
  policy.authenticate(token, verdicts.answer());
  return verdicts.given;
}

std::vector<Verdict> authorize(Policy& policy, const Token& peer, const Request& request) {
  Verdicts verdicts;
  policy.authorize(peer, request, verdicts.answer());
  return verdicts.given;
}

std::vector<Request> every_request(const Cast& cast) {
  return {JoinRequest{Participation::member}, JoinRequest{Participation::client},
          IntentRequest{IntentRole::send, cast.subject}, SubjectRequest{cast.subject},
          JudgeRequest{cast.node}};
}

TEST(OpenPolicy, SaysYesToEverybody) {
  Cast cast;
  const auto policy = open_policy();
  const Token token = cast.identity_token().token;
  EXPECT_EQ(authenticate(*policy, token), kYes);
  for (const Request& request : every_request(cast))
    EXPECT_EQ(authorize(*policy, token, request), kYes);
  EXPECT_EQ(policy->trusted_key(cast.realm), std::nullopt);
}

TEST(OpenPolicy, R18_KnowsNobody) {
  Cast cast;
  const auto policy = open_policy();
  for (const Token& token : {cast.node_token().token, cast.identity_token().token})
    EXPECT_EQ(authorize(*policy, token, MeetRequest{}), kNo);
}

TEST(KnownKeysPolicy, SaysYesToTheKnownAlone) {
  Cast cast;
  const auto policy = known_keys_policy({cast.person});
  EXPECT_EQ(authenticate(*policy, cast.identity_token().token), kYes);
  EXPECT_EQ(authenticate(*policy, cast.intent_token().token), kYes);
  EXPECT_EQ(authenticate(*policy, cast.node_token().token), kNo);
  for (const Request& request : every_request(cast)) {
    EXPECT_EQ(authorize(*policy, cast.identity_token().token, request), kYes);
    EXPECT_EQ(authorize(*policy, cast.node_token().token, request), kNo);
  }
}

TEST(KnownKeysPolicy, TakesANodeForTheIdentityOfTheSameKey) {
  Cast cast;
  const Token& node = cast.node_token().token;
  const auto policy = known_keys_policy({identity_fingerprint(node.public_key())});
  EXPECT_EQ(authenticate(*policy, node), kYes);
  EXPECT_EQ(authorize(*policy, node, MeetRequest{}), kYes);
  EXPECT_EQ(authorize(*known_keys_policy({cast.person}), node, MeetRequest{}), kNo);
}

TEST(RealmPolicy, TrustsTheLeadersKeyAlone) {
  Cast cast;
  const auto policy = realm_policy(cast.leader_key.public_key);
  EXPECT_EQ(realm_of(cast.leader_key.public_key), cast.realm);
  EXPECT_EQ(policy->trusted_key(cast.realm), cast.leader_key.public_key);
  EXPECT_EQ(policy->trusted_key(cast.person), std::nullopt);
}

TEST(RealmPolicy, SaysYesToIdentitiesThatTheLeaderIssuedAndToTheLeader) {
  Cast cast;
  const auto policy = realm_policy(cast.leader_key.public_key);
  const Token leader =
      issue_identity_token(cast.identity_params(), cast.leader_key, crypto::ed25519(), cast.random)
          ->token;
  const Token vouched = cast.vouched_identity_token().token;
  const Token own = cast.identity_token().token;
  EXPECT_EQ(authenticate(*policy, leader), kYes);
  EXPECT_EQ(authenticate(*policy, vouched), kYes);
  EXPECT_EQ(authenticate(*policy, own), kNo);
  for (const Request& request : every_request(cast)) {
    EXPECT_EQ(authorize(*policy, leader, request), kYes);
    EXPECT_EQ(authorize(*policy, vouched, request), kYes);
    EXPECT_EQ(authorize(*policy, own, request), kNo);
  }
}

TEST(RealmPolicy, SaysNoToAnotherRealm) {
  Cast cast;
  const auto policy = realm_policy(cast.leader_key.public_key);
  IdentityTokenParams params = cast.identity_params();
  params.realm = {};
  params.holder = cast.person_key.public_key;
  const Token outside =
      issue_identity_token(params, cast.leader_key, crypto::ed25519(), cast.random)->token;
  EXPECT_EQ(authenticate(*policy, outside), kNo);
  NodeTokenParams node = cast.node_params();
  EXPECT_EQ(authenticate(*policy, cast.issue(node)->token), kYes);
  node.realm = cast.person;
  EXPECT_EQ(authenticate(*policy, cast.issue(node)->token), kNo);
}

TEST(RealmPolicy, KnowsTheNodesOfTheRealm) {
  Cast cast;
  for (const Unvouched unvouched : {Unvouched::refuse, Unvouched::ask_leader}) {
    const auto policy = realm_policy(cast.leader_key.public_key, unvouched);
    NodeTokenParams node = cast.node_params();
    EXPECT_EQ(authorize(*policy, cast.issue(node)->token, MeetRequest{}), kYes);
    node.realm = cast.person;
    EXPECT_EQ(authorize(*policy, cast.issue(node)->token, MeetRequest{}), kNo);
  }
}

TEST(RealmPolicy, LetsNobodyJoinByANodeOrAnIntent) {
  Cast cast;
  const auto policy = realm_policy(cast.leader_key.public_key);
  EXPECT_EQ(authorize(*policy, cast.node_token().token, JoinRequest{}), kNo);
  EXPECT_EQ(authorize(*policy, cast.intent_token().token, JoinRequest{}), kNo);
  EXPECT_EQ(authorize(*policy, cast.intent_token().token, IntentRequest{}), kYes);
}

TEST(RealmPolicy, R43_LeavesJoinersWhomNobodyVouchesForToTheLeader) {
  Cast cast;
  const auto policy = realm_policy(cast.leader_key.public_key, Unvouched::ask_leader);
  const std::vector<Verdict> defer = {Verdict::defer};
  for (const Token& token : {cast.identity_token().token, cast.node_token().token}) {
    EXPECT_EQ(authenticate(*policy, token), kYes);
    EXPECT_EQ(authorize(*policy, token, JoinRequest{}), defer);
    // The leader itself has nobody to leave it to.
    EXPECT_EQ(authorize(*policy, token, JudgeRequest{}), kNo);
  }
  EXPECT_EQ(authorize(*policy, cast.vouched_identity_token().token, JoinRequest{}), kYes);
  EXPECT_EQ(authorize(*policy, cast.intent_token().token, IntentRequest{}), kYes);
  NodeTokenParams outside = cast.node_params();
  outside.realm = {};
  EXPECT_EQ(authenticate(*policy, cast.issue(outside)->token), kNo);
  EXPECT_EQ(authorize(*policy, cast.issue(outside)->token, JoinRequest{}), kNo);
}

TEST(RealmPolicy, R43_SaysYesToTheKnown) {
  Cast cast;
  const Token identity = cast.identity_token().token;
  const Token node = cast.node_token().token;
  const auto knows = [&](const Fingerprint& known, const Token& token) {
    const auto policy = realm_policy(cast.leader_key.public_key, Unvouched::refuse, {known});
    const auto judged = authorize(*policy, token, JudgeRequest{});
    EXPECT_EQ(authorize(*policy, token, JoinRequest{}), judged);
    return judged;
  };
  EXPECT_EQ(knows(cast.person, identity), kYes);
  EXPECT_EQ(knows(cast.node, identity), kNo);
  EXPECT_EQ(knows(cast.node, node), kYes);
  EXPECT_EQ(knows(identity_fingerprint(cast.node_key.public_key), node), kYes);
  EXPECT_EQ(knows(cast.person, node), kNo);
}

/// An embedder that does what a test tells it to.
class Scripted final : public Policy {
 public:
  std::function<void(Answer&)> script;
  std::vector<Answer> kept;
  std::vector<Request> asked;

  void authenticate(const Token&, Answer answer) override { script(answer); }
  void authorize(const Token&, const Request& request, Answer answer) override {
    asked.push_back(request);
    script(answer);
  }
  void account(const Exchanged&) override { throw std::runtime_error("no books"); }
};

class GuardedPolicyTest : public testing::Test {
 protected:
  void ask() { guarded_.ask(AuthenticateQuestion{cast_.node_token().token}, verdicts_.answer()); }

  Cast cast_;
  Scripted policy_;
  GuardedPolicy guarded_{policy_};
  Verdicts verdicts_;
};

TEST_F(GuardedPolicyTest, PassesOnAnAnswerAtOnce) {
  policy_.script = [](Answer& answer) { answer(Verdict::defer); };
  ask();
  EXPECT_EQ(verdicts_.given, (std::vector{Verdict::defer}));
}

TEST_F(GuardedPolicyTest, PassesOnALateAnswer) {
  policy_.script = [this](Answer& answer) { policy_.kept.push_back(std::move(answer)); };
  ask();
  EXPECT_EQ(verdicts_.given, kNone);
  policy_.kept[0](Verdict::yes);
  EXPECT_EQ(verdicts_.given, kYes);
  policy_.kept.clear();
  EXPECT_EQ(verdicts_.given, kYes);
}

TEST_F(GuardedPolicyTest, TakesADroppedAnswerForNo) {
  policy_.script = [](Answer&) {};
  ask();
  EXPECT_EQ(verdicts_.given, kNo);
}

TEST_F(GuardedPolicyTest, TakesAnAnswerDroppedLaterForNo) {
  policy_.script = [this](Answer& answer) { policy_.kept.push_back(std::move(answer)); };
  ask();
  EXPECT_EQ(verdicts_.given, kNone);
  policy_.kept.clear();
  EXPECT_EQ(verdicts_.given, kNo);
}

TEST_F(GuardedPolicyTest, HearsTheFirstAnswerAlone) {
  policy_.script = [](Answer& answer) {
    answer(Verdict::no);
    answer(Verdict::yes);
  };
  ask();
  policy_.script = [this](Answer& answer) {
    answer(Verdict::no);
    policy_.kept.push_back(std::move(answer));
  };
  ask();
  policy_.kept[0](Verdict::yes);
  EXPECT_EQ(verdicts_.given, (std::vector{Verdict::no, Verdict::no}));
}

TEST_F(GuardedPolicyTest, TakesAThrowForNo) {
  policy_.script = [](Answer&) { throw std::runtime_error("out of order"); };
  ask();
  EXPECT_EQ(verdicts_.given, kNo);
}

TEST_F(GuardedPolicyTest, TakesAThrowAfterAYesForNo) {
  policy_.script = [](Answer& answer) {
    answer(Verdict::yes);
    throw std::runtime_error("out of order");
  };
  ask();
  EXPECT_EQ(verdicts_.given, kNo);
}

TEST_F(GuardedPolicyTest, IsDeafToAnAnswerKeptByAHookThatThrew) {
  policy_.script = [this](Answer& answer) {
    policy_.kept.push_back(std::move(answer));
    throw std::runtime_error("out of order");
  };
  ask();
  EXPECT_EQ(verdicts_.given, kNo);
  policy_.kept[0](Verdict::yes);
  policy_.kept.clear();
  EXPECT_EQ(verdicts_.given, kNo);
}

TEST_F(GuardedPolicyTest, PutsEachQuestionToItsHook) {
  policy_.script = [](Answer& answer) { answer(Verdict::yes); };
  guarded_.ask(AuthorizeQuestion{cast_.node_token().token, SubjectRequest{cast_.subject}},
               verdicts_.answer());
  ASSERT_EQ(policy_.asked.size(), 1U);
  EXPECT_EQ(std::get<SubjectRequest>(policy_.asked[0]).subject, cast_.subject);
  EXPECT_EQ(verdicts_.given, kYes);
}

TEST_F(GuardedPolicyTest, StandsHooksThatThrowWithoutBeingAsked) { guarded_.account({}); }

}  // namespace
}  // namespace kith
