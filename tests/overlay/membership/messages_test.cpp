#include "overlay/membership/messages.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

void expect_strict(const Bytes& bytes, const auto& decode) {
  EXPECT_TRUE(decode(bytes));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut)
    EXPECT_FALSE(decode(ByteView(bytes).first(cut))) << "cut at " << cut;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer));
}

TEST(JoinMessage, SurvivesTheWire) {
  JoinMessage plain{.role = Participation::client, .entering = true};
  expect_strict(encode(plain), decode_join);
  const Bytes identity(300, 7);
  JoinMessage proven{.role = Participation::member,
                     .entering = false,
                     .identity = identity,
                     .proof = crypto::Signature{1, 2, 3}};
  const Bytes bytes = encode(proven);
  expect_strict(bytes, decode_join);
  const auto decoded = decode_join(bytes);
  EXPECT_EQ(decoded->role, Participation::member);
  EXPECT_EQ(decoded->proof, proven.proof);
  EXPECT_EQ(Bytes(decoded->identity.begin(), decoded->identity.end()), identity);
}

TEST(JoinMessage, NeedsAProofWithAForeignIdentityAndNoneWithout) {
  const Bytes identity(300, 7);
  JoinMessage unproven{.role = Participation::member, .identity = identity};
  EXPECT_FALSE(decode_join(encode(unproven)));
  JoinMessage proof_of_nothing{
      .role = Participation::member, .identity = {}, .proof = crypto::Signature{}};
  EXPECT_FALSE(decode_join(encode(proof_of_nothing)));
}

TEST(PiggyMessage, SurvivesTheWireAndHoldsSoManyTokens) {
  const Bytes token(343, 5);
  PiggyMessage piggy{.complete = true};
  expect_strict(encode(piggy), decode_piggy);
  piggy.tokens.assign(kPiggyTokensMax, token);
  const Bytes bytes = encode(piggy);
  const auto decoded = decode_piggy(bytes);
  ASSERT_TRUE(decoded);
  EXPECT_TRUE(decoded->complete);
  EXPECT_EQ(decoded->tokens.size(), kPiggyTokensMax);
  piggy.tokens.emplace_back(token);
  EXPECT_FALSE(decode_piggy(encode(piggy)));
}

TEST(MembershipMessages, AreNotTakenForOneAnother) {
  const Bytes token(343, 5);
  EXPECT_TRUE(decode_token_message(encode_update(token), MessageKind::update));
  EXPECT_FALSE(decode_token_message(encode_update(token), MessageKind::announce));
  EXPECT_TRUE(decode_token_message(encode_announce(token), MessageKind::announce));
  EXPECT_FALSE(decode_bare(encode_bare(MessageKind::leave), MessageKind::lookup));
  EXPECT_EQ(*decode_acknowledge(encode_acknowledge(Participation::client)), Participation::client);
}

TEST(MembershipMessages, SayWhetherItIsWorthTryingAgainSoon) {
  for (const bool later : {false, true})
    EXPECT_EQ(*decode_not_acknowledged(encode_not_acknowledged(later)), later);
  EXPECT_FALSE(decode_not_acknowledged(encode_bare(MessageKind::not_acknowledged)));
  EXPECT_FALSE(decode_not_acknowledged(Bytes{0x92, 0x03, 0x01}));
}

TEST(MembershipMessages, ShowTheirKind) {
  EXPECT_EQ(*peek_kind(encode_bare(MessageKind::leave)), MessageKind::leave);
  EXPECT_FALSE(peek_kind({}));
  EXPECT_FALSE(peek_kind(Bytes{0x90}));
  EXPECT_FALSE(peek_kind(Bytes{0xc0, 0x01}));
}

TEST(JoinStatement, BindsSessionAndNode) {
  const Fingerprint a({1});
  const Fingerprint b({2});
  EXPECT_EQ(join_statement(a, b).size(), 12U + 64U);
  EXPECT_NE(join_statement(a, b), join_statement(b, a));
}

}  // namespace
}  // namespace kith::overlay
