#include <gtest/gtest.h>

#include <algorithm>

#include "tests/tokens/token_samples.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith {
namespace {

using namespace std::chrono_literals;
using test::kIssuedAt;

/// Tokens made by another implementation, and the keys they were made with.
class TokenVectors : public testing::Test {
 protected:
  [[nodiscard]] Bytes bytes(std::string_view key) const { return test::bytes_at(vectors_, key); }

  [[nodiscard]] Fingerprint fingerprint(std::string_view key) const {
    return Fingerprint::from_bytes(bytes(key)).value();
  }

  [[nodiscard]] crypto::SigningKeyPair key_of(std::string_view key) const {
    crypto::SigningKeyPair pair;
    std::ranges::copy(bytes(key), pair.seed.mutable_view().begin());
    pair.public_key = crypto::ed25519().public_key(pair.seed);
    return pair;
  }

 private:
  boost::json::value vectors_ = test::read_vectors("tokens.json");
};

/// Fills everything with one byte; the vectors have such uuids.
class Constant final : public Random {
 public:
  explicit Constant(Byte byte) : byte_(byte) {}
  void fill(MutableByteView out) override { std::ranges::fill(out, byte_); }

 private:
  Byte byte_;
};

Bytes raw(const Token& token) { return {token.raw().begin(), token.raw().end()}; }

TEST_F(TokenVectors, AgreeOnFingerprintsAndSubjects) {
  EXPECT_EQ(node_fingerprint(key_of("node_seed").public_key), fingerprint("node_fingerprint"));
  EXPECT_EQ(identity_fingerprint(key_of("person_seed").public_key),
            fingerprint("person_fingerprint"));
  EXPECT_EQ(subject_id(fingerprint("realm"), "news/weather"), fingerprint("subject"));
}

TEST_F(TokenVectors, AgreeOnNodeTokens) {
  NodeTokenParams params{.realm = fingerprint("realm"),
                         .issued_at = kIssuedAt,
                         .not_before = kIssuedAt + 1us,
                         .life = 1h,
                         .endpoints = {Endpoint::v4({192, 0, 2, 1}, 3141),
                                       Endpoint::parse("[2001:db8::1]:443").value()}};
  std::ranges::copy(bytes("static_key"), params.static_key.begin());
  Constant random(1);
  const auto token =
      issue_node_token(params, key_of("node_seed"), crypto::ed25519(), random).value().token;
  EXPECT_EQ(to_hex(token.raw()), to_hex(bytes("node")));
  EXPECT_TRUE(verify(token, crypto::ed25519(), kIssuedAt + 1min));
}

TEST_F(TokenVectors, AgreeOnIdentityTokens) {
  const IdentityTokenParams params{.issued_at = kIssuedAt,
                                   .not_before = kIssuedAt + 1us,
                                   .life = 1h,
                                   .node = fingerprint("node_fingerprint")};
  Constant random(2);
  const auto token =
      issue_identity_token(params, key_of("person_seed"), crypto::ed25519(), random).value().token;
  EXPECT_EQ(raw(token), bytes("identity"));
}

TEST_F(TokenVectors, AgreeOnIdentityTokensThatAnotherVouchesFor) {
  const crypto::SigningKeyPair leader = key_of("leader_seed");
  const auto token = decode_identity_token(bytes("vouched_identity")).value().token;
  EXPECT_EQ(token.fingerprint(), fingerprint("person_fingerprint"));
  EXPECT_EQ(token.issuer(), fingerprint("realm"));
  EXPECT_TRUE(verify(token, crypto::ed25519(), kIssuedAt + 1min, &leader.public_key));
}

TEST_F(TokenVectors, AgreeOnIntentTokens) {
  const IntentTokenParams params{.realm = fingerprint("realm"),
                                 .subject = fingerprint("subject"),
                                 .audience = fingerprint("realm"),
                                 .issued_at = kIssuedAt,
                                 .not_before = kIssuedAt + 1us,
                                 .life = 1h,
                                 .role = IntentRole::receive,
                                 .threshold = 1024,
                                 .node = fingerprint("node_fingerprint")};
  Constant random(4);
  const auto token =
      issue_intent_token(params, key_of("person_seed"), crypto::ed25519(), random).value().token;
  EXPECT_EQ(raw(token), bytes("intent"));
}

}  // namespace
}  // namespace kith
