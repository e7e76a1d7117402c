// Flow S: the dialer proves itself before the responder shows anything.

#include <functional>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "overlay/session/proof.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SessionSealed : public testing::Test {
 protected:
  /// A dialer that keeps to the rules up to its proof, and the listener it has reached.
  struct Reached {
    Reached(TestNode& dialing, TestNode& listening)
        : peer(dialing, listening, Flow::sealed),
          responder(
              Session::accept(listening.local, public_config(), listening.random, start_time())) {
      responder.hear(peer.frame('S', {}), start_time());
      EXPECT_TRUE(peer.read(responder.say(start_time())));
    }

    RawPeer peer;
    Party responder;
  };

  [[nodiscard]] Bytes proof(const ProofStatement& statement, ByteView token) const {
    return proof_by(dialing, statement, token);
  }
  [[nodiscard]] static Bytes proof_by(const TestNode& prover, const ProofStatement& statement,
                                      ByteView token) {
    const crypto::Signature signature =
        sign_proof(statement, prover.node_key, *prover.local.primitives->signatures);
    Payload payload;
    payload.set(PayloadKey::token, token);
    payload.set(PayloadKey::signature, signature);
    return encode_map(payload);
  }

  [[nodiscard]] ProofStatement statement(const Reached& reached) const {
    return {.side = Side::dialer,
            .handshake_hash = reached.peer.handshake_hash(),
            .prover = dialing.local.id,
            .reader = {}};
  }

  /// How a dialer ends that a listener shows this proof to, in the place of its own; nothing: it
  /// goes on.
  std::optional<Errc> end_after(const std::function<void(ProofStatement&)>& change) {
    RawPeer peer(listening, dialing, Flow::sealed, Byte{'S'}, noise::Role::responder);
    Party dialer(Session::dial(dialing.local, listening.target(Flow::sealed), default_config(),
                               dialing.random, start_time()));
    EXPECT_TRUE(peer.read(dialer.say(start_time())));
    dialer.hear(peer.frame('A', {}), start_time());
    EXPECT_TRUE(peer.open(dialer.say(start_time())));
    ProofStatement shown{.side = Side::responder,
                         .handshake_hash = peer.handshake_hash(),
                         .prover = listening.local.id,
                         .reader = dialing.local.id};
    change(shown);
    const Bytes body = proof_by(listening, shown, listening.local.token);
    dialer.hear(peer.record(padded({item(3, body)})), start_time());
    EXPECT_NE(dialer.opened(), dialer.closed.has_value());
    return dialer.closed ? std::optional(dialer.closed->why) : std::nullopt;
  }

  /// What a listener answers to this record, decrypted; it must come to nothing.
  Bytes refusal(Reached& reached, ByteView plaintext) {
    reached.responder.hear(reached.peer.record(plaintext), start_time());
    EXPECT_TRUE(reached.responder.closed);
    EXPECT_FALSE(reached.responder.opened());
    EXPECT_THAT(reached.responder.questions, IsEmpty());
    const auto opened = reached.peer.open(reached.responder.say(start_time()));
    return opened.value_or(Bytes());
  }

  TestNode dialing{1};
  TestNode listening{2};
};

/// REFUSE in a record as long as one with a proof.
Bytes long_refusal() {
  Bytes plaintext = item(4, {});
  plaintext.push_back(0x80);
  plaintext.resize(512);
  return plaintext;
}

TEST_F(SessionSealed, R3_R4_R11_HasTheSizesOfTheSpecification) {
  Pair pair(dialing, listening, listening.target(Flow::sealed));
  pair.run();
  const auto said = frames_of(pair.dialer.said);
  const auto answered = frames_of(pair.responder.said);
  ASSERT_THAT(said, SizeIs(2));
  ASSERT_THAT(answered, SizeIs(2));
  EXPECT_EQ(said[0].size(), 35U);
  EXPECT_EQ(answered[0].size(), 51U);
  EXPECT_EQ(said[1].size(), 531U);
  EXPECT_EQ(answered[1].size(), 531U);
}

TEST_F(SessionSealed, R8_AsksWhetherItTrustsTheDialerBeforeItShowsAnything) {
  Pair pair(dialing, listening, listening.target(Flow::sealed));
  pair.responder.verdict = std::nullopt;
  pair.run();
  ASSERT_THAT(pair.responder.questions, SizeIs(1));
  EXPECT_EQ(pair.responder.said.size(), 51U);
  EXPECT_FALSE(pair.dialer.opened());
  pair.responder.session.on_verdict(true, pair.now);
  pair.responder.poll(pair.now);
  pair.run();
  EXPECT_TRUE(pair.dialer.opened() && pair.responder.opened());
}

TEST_F(SessionSealed, R9_RefusesWhomItDoesNotTrustInARecordAsLongAsAProof) {
  Pair pair(dialing, listening, listening.target(Flow::sealed));
  pair.responder.verdict = false;
  pair.run();
  const auto answered = frames_of(pair.responder.said);
  ASSERT_THAT(answered, SizeIs(2));
  EXPECT_EQ(answered[1].size(), 531U);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
  EXPECT_EQ(pair.responder.closed->why, Errc::refused);
  EXPECT_THAT(pair.dialer.questions, IsEmpty());
  EXPECT_FALSE(pair.dialer.opened() || pair.responder.opened());
}

TEST_F(SessionSealed, R7_R14_R18_RefusesEveryBadProofInTheSameWay) {
  const auto changed = [&](const std::function<void(ProofStatement&)>& change) {
    Reached reached(dialing, listening);
    ProofStatement wrong = statement(reached);
    change(wrong);
    return refusal(reached, padded({item(3, proof(wrong, dialing.local.token))}));
  };
  const Bytes other_hash(64, 7);
  EXPECT_EQ(changed([&](auto& wrong) { wrong.handshake_hash = other_hash; }), long_refusal());
  EXPECT_EQ(changed([&](auto& wrong) { wrong.side = Side::responder; }), long_refusal());
  EXPECT_EQ(changed([&](auto& wrong) { wrong.prover = listening.local.id; }), long_refusal());
  EXPECT_EQ(changed([&](auto& wrong) { wrong.reader = listening.local.id; }), long_refusal());
  for (const Bytes& body : {Bytes(), Bytes{0x80}, Bytes(430, 1)}) {
    Reached reached(dialing, listening);
    EXPECT_EQ(refusal(reached, padded({item(3, body)})), long_refusal());
  }
  // Somebody else's token, and one that is not signed.
  Bytes forged = dialing.local.token;
  forged.back() ^= 1U;
  for (const Bytes& token : {TestNode(3).local.token, forged, listening.local.token}) {
    Reached reached(dialing, listening);
    EXPECT_EQ(refusal(reached, padded({item(3, proof(statement(reached), token))})),
              long_refusal());
  }
}

TEST_F(SessionSealed, R17_RefusesWhatComesWithTheProofOrInsteadOfIt) {
  Reached first(dialing, listening);
  const Bytes good = item(3, proof(statement(first), dialing.local.token));
  EXPECT_EQ(refusal(first, padded({good, item(0, {})})), long_refusal());
  for (const Bytes& other : {item(0, {}), item(1, as_bytes("hello")), item(6, Bytes(8)),
                             item(4, {}), item(5, Bytes(1))}) {
    Reached reached(dialing, listening);
    EXPECT_EQ(refusal(reached, padded({other})), long_refusal());
  }
  Reached ahead(dialing, listening);
  Bytes bytes = ahead.peer.record(padded({item(3, proof(statement(ahead), dialing.local.token))}));
  append(bytes, ahead.peer.record(padded({item(0, {})})));
  ahead.responder.hear(bytes, start_time());
  EXPECT_FALSE(ahead.responder.opened());
  EXPECT_THAT(ahead.responder.questions, IsEmpty());
  EXPECT_EQ(ahead.peer.open(ahead.responder.say(start_time())), long_refusal());
}

TEST_F(SessionSealed, R17_RefusesARecordWithoutAnyItem) {
  for (const Bytes& plaintext : {padded({}), Bytes(256)}) {
    Reached reached(dialing, listening);
    EXPECT_EQ(refusal(reached, plaintext), long_refusal());
  }
}

TEST_F(SessionSealed, TakesTheGoodProofOfTheSameMaking) {
  Reached reached(dialing, listening);
  reached.responder.hear(
      reached.peer.record(padded({item(3, proof(statement(reached), dialing.local.token))})),
      start_time());
  EXPECT_TRUE(reached.responder.opened());
}

TEST_F(SessionSealed, R10_RefusesAProofOfAnotherSession) {
  // Somebody in the middle has a session with each, and hands the proofs on.
  TestNode middle(3);
  Reached with_middle(dialing, middle);
  const Bytes body = proof(statement(with_middle), dialing.local.token);
  Reached reached(middle, listening);
  EXPECT_EQ(refusal(reached, padded({item(3, body)})), long_refusal());
}

TEST_F(SessionSealed, R10_R14_DialerRefusesEveryBadProofToo) {
  const Bytes other_hash(64, 7);
  EXPECT_EQ(end_after([](ProofStatement&) {}), std::nullopt);
  EXPECT_EQ(end_after([&](ProofStatement& wrong) { wrong.handshake_hash = other_hash; }),
            Errc::bad_signature);
  EXPECT_EQ(end_after([&](ProofStatement& wrong) { wrong.side = Side::dialer; }),
            Errc::bad_signature);
  EXPECT_EQ(end_after([&](ProofStatement& wrong) { wrong.prover = dialing.local.id; }),
            Errc::bad_signature);
  // It was made for somebody else, who hands it on.
  EXPECT_EQ(end_after([&](ProofStatement& wrong) { wrong.reader = listening.local.id; }),
            Errc::bad_signature);
}

TEST_F(SessionSealed, R20_R28_DialerRefusesInARecordWhatItDoesNotAccept) {
  DialTarget elsewhere = listening.target(Flow::sealed);
  elsewhere.node = TestNode(3).local.id;
  Pair pinned(dialing, listening, elsewhere);
  pinned.run();
  EXPECT_EQ(pinned.dialer.closed->why, Errc::wrong_key);
  EXPECT_EQ(pinned.responder.closed->why, Errc::refused);
  Pair unknown(dialing, listening, listening.target(Flow::sealed));
  unknown.dialer.verdict = false;
  unknown.run();
  EXPECT_EQ(unknown.dialer.closed->why, Errc::refused);
  EXPECT_EQ(unknown.responder.closed->why, Errc::refused);
  for (const Pair* pair : {&pinned, &unknown}) {
    const auto said = frames_of(pair->dialer.said);
    ASSERT_THAT(said, SizeIs(3));
    EXPECT_EQ(said[2].size(), 275U);
    EXPECT_FALSE(pair->dialer.opened());
  }
}

TEST_F(SessionSealed, R6_SaysNothingOfWhatWaitsBeforeItIsAnswered) {
  DialTarget target = listening.target(Flow::sealed);
  target.first_message = Bytes(100, 'm');
  Pair pair(dialing, listening, target);
  ASSERT_TRUE(pair.responder.session.send({as_bytes("answer")}));
  pair.responder.verdict = std::nullopt;
  pair.run();
  EXPECT_EQ(pair.dialer.said.size(), 35U + 531U);
  EXPECT_EQ(pair.responder.said.size(), 51U);
  pair.responder.session.on_verdict(true, pair.now);
  pair.responder.poll(pair.now);
  pair.run();
  EXPECT_THAT(pair.responder.messages, ElementsAre(target.first_message));
  EXPECT_THAT(pair.dialer.messages, SizeIs(1));
}

TEST_F(SessionSealed, SaysNothingOfWhatWaitsOnceItIsRefused) {
  DialTarget target = listening.target(Flow::sealed);
  target.first_message = Bytes(100, 'm');
  Pair pair(dialing, listening, target);
  pair.responder.verdict = false;
  pair.run();
  ASSERT_TRUE(pair.dialer.closed);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
  EXPECT_EQ(pair.dialer.said.size(), 35U + 531U);
}

TEST_F(SessionSealed, ProofMustFollowTheAnswerWithinFiveSeconds) {
  Reached reached(dialing, listening);
  EXPECT_EQ(reached.responder.session.next_deadline(), start_time().time + std::chrono::seconds(5));
  reached.responder.pass_deadline(later(start_time(), std::chrono::seconds(5)));
  ASSERT_TRUE(reached.responder.closed);
  EXPECT_EQ(reached.responder.closed->why, Errc::timed_out);
  EXPECT_THAT(reached.responder.say(start_time()), IsEmpty());
}

TEST_F(SessionSealed, ClosesWithoutAWordWhenTheProofDoesNotAuthenticate) {
  Reached reached(dialing, listening);
  Bytes record = reached.peer.record(padded({item(0, {})}));
  record.back() ^= 1U;
  reached.responder.hear(record, start_time());
  ASSERT_TRUE(reached.responder.closed);
  EXPECT_EQ(reached.responder.closed->why, Errc::decrypt_failed);
  EXPECT_THAT(reached.responder.say(start_time()), IsEmpty());
}

TEST_F(SessionSealed, TakesNoProofOnceItIsOpen) {
  OpenedByRawPeer open(dialing, listening);
  open.hear_record(padded({item(3, Bytes(64))}));
  ASSERT_TRUE(open.responder.closed);
  EXPECT_EQ(open.responder.closed->why, Errc::protocol_error);
}

}  // namespace
}  // namespace kith::overlay::test
