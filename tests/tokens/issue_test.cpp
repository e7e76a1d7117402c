#include "tokens/issue.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/tokens/token_samples.hpp"

namespace kith {
namespace {

using namespace std::chrono_literals;
using test::Cast;
using test::kIssuedAt;

TEST(IssueNodeToken, SaysWhatItWasGiven) {
  Cast cast;
  NodeTokenParams params = cast.node_params();
  params.not_before = kIssuedAt + 1h;
  params.life = 48h;
  params.audience = cast.realm;
  params.endpoints.push_back(Endpoint::parse("[2001:db8::1]:443").value());
  const NodeToken node = cast.issue(params).value();
  EXPECT_EQ(node.token.kind(), TokenKind::node);
  EXPECT_EQ(node.token.realm(), cast.realm);
  EXPECT_EQ(node.token.issuer(), cast.node);
  EXPECT_EQ(node.fingerprint(), cast.node);
  EXPECT_TRUE(node.token.subject().is_zero());
  EXPECT_EQ(node.token.audience(), cast.realm);
  EXPECT_EQ(node.token.issued_at(), kIssuedAt);
  EXPECT_EQ(node.token.not_before(), kIssuedAt + 1h);
  EXPECT_EQ(node.token.expires_at(), kIssuedAt + 48h);
  EXPECT_EQ(node.token.public_key(), cast.node_key.public_key);
  EXPECT_EQ(node.endpoints, params.endpoints);
  EXPECT_EQ(node.static_key, params.static_key);
  EXPECT_EQ(node.reachability, Reachability::direct);
}

TEST(IssueNodeToken, LetsANodeThatNobodyCanDialHaveNoEndpoint) {
  Cast cast;
  NodeTokenParams params = cast.node_params();
  params.endpoints.clear();
  EXPECT_EQ(cast.issue(params).error(), Errc::out_of_range);
  params.reachability = Reachability::outbound_only;
  const NodeToken node = cast.issue(params).value();
  EXPECT_TRUE(node.endpoints.empty());
  EXPECT_EQ(node.reachability, Reachability::outbound_only);
}

TEST(IssueNodeToken, KeepsThePlaceAndDrawsANewUuidOnRenewal) {
  Cast cast;
  const NodeToken first = cast.node_token();
  const NodeToken second = cast.node_token();
  EXPECT_EQ(first.fingerprint(), second.fingerprint());
  EXPECT_NE(first.token.uuid(), second.token.uuid());
  EXPECT_FALSE(first.token == second.token);
}

TEST(IssueNodeToken, StaysSmall) {
  Cast cast;
  NodeTokenParams params = cast.node_params();
  EXPECT_LT(cast.issue(params)->token.raw().size(), 370U);
  while (params.endpoints.size() < kTokenEndpointsMax)
    params.endpoints.push_back(params.endpoints.front());
  EXPECT_LT(cast.issue(params)->token.raw().size(), 430U);
}

TEST(IssueIdentityToken, VouchesForItselfUnlessAnotherHoldsIt) {
  Cast cast;
  const IdentityToken own = cast.identity_token();
  EXPECT_EQ(own.fingerprint(), cast.person);
  EXPECT_EQ(own.token.issuer(), cast.person);
  EXPECT_EQ(own.node, cast.node);

  const IdentityToken vouched = cast.vouched_identity_token();
  EXPECT_EQ(vouched.fingerprint(), cast.person);
  EXPECT_EQ(vouched.token.issuer(), cast.realm);
  EXPECT_EQ(vouched.token.public_key(), cast.person_key.public_key);
}

TEST(IssueIdentityToken, NeedNotBeBoundToANode) {
  Cast cast;
  IdentityTokenParams params = cast.identity_params();
  params.node.reset();
  EXPECT_EQ(cast.issue(params)->node, std::nullopt);
}

TEST(IssueIntentToken, SaysWhatItWasGiven) {
  Cast cast;
  const IntentToken intent = cast.intent_token();
  EXPECT_EQ(intent.token.kind(), TokenKind::intent);
  EXPECT_EQ(intent.identity(), cast.person);
  EXPECT_EQ(intent.token.issuer(), cast.person);
  EXPECT_EQ(intent.subject(), cast.subject);
  EXPECT_EQ(intent.role, IntentRole::receive);
  EXPECT_EQ(intent.threshold, 300U);
  EXPECT_EQ(intent.node, cast.node);
}

TEST(IssueToken, GivesNodesAndIdentitiesOfOneKeyDifferentPlaces) {
  Cast cast;
  EXPECT_NE(node_fingerprint(cast.node_key.public_key),
            identity_fingerprint(cast.node_key.public_key));
}

TEST(IssueToken, RefusesWhatNobodyWouldAccept) {
  Cast cast;
  const auto issued = [&](auto params, auto change) {
    change(params);
    const auto token = cast.issue(params);
    EXPECT_FALSE(token);
    return token ? Errc::closed : token.error();
  };
  const auto node = cast.node_params();
  const auto identity = cast.identity_params();
  const auto intent = cast.intent_params();
  EXPECT_EQ(issued(node, [](auto& p) { p.life = 30 * 24h + 1us; }), Errc::life_too_long);
  EXPECT_EQ(issued(identity, [](auto& p) { p.life = 365 * 24h + 1us; }), Errc::life_too_long);
  EXPECT_EQ(issued(intent, [](auto& p) { p.life = 24h + 1us; }), Errc::life_too_long);
  EXPECT_EQ(issued(node, [](auto& p) { p.life = Duration::max(); }), Errc::life_too_long);
  EXPECT_EQ(issued(node, [](auto& p) { p.life = 0us; }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.life = Duration::min(); }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.issued_at = WallTime(-1us); }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.not_before = WallTime(-1us); }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.issued_at = WallTime::max(); }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.not_before = kIssuedAt - 1us; }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.not_before = kIssuedAt + p.life; }), Errc::out_of_range);
  EXPECT_EQ(issued(node, [](auto& p) { p.endpoints[0] = Endpoint::v4({127, 0, 0, 1}, 0); }),
            Errc::out_of_range);
  EXPECT_EQ(issued(intent, [](auto& p) { p.subject = {}; }), Errc::out_of_range);
  EXPECT_EQ(issued(intent, [](auto& p) { p.threshold = kIntentThresholdMax + 1; }),
            Errc::out_of_range);
}

TEST(Subject, IsAPlaceThatDependsOnRealmAndName) {
  const Fingerprint realm({1});
  const auto id = subject_id(realm, "news/weather");
  EXPECT_EQ(id, subject_id(realm, "news/weather"));
  EXPECT_NE(id, subject_id(Fingerprint({2}), "news/weather"));
  EXPECT_NE(id, subject_id(realm, "news/weathe"));
}

TEST(Subject, HasANameOfBoundedUtf8) {
  EXPECT_EQ(subject_id({}, ""), std::unexpected(Errc::bad_text));
  EXPECT_EQ(subject_id({}, "\xff"), std::unexpected(Errc::bad_text));
  EXPECT_EQ(subject_id({}, "\xc0\x80"), std::unexpected(Errc::bad_text));
  EXPECT_TRUE(subject_id({}, std::string(kSubjectNameBytesMax, 'x')));
  EXPECT_EQ(subject_id({}, std::string(kSubjectNameBytesMax + 1, 'x')),
            std::unexpected(Errc::too_long));
  EXPECT_TRUE(subject_id({}, "wetter/größe/😀"));
}

TEST(Intent, MatchesWhereOneSendsWhatTheOtherReceives) {
  using enum IntentRole;
  EXPECT_TRUE(roles_match(send, receive));
  EXPECT_TRUE(roles_match(receive, send));
  EXPECT_TRUE(roles_match(both, send));
  EXPECT_TRUE(roles_match(receive, both));
  EXPECT_TRUE(roles_match(both, both));
  EXPECT_FALSE(roles_match(send, send));
  EXPECT_FALSE(roles_match(receive, receive));
}

TEST(Intent, AddressesItsAudienceAndNobodyElse) {
  Cast cast;
  const Fingerprint other({5});
  const auto with_audience = [&](const Fingerprint& audience) {
    IntentTokenParams params = cast.intent_params();
    params.audience = audience;
    return cast.issue(params)->token;
  };
  EXPECT_TRUE(in_audience(with_audience({}), other, cast.realm));
  EXPECT_FALSE(in_audience(with_audience({}), other, Fingerprint({6})));
  EXPECT_TRUE(in_audience(with_audience(other), other, cast.realm));
  EXPECT_FALSE(in_audience(with_audience(other), cast.person, cast.realm));
  EXPECT_TRUE(in_audience(with_audience(Fingerprint({6})), other, Fingerprint({6})));
  EXPECT_FALSE(in_audience(with_audience(Fingerprint({6})), other, cast.realm));
}

}  // namespace
}  // namespace kith
