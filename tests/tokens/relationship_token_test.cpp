#include "tokens/relationship_token.hpp"

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"
#include "tests/tokens/token_samples.hpp"
#include "tokens/relationship_policy.hpp"

namespace kith {
namespace {

using namespace std::chrono_literals;
using test::Cast;
using test::failure;
using test::for_each_seed;
using test::kIssuedAt;

TEST(RelationshipToken, SaysWhatBothSigned) {
  for_each_seed(100, [](Random& random) {
    const auto proposer = crypto::ed25519().generate(random);
    const auto partner = crypto::ed25519().generate(random);
    RelationshipParams params{.issued_at = kIssuedAt + 1s, .partner_key = partner.public_key};
    std::array<Byte, 32> bytes{};
    for (Fingerprint* place : {&params.realm, &params.proposer.node, &params.partner.node}) {
      random.fill(bytes);
      *place = Fingerprint(bytes);
    }
    random.fill(params.proposer.static_key);
    random.fill(params.partner.static_key);
    params.life = Duration(1 + static_cast<std::int64_t>(random.below(
                                   static_cast<std::uint64_t>(kRelationshipTokenLifeMax.count()))));

    const auto proposal = propose_relationship(params, proposer, crypto::ed25519(), random).value();
    EXPECT_TRUE(proposal.verify(crypto::ed25519(), params.issued_at));
    const auto read = RelationshipProposal::decode(proposal.raw()).value();
    const auto signed_by_both =
        countersign(read, partner, crypto::ed25519(), params.issued_at).value();
    const auto token = RelationshipToken::decode(signed_by_both.raw()).value();
    EXPECT_TRUE(token.verify(crypto::ed25519(), params.issued_at));
    EXPECT_EQ(token, signed_by_both);
    EXPECT_EQ(token.terms(), proposal.terms());

    const RelationshipTerms& terms = token.terms();
    EXPECT_EQ(terms.realm, params.realm);
    EXPECT_EQ(terms.issued_at, params.issued_at);
    EXPECT_EQ(terms.not_before, params.issued_at);
    EXPECT_EQ(terms.expires_at, params.issued_at + params.life);
    EXPECT_EQ(terms.proposer.identity, identity_fingerprint(proposer.public_key));
    EXPECT_EQ(terms.proposer.node, params.proposer.node);
    EXPECT_EQ(terms.proposer.static_key, params.proposer.static_key);
    EXPECT_EQ(terms.partner.identity, identity_fingerprint(partner.public_key));
    EXPECT_EQ(terms.partner.node, params.partner.node);
    EXPECT_EQ(terms.partner.static_key, params.partner.static_key);
    EXPECT_EQ(terms.party(params.partner.node), &terms.partner);
    EXPECT_EQ(terms.party(terms.proposer.identity), &terms.proposer);
    EXPECT_EQ(terms.party(params.realm), nullptr);
  });
}

TEST(RelationshipToken, HoldsItsWindowWithinTheSkewOfClocks) {
  Cast cast;
  const auto token = cast.relationship_token();
  const WallTime end = token.terms().expires_at + kClockSkewMax;
  const auto at = [&](WallTime now) { return token.verify(crypto::ed25519(), now); };
  EXPECT_EQ(at(kIssuedAt - kClockSkewMax - 1us), failure(Errc::not_yet_valid));
  EXPECT_TRUE(at(kIssuedAt - kClockSkewMax));
  EXPECT_TRUE(at(end - 1us));
  EXPECT_EQ(at(end), failure(Errc::expired));
  EXPECT_EQ(at(WallTime::max()), failure(Errc::expired));
}

TEST(RelationshipToken, IsSignedByThePartnerAloneAndOnlyIfItHolds) {
  Cast cast;
  const auto proposal = cast.proposal();
  const auto sign = [&](const auto& key, WallTime now) {
    const auto token = countersign(proposal, key, crypto::ed25519(), now);
    return token ? Errc::closed : token.error();
  };
  EXPECT_EQ(sign(cast.friend_key, kIssuedAt), Errc::closed) << "the partner may";
  EXPECT_EQ(sign(cast.person_key, kIssuedAt), Errc::wrong_key);
  EXPECT_EQ(sign(cast.leader_key, kIssuedAt), Errc::wrong_key);
  EXPECT_EQ(sign(cast.friend_key, kIssuedAt - 1h), Errc::not_yet_valid);

  Bytes forged(proposal.raw().begin(), proposal.raw().end());
  forged[forged.size() - 3] ^= 1;
  EXPECT_EQ(countersign(RelationshipProposal::decode(forged).value(), cast.friend_key,
                        crypto::ed25519(), kIssuedAt)
                .error(),
            Errc::bad_signature);
}

TEST(RelationshipToken, IsNoProposalAndNoPlainToken) {
  Cast cast;
  const auto proposal = cast.proposal();
  const auto token = cast.relationship_token();
  EXPECT_EQ(RelationshipToken::decode(proposal.raw()).error(), Errc::wrong_kind);
  EXPECT_EQ(RelationshipProposal::decode(token.raw()).error(), Errc::wrong_kind);
  EXPECT_EQ(Token::decode(proposal.raw()).error(), Errc::wrong_kind);
  EXPECT_EQ(Token::decode(token.raw()).error(), Errc::wrong_kind);
  EXPECT_EQ(RelationshipToken::decode(cast.intent_token().token.raw()).error(), Errc::wrong_kind);
}

TEST(RelationshipToken, NoBitCanBeFlippedAndEveryTruncationFails) {
  Cast cast;
  const auto token = cast.relationship_token();
  Bytes bytes(token.raw().begin(), token.raw().end());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto mask = static_cast<Byte>(1U << bit % 8);
    bytes[bit / 8] ^= mask;
    const auto flipped = RelationshipToken::decode(bytes);
    EXPECT_FALSE(flipped && flipped->verify(crypto::ed25519(), kIssuedAt)) << "bit " << bit;
    const auto proposal = RelationshipProposal::decode(bytes);
    EXPECT_FALSE(proposal) << "bit " << bit;
    bytes[bit / 8] ^= mask;
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(RelationshipToken::decode(ByteView(bytes).first(size)).error(), Errc::truncated)
        << size;
}

Verdict authorize(Policy& policy, const Token& token) {
  std::optional<Verdict> join;
  std::optional<Verdict> who;
  policy.authorize(token, JoinRequest{}, [&](Verdict verdict) { join = verdict; });
  policy.authenticate(token, [&](Verdict verdict) { who = verdict; });
  EXPECT_EQ(join, who);
  return join.value();
}

TEST(RelationshipPolicy, SaysYesToTheNamedAtTheirNodesAlone) {
  Cast cast;
  const std::vector relationships = {cast.relationship_token()};
  const auto policy = relationship_policy(relationships);
  EXPECT_EQ(authorize(*policy, cast.node_token().token), Verdict::yes);
  EXPECT_EQ(authorize(*policy, cast.identity_token().token), Verdict::yes);
  EXPECT_EQ(authorize(*policy, cast.intent_token().token), Verdict::yes);

  IdentityTokenParams elsewhere = cast.identity_params();
  elsewhere.node = Fingerprint({9});
  EXPECT_EQ(authorize(*policy, cast.issue(elsewhere)->token), Verdict::no) << "the friend's node";
  elsewhere.node.reset();
  EXPECT_EQ(authorize(*policy, cast.issue(elsewhere)->token), Verdict::no) << "no node";
  const auto stranger =
      issue_identity_token(cast.identity_params(), cast.leader_key, crypto::ed25519(), cast.random);
  EXPECT_EQ(authorize(*policy, stranger->token), Verdict::no);
  const auto strange_node =
      issue_node_token(cast.node_params(), cast.leader_key, crypto::ed25519(), cast.random);
  EXPECT_EQ(authorize(*policy, strange_node->token), Verdict::no);
  EXPECT_EQ(authorize(*relationship_policy({}), cast.node_token().token), Verdict::no);
}

}  // namespace
}  // namespace kith
