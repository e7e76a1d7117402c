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

  [[nodiscard]] std::string text(std::string_view key) const {
    return std::string(vectors_.at(key).as_string());
  }

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

TEST_F(TokenVectors, AgreeOnRelationships) {
  const crypto::SigningKeyPair leader = key_of("leader_seed");
  RelationshipParams params{.realm = fingerprint("realm"),
                            .issued_at = kIssuedAt,
                            .not_before = kIssuedAt + 1us,
                            .life = 1h,
                            .proposer = {.node = fingerprint("node_fingerprint")},
                            .partner_key = leader.public_key};
  std::array<Byte, Fingerprint::kBytes> node{};
  node.fill(9);
  params.partner.node = Fingerprint(node);
  std::ranges::copy(bytes("static_key"), params.proposer.static_key.begin());
  for (std::size_t i = 0; i < 32; ++i) params.partner.static_key[i] = static_cast<Byte>(32 + i);
  Constant random(6);
  const auto proposal =
      propose_relationship(params, key_of("person_seed"), crypto::ed25519(), random).value();
  EXPECT_EQ(to_hex(proposal.raw()), to_hex(bytes("relationship_proposal")));
  const auto both = countersign(proposal, leader, crypto::ed25519(), kIssuedAt).value();
  EXPECT_EQ(to_hex(both.raw()), to_hex(bytes("relationship")));
}

TEST_F(TokenVectors, AgreeOnTickets) {
  TicketTokenParams params{.realm = fingerprint("realm"),
                           .partner = fingerprint("person_fingerprint"),
                           .issued_at = kIssuedAt,
                           .not_before = kIssuedAt + 1us,
                           .life = 1h,
                           .dialed = {.host = "example.org", .port = 3141}};
  std::ranges::copy(bytes("static_key"), params.static_key.begin());
  Constant random(5);
  const auto ticket =
      issue_ticket_token(params, key_of("node_seed"), crypto::ed25519(), random).value();
  EXPECT_EQ(to_hex(ticket.raw()), to_hex(bytes("ticket")));
  EXPECT_EQ(ticket_hash(ticket.secret()), fingerprint("ticket_hash"));
  EXPECT_EQ(to_uri(ticket), text("ticket_uri"));
}

}  // namespace
}  // namespace kith
