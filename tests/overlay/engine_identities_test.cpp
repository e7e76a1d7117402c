// Identities that join at a node whose key is not theirs.

#include <chrono>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/engine_lab.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::TestNode;

/// A person comes to an engine with a node of its own.
struct EngineIdentities : testing::Test {
  [[nodiscard]] IdentityToken identity(const IdentityTokenParams& params,
                                       const crypto::SigningKeyPair& key) {
    return issue_identity_token(params, key, signatures, random).value();
  }
  /// What a person says of itself who uses the node of `guest`.
  [[nodiscard]] IdentityTokenParams params() const {
    IdentityTokenParams params;
    params.issued_at = lab.now.wall;
    params.node = guest.local.id;
    return params;
  }
  [[nodiscard]] crypto::Signature proof(const Fingerprint& session_id,
                                        const crypto::SigningKeyPair& key) const {
    return signatures.sign(key, {join_statement(session_id, guest.local.id)});
  }

  /// Opens a session, and says `join(session id)` in it; whether that was let in.
  bool comes_in(const std::function<Bytes(const Fingerprint&)>& join) {
    lab.pass(2min);  // Whoever failed before is not held against this one.
    const std::size_t before = host.joined.size();
    DialTarget target;
    target.node = host.engine->id();
    EngineLab::Stranger& visitor =
        lab.knock(host, Endpoint::v4({192, 0, 2, 7}, 4000),
                  Session::dial(guest.local, std::move(target), test::default_config(),
                                guest.random, lab.now));
    lab.pass(1s);
    if (!visitor.party->opened()) return false;
    told = &visitor.party->messages;
    const Bytes said = join(visitor.party->session.session_id());
    EXPECT_TRUE(visitor.party->session.send({said}));
    lab.say(visitor);
    lab.pass(1s);
    const bool is_in = host.joined.size() > before;
    EXPECT_NE(is_in, visitor.is_over());
    return is_in;
  }
  bool comes_in(const IdentityToken& as, const crypto::SigningKeyPair& prover) {
    return comes_in([&](const Fingerprint& session_id) {
      return encode(JoinMessage{.identity = as.token.raw(), .proof = proof(session_id, prover)});
    });
  }

  EngineLab lab;
  SeededRandom random{77};
  const crypto::Signatures& signatures = *sim::simulated_primitives().signatures;
  crypto::SigningKeyPair person = signatures.generate(random);
  EngineLab::Node& host = lab.add(1);
  TestNode guest{1100, sim::simulated_primitives(), EngineLab::endpoint_of(100)};
  /// What the last one who came was told.
  const std::vector<Bytes>* told = nullptr;
};

TEST_F(EngineIdentities, R39_AreLetInAtANodeOfAnotherKey) {
  EXPECT_TRUE(comes_in(identity(params(), person), person));
  EXPECT_EQ(host.joined.back(), guest.local.id);
}

TEST_F(EngineIdentities, R40_AreRefusedIfTheyNameAnotherNode) {
  IdentityTokenParams elsewhere = params();
  elsewhere.node = host.engine->id();
  EXPECT_FALSE(comes_in(identity(elsewhere, person), person));
}

TEST_F(EngineIdentities, R40_AreRefusedIfTheyNameNoNode) {
  IdentityTokenParams nowhere = params();
  nowhere.node.reset();
  EXPECT_FALSE(comes_in(identity(nowhere, person), person));
}

TEST_F(EngineIdentities, R40_AreRefusedWithoutAProof) {
  const IdentityToken token = identity(params(), person);
  EXPECT_FALSE(comes_in([&](const Fingerprint&) {
    return encode(JoinMessage{.identity = token.token.raw(), .proof = {}});
  }));
}

TEST_F(EngineIdentities, R40_AreRefusedWithAProofOfAnotherSession) {
  const IdentityToken token = identity(params(), person);
  EXPECT_FALSE(comes_in([&](const Fingerprint&) {
    return encode(
        JoinMessage{.identity = token.token.raw(), .proof = proof(Fingerprint(), person)});
  }));
}

TEST_F(EngineIdentities, R40_AreRefusedWithAProofThatWasGoodBefore) {
  const IdentityToken token = identity(params(), person);
  Bytes recorded;
  EXPECT_TRUE(comes_in([&](const Fingerprint& session_id) {
    recorded =
        encode(JoinMessage{.identity = token.token.raw(), .proof = proof(session_id, person)});
    return recorded;
  }));
  EXPECT_FALSE(comes_in([&](const Fingerprint&) { return recorded; }));
}

TEST_F(EngineIdentities, R40_AreRefusedWithAProofAboutAnotherNode) {
  const IdentityToken token = identity(params(), person);
  EXPECT_FALSE(comes_in([&](const Fingerprint& session_id) {
    const Bytes statement = join_statement(session_id, host.engine->id());
    return encode(
        JoinMessage{.identity = token.token.raw(), .proof = signatures.sign(person, {statement})});
  }));
}

TEST_F(EngineIdentities, R40_AreRefusedWithAProofByTheNodeItself) {
  EXPECT_FALSE(comes_in(identity(params(), person), guest.node_key));
}

TEST_F(EngineIdentities, AreRefusedWhoseVoucherNobodyKnows) {
  IdentityTokenParams vouched = params();
  vouched.holder = person.public_key;
  const crypto::SigningKeyPair stranger = signatures.generate(random);
  EXPECT_FALSE(comes_in(identity(vouched, stranger), person));
}

TEST_F(EngineIdentities, AreRefusedOfAnotherRealm) {
  IdentityTokenParams foreign = params();
  foreign.realm = identity_fingerprint(person.public_key);
  EXPECT_FALSE(comes_in(identity(foreign, person), person));
}

TEST_F(EngineIdentities, AreRefusedWhenTheirTimeIsOver) {
  IdentityTokenParams old = params();
  old.issued_at = lab.now.wall - 3h;
  old.life = 2h;
  EXPECT_FALSE(comes_in(identity(old, person), person));
}

TEST_F(EngineIdentities, R42_AreToldThatTheyAreNotLetInIfTheyCannotBeAuthenticated) {
  IdentityTokenParams elsewhere = params();
  elsewhere.node = host.engine->id();
  IdentityTokenParams foreign = params();
  foreign.realm = identity_fingerprint(person.public_key);
  IdentityTokenParams vouched = params();
  vouched.holder = person.public_key;
  const crypto::SigningKeyPair voucher = signatures.generate(random);
  const IdentityToken tokens[] = {identity(elsewhere, person), identity(foreign, person),
                                  identity(vouched, voucher)};
  const auto expect_told = [&](const IdentityToken& as, const crypto::SigningKeyPair& prover) {
    EXPECT_FALSE(comes_in(as, prover));
    ASSERT_EQ(told->size(), 1U);
    EXPECT_EQ(decode_not_acknowledged(told->front()), false);
  };
  for (const IdentityToken& token : tokens) expect_told(token, person);
  expect_told(identity(params(), person), guest.node_key);
}

TEST_F(EngineIdentities, AreNoneOfAnothersNode) {
  SubscribeOptions options;
  options.identity = identity_fingerprint(person.public_key);
  EXPECT_EQ(host.engine->subscribe("news", options, lab.now).error(), Errc::not_found);
}

TEST_F(EngineIdentities, KeepTheOverlaysOwnSubjectsToThemselves) {
  EXPECT_EQ(host.engine->subscribe("kith/realm-leader", {}, lab.now).error(), Errc::reserved_name);
  EXPECT_EQ(host.engine->advertise("kith/anything", {}, lab.now).error(), Errc::reserved_name);
  EXPECT_TRUE(host.engine->subscribe("kith", {}, lab.now));
}

}  // namespace
}  // namespace kith::overlay
