#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/allocations.hpp"
#include "tests/support/for_each_seed.hpp"
#include "tests/tokens/token_pieces.hpp"

namespace kith::test {
namespace {

Fingerprint random_fingerprint(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

Duration random_life(Random& random, Duration most) {
  return Duration(
      1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(most.count()))));
}

WallTime random_time(Random& random) {
  // Dates near 1970 have shorter encodings.
  return WallTime(Duration(
      static_cast<std::int64_t>(random.below(std::uint64_t{1} << 57) >> random.below(57))));
}

NodeTokenParams random_node(Random& random) {
  NodeTokenParams params{.realm = random_fingerprint(random),
                         .audience = random_fingerprint(random),
                         .issued_at = random_time(random),
                         .life = random_life(random, kNodeTokenLifeMax)};
  params.not_before = params.issued_at + random_life(random, params.life) - Duration(1);
  params.reachability = random.below(2) == 0 ? Reachability::direct : Reachability::outbound_only;
  for (auto left = random.below(4) + (params.reachability == Reachability::direct ? 1 : 0);
       left > 0; --left) {
    std::array<Byte, 16> address{};
    random.fill(address);
    params.endpoints.emplace_back(address, static_cast<std::uint16_t>(1 + random.below(65'535)));
  }
  random.fill(params.static_key);
  return params;
}

IdentityTokenParams random_identity(Random& random) {
  IdentityTokenParams params{.realm = random_fingerprint(random),
                             .audience = random_fingerprint(random),
                             .issued_at = random_time(random),
                             .life = random_life(random, kIdentityTokenLifeMax)};
  if (random.below(2) == 0) params.node = random_fingerprint(random);
  return params;
}

IntentTokenParams random_intent(Random& random) {
  return {.realm = random_fingerprint(random),
          .subject = random_fingerprint(random),
          .audience = random_fingerprint(random),
          .issued_at = random_time(random),
          .life = random_life(random, kIntentTokenLifeMax),
          .role = static_cast<IntentRole>(1 + random.below(3)),
          .threshold = static_cast<std::uint32_t>(random.below(kIntentThresholdMax + 1)),
          .node = random_fingerprint(random)};
}

template <class Params>
void expect_common(const Token& token, const Params& params, const crypto::SigningKeyPair& key) {
  EXPECT_EQ(token.realm(), params.realm);
  EXPECT_EQ(token.audience(), params.audience);
  EXPECT_EQ(token.issued_at(), params.issued_at);
  EXPECT_EQ(token.not_before(), params.not_before.value_or(params.issued_at));
  EXPECT_EQ(token.expires_at(), params.issued_at + params.life);
  EXPECT_EQ(token.public_key(), key.public_key);
  EXPECT_EQ(token.issuer(), token.fingerprint());
  EXPECT_EQ(Token::decode(token.raw()), token);
  EXPECT_TRUE(verify(token, crypto::ed25519(), token.not_before()));
}

TEST(TokenLaws, WhatIsIssuedReadsBackAndVerifies) {
  for_each_seed(300, [](Random& random) {
    const auto key = crypto::ed25519().generate(random);
    const NodeTokenParams node = random_node(random);
    const auto node_token = issue_node_token(node, key, crypto::ed25519(), random).value();
    expect_common(node_token.token, node, key);
    EXPECT_EQ(node_token.endpoints, node.endpoints);
    EXPECT_EQ(node_token.static_key, node.static_key);
    EXPECT_EQ(node_token.reachability, node.reachability);

    const IdentityTokenParams identity = random_identity(random);
    const auto identity_token =
        issue_identity_token(identity, key, crypto::ed25519(), random).value();
    expect_common(identity_token.token, identity, key);
    EXPECT_EQ(identity_token.node, identity.node);

    const IntentTokenParams intent = random_intent(random);
    const auto intent_token = issue_intent_token(intent, key, crypto::ed25519(), random).value();
    expect_common(intent_token.token, intent, key);
    EXPECT_EQ(intent_token.subject(), intent.subject);
    EXPECT_EQ(intent_token.role, intent.role);
    EXPECT_EQ(intent_token.threshold, intent.threshold);
    EXPECT_EQ(intent_token.node, intent.node);
  });
}

TEST(TokenLaws, EachKindIsDecodedByItsOwnDecoderAlone) {
  Cast cast;
  const auto node_token = cast.node_token();
  const auto identity_token = cast.identity_token();
  const auto intent_token = cast.intent_token();
  const auto taken = [](const Token& token) {
    return std::array{decode_node_token(token.raw()).has_value(),
                      decode_identity_token(token.raw()).has_value(),
                      decode_intent_token(token.raw()).has_value()};
  };
  EXPECT_EQ(taken(node_token.token), (std::array{true, false, false}));
  EXPECT_EQ(taken(identity_token.token), (std::array{false, true, false}));
  EXPECT_EQ(taken(intent_token.token), (std::array{false, false, true}));
  EXPECT_EQ(decode_node_token(intent_token.token.raw()).error(), Errc::wrong_kind);
}

TEST(TokenLaws, NoBitCanBeFlipped) {
  Cast cast;
  for (const Token& token : {cast.node_token().token, cast.identity_token().token,
                             cast.intent_token().token, cast.vouched_identity_token().token}) {
    Bytes bytes(token.raw().begin(), token.raw().end());
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      const auto mask = static_cast<Byte>(1U << bit % 8);
      bytes[bit / 8] ^= mask;
      const auto flipped = Token::decode(bytes);
      EXPECT_FALSE(flipped &&
                   verify(*flipped, crypto::ed25519(), kIssuedAt, &cast.leader_key.public_key))
          << "bit " << bit;
      bytes[bit / 8] ^= mask;
    }
  }
}

TEST(TokenLaws, EveryTruncationFails) {
  Cast cast;
  for (const Token& token :
       {cast.node_token().token, cast.identity_token().token, cast.intent_token().token})
    for (std::size_t size = 0; size < token.raw().size(); ++size)
      EXPECT_EQ(Token::decode(token.raw().first(size)).error(), Errc::truncated) << size;
}

/// A sample with pieces swapped for pieces of another, repeated, or overwritten.
Bytes nasty(const std::vector<TokenPieces>& samples, Random& random) {
  TokenPieces pieces = samples[random.below(samples.size())];
  for (auto swaps = random.below(4); swaps > 0; --swaps) {
    const TokenPieces& other = samples[random.below(samples.size())];
    pieces.fields[random.below(signed_fields)] = other.fields[random.below(signed_fields)];
  }
  Bytes bytes = pieces.put_together();
  for (auto damage = random.below(3); damage > 0; --damage)
    bytes[random.below(bytes.size())] = static_cast<Byte>(random.below(256));
  if (random.below(8) == 0) bytes.resize(random.below(2 * kIntentTokenBytesMax));
  return bytes;
}

TEST(TokenLaws, WhateverIsAcceptedIsConsistentAndNothingElseCostsMemory) {
  Cast cast;
  const std::vector<TokenPieces> samples = {
      TokenPieces::of(cast.node_token().token, cast.node_key),
      TokenPieces::of(cast.identity_token().token, cast.person_key),
      TokenPieces::of(cast.intent_token().token, cast.person_key)};
  int accepted = 0;
  for_each_seed(3000, [&](Random& random) {
    const Bytes bytes = nasty(samples, random);
    const Allocations allocations;
    const auto token = Token::decode(bytes);
    EXPECT_LE(allocations.peak_bytes(), 2 * bytes.size() + 64);
    if (!token) return;
    ++accepted;
    EXPECT_TRUE(std::ranges::equal(token->raw(), bytes));
    EXPECT_LE(bytes.size(), kIntentTokenBytesMax);
    EXPECT_LE(token->issued_at(), token->not_before());
    EXPECT_LT(token->not_before(), token->expires_at());
    EXPECT_EQ(token->subject().is_zero(), token->kind() != TokenKind::intent);
  });
  // The generator must reach behind the first checks.
  EXPECT_GT(accepted, 300);
}

}  // namespace
}  // namespace kith::test
