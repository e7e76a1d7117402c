#include "tokens/verify.hpp"

#include <gtest/gtest.h>

#include "tests/tokens/token_pieces.hpp"

namespace kith {
namespace {

using namespace std::chrono_literals;
using test::Cast;
using test::failure;
using test::kIssuedAt;

TEST(Verify, AcceptsEachKind) {
  Cast cast;
  for (const Token& token :
       {cast.node_token().token, cast.identity_token().token, cast.intent_token().token})
    EXPECT_TRUE(verify(token, crypto::ed25519(), kIssuedAt));
}

TEST(Verify, HoldsTheWindowWithinTheSkewOfClocks) {
  Cast cast;
  NodeTokenParams params = cast.node_params();
  params.not_before = kIssuedAt + 1h;
  params.life = 2h;
  const Token token = cast.issue(params)->token;
  const auto at = [&](WallTime now) { return verify(token, crypto::ed25519(), now); };
  const WallTime first = kIssuedAt + 1h - kClockSkewMax;
  const WallTime end = kIssuedAt + 2h + kClockSkewMax;
  EXPECT_EQ(at(first - 1us), failure(Errc::not_yet_valid));
  EXPECT_TRUE(at(first));
  EXPECT_TRUE(at(end - 1us));
  EXPECT_EQ(at(end), failure(Errc::expired));
}

TEST(Verify, StandsClocksThatAreFarOff) {
  Cast cast;
  const Token token = cast.node_token().token;
  EXPECT_EQ(verify(token, crypto::ed25519(), WallTime::min()), failure(Errc::not_yet_valid));
  EXPECT_EQ(verify(token, crypto::ed25519(), WallTime::max()), failure(Errc::expired));
  EXPECT_EQ(verify(token, crypto::ed25519(), WallTime{}), failure(Errc::not_yet_valid));
}

TEST(Verify, AcceptsAnIssuersWordWithTheIssuersKey) {
  Cast cast;
  const Token token = cast.vouched_identity_token().token;
  EXPECT_TRUE(verify(token, crypto::ed25519(), kIssuedAt, &cast.leader_key.public_key));
  EXPECT_EQ(verify(token, crypto::ed25519(), kIssuedAt), failure(Errc::wrong_key));
  EXPECT_EQ(verify(token, crypto::ed25519(), kIssuedAt, &cast.person_key.public_key),
            failure(Errc::wrong_key));
}

TEST(Verify, RefusesAHolderWhoSignsInTheNameOfAnIssuer) {
  Cast cast;
  const auto pieces = test::TokenPieces::of(cast.vouched_identity_token().token, cast.person_key);
  const Token token = Token::decode(pieces.put_together()).value();
  EXPECT_EQ(verify(token, crypto::ed25519(), kIssuedAt, &cast.leader_key.public_key),
            failure(Errc::bad_signature));
}

TEST(Verify, NeedsNoIssuersKeyForWhoVouchesForItself) {
  Cast cast;
  EXPECT_TRUE(verify(cast.identity_token().token, crypto::ed25519(), kIssuedAt,
                     &cast.leader_key.public_key));
}

TEST(Verify, JudgesDatesBeforeItSpendsTimeOnASignature) {
  Cast cast;
  auto pieces = test::TokenPieces::of(cast.node_token().token, cast.node_key);
  pieces.signature = Bytes(64);
  const Token token = Token::decode(pieces.put_together()).value();
  EXPECT_EQ(verify(token, crypto::ed25519(), WallTime{}), failure(Errc::not_yet_valid));
}

}  // namespace
}  // namespace kith
