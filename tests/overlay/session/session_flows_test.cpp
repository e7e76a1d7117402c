#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"
#include "tests/support/bytes_of.hpp"

namespace kith::overlay::test {
namespace {

using kith::test::bytes_of;
using testing::ElementsAre;
using testing::SizeIs;

TEST(SessionHidden, HasTheSizesOfTheSpecification) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, DialTarget{});
  pair.run();
  EXPECT_THAT(frame_sizes(pair.dialer.said), ElementsAre(35, 579));
  EXPECT_THAT(frame_sizes(pair.responder.said), ElementsAre(611));
}

TEST(SessionHidden, CarriesAJoinInTheThirdMessage) {
  TestNode dialing(1);
  TestNode listening(2);
  DialTarget target;
  target.first_message = Bytes(600, 'j');
  Pair pair(dialing, listening, target);
  pair.run();
  EXPECT_THAT(frame_sizes(pair.dialer.said), ElementsAre(35, 1091));
  EXPECT_THAT(pair.responder.messages, ElementsAre(target.first_message));
}

TEST(SessionHidden, PinnedToAnotherNodeRevealsNothing) {
  TestNode dialing(1);
  TestNode listening(2);
  DialTarget target;
  target.node = TestNode(3).local.id;
  Pair pair(dialing, listening, target);
  pair.run();
  EXPECT_EQ(pair.dialer.said.size(), 35U + sizeof(kNope));
  EXPECT_EQ(Bytes(pair.dialer.said.end() - 4, pair.dialer.said.end()), kNopeBytes);
  EXPECT_TRUE(pair.dialer.questions.empty());
  EXPECT_EQ(pair.dialer.closed->why, Errc::wrong_key);
  EXPECT_EQ(pair.responder.closed->why, Errc::refused);
}

TEST(SessionHidden, TakesRecordsThatComeBeforeTheVerdictAfterIt) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, DialTarget{});
  pair.responder.verdict = std::nullopt;
  ASSERT_TRUE(pair.dialer.session.send({as_bytes("early")}));
  pair.run();
  EXPECT_TRUE(pair.dialer.opened());
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_TRUE(pair.responder.messages.empty());
  pair.responder.session.on_verdict(true, pair.now);
  pair.responder.poll(pair.now);
  EXPECT_TRUE(pair.responder.opened());
  EXPECT_THAT(pair.responder.messages, ElementsAre(bytes_of("early")));
}

TEST(SessionHidden, HoldsOnlySoMuchBeforeTheVerdict) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, DialTarget{});
  pair.responder.verdict = std::nullopt;
  pair.dialer.session.let_in();  // It says more than it should.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pair.dialer.session.send({Bytes(40'000, 'x')}));
  pair.run();
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::limit_reached);
  EXPECT_FALSE(pair.responder.opened());
}

TEST(SessionConnection, R21_R22_HasTheSizesOfTheSpecification) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, listening.connection_target());
  pair.run();
  EXPECT_THAT(frame_sizes(pair.dialer.said), ElementsAre(611, 3 + 256 + 16));
  EXPECT_THAT(frame_sizes(pair.responder.said), ElementsAre(307));
}

TEST(SessionConnection, TellsTheResponderTheDialersTime) {
  TestNode dialing(1);
  TestNode listening(2);
  DialTarget target = listening.connection_target();
  target.time = WallTime(Duration(123'456'789));
  Pair pair(dialing, listening, target);
  pair.run();
  ASSERT_THAT(pair.responder.questions, SizeIs(1));
  EXPECT_EQ(pair.responder.questions[0].time, target.time);
  EXPECT_EQ(pair.responder.questions[0].flow, Flow::connection);
}

TEST(SessionConnection, LetterIsBoundIntoTheHandshake) {
  // IK under another letter has another prologue: nothing of it decrypts.
  TestNode dialing(1);
  TestNode listening(2);
  for (const Byte letter : {Byte{'C'}, Byte{'I'}}) {
    RawPeer peer(dialing, listening, Flow::connection, letter);
    Party responder(
        Session::accept(listening.local, default_config(), listening.random, start_time()));
    responder.hear(peer.frame('C', connection_payload(dialing.local.token, 1)), start_time());
    EXPECT_EQ(responder.questions.size(), letter == 'C' ? 1U : 0U);
    EXPECT_EQ(responder.closed.has_value(), letter != 'C');
    if (letter == 'C') continue;
    EXPECT_EQ(responder.closed->why, Errc::decrypt_failed);
    EXPECT_EQ(responder.say(start_time()), kNopeBytes);
  }
}

TEST(SessionConnection, UnconfirmedResponderSendsNothing) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, listening.connection_target());
  pair.carry_to_responder();
  EXPECT_EQ(pair.responder.say(pair.now).size(), 307U);
  ASSERT_TRUE(pair.responder.session.send({as_bytes("too soon")}));
  pair.responder.session.ping(1);
  EXPECT_TRUE(pair.responder.say(pair.now).empty());
  EXPECT_EQ(pair.responder.session.queued_bytes(), 0U);
  EXPECT_FALSE(pair.responder.session.is_open());
}

TEST(SessionConnection, ReplayedFirstMessageNeverOpens) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair recorded(dialing, listening, listening.connection_target());
  recorded.run();
  ASSERT_TRUE(recorded.responder.opened());

  Party victim(Session::accept(listening.local, default_config(), listening.random, start_time()));
  victim.hear(recorded.dialer.said, start_time());
  victim.say(start_time());
  EXPECT_FALSE(victim.opened());
  ASSERT_TRUE(victim.closed);
  EXPECT_TRUE(victim.messages.empty());
}

TEST(SessionOpen, R32_HasTheSizesOfTheSpecification) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, listening.target(Flow::open));
  pair.run();
  const std::size_t token_bytes = dialing.local.token.size();
  EXPECT_THAT(frame_sizes(pair.dialer.said), ElementsAre(3 + 32 + 32 + token_bytes, 3 + 256 + 16));
  EXPECT_THAT(frame_sizes(pair.responder.said), ElementsAre(611));
}

TEST(SessionOpen, R38_ShowsTheTokenOfTheDialerAlone) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, listening.target(Flow::open));
  pair.run();
  EXPECT_TRUE(contains(pair.dialer.said, dialing.local.token));
  EXPECT_FALSE(contains(pair.responder.said, ByteView(listening.local.token).last(8)));
}

TEST(SessionOpen, R38_RefusesToShowWhatIsNoNodeToken) {
  TestNode dialing(1);
  dialing.local.token.push_back(0);
  Party dialer(Session::dial(dialing.local, TestNode(2).target(Flow::open), default_config(),
                             dialing.random, start_time()));
  dialer.poll(start_time());
  ASSERT_TRUE(dialer.closed);
  EXPECT_EQ(dialer.say(start_time()), kNopeBytes);
}

TEST(SessionOpen, R33_VerifiesTheTokenBeforeItAnswers) {
  TestNode dialing(1);
  TestNode listening(2);
  dialing.local.token.back() ^= 1U;
  Pair pair(dialing, listening, listening.target(Flow::open));
  pair.run();
  EXPECT_EQ(pair.responder.said, kNopeBytes);
  EXPECT_EQ(pair.responder.closed->why, Errc::bad_signature);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
}

/// Counts what is computed with secret keys.
struct CountingDh final : crypto::DiffieHellman {
  [[nodiscard]] crypto::DhPublicKey public_key(const crypto::DhSecretKey& secret) const override {
    ++made;
    return crypto::x25519().public_key(secret);
  }
  [[nodiscard]] Result<crypto::SharedSecret> agree(
      const crypto::DhSecretKey& ours, const crypto::DhPublicKey& theirs) const override {
    ++made;
    return crypto::x25519().agree(ours, theirs);
  }

  mutable int made = 0;
};

TEST(SessionOpen, R33_VerifiesTheTokenBeforeItComputesAnything) {
  const CountingDh dh;
  crypto::Primitives primitives = crypto::sodium_primitives();
  primitives.dh = &dh;
  for (const bool is_forged : {true, false}) {
    TestNode dialing(1);
    TestNode listening(2);
    listening.local.primitives = &primitives;
    if (is_forged) dialing.local.token.back() ^= 1U;
    Pair pair(dialing, listening, listening.target(Flow::open));
    pair.run();
    EXPECT_EQ(pair.responder.opened(), !is_forged);
    EXPECT_EQ(dh.made == 0, is_forged);
  }
}

TEST(SessionOpen, R35_GoesOnWithThePinnedNodeAlone) {
  TestNode dialing(1);
  TestNode listening(2);
  DialTarget target = listening.target(Flow::open);
  target.node = TestNode(3).local.id;
  Pair pair(dialing, listening, target);
  pair.run();
  EXPECT_FALSE(pair.dialer.opened() || pair.responder.opened());
  EXPECT_EQ(pair.dialer.closed->why, Errc::wrong_key);
  EXPECT_EQ(pair.responder.closed->why, Errc::refused);
}

TEST(SessionOpen, IsNoHiddenFlowUnderAnotherLetter) {
  TestNode dialing(1);
  TestNode listening(2);
  for (const auto& [flow, letter] : {std::pair{Flow::open, 'H'}, std::pair{Flow::hidden, 'O'}}) {
    Pair pair(dialing, listening, listening.target(flow));
    pair.wire = [swapped = letter](bool to_responder, Bytes& bytes) {
      if (to_responder) bytes[2] = static_cast<Byte>(swapped);
    };
    pair.run();
    EXPECT_FALSE(pair.dialer.opened() || pair.responder.opened()) << letter;
  }
}

TEST(SessionConnection, R62_TellsTheResponderWhatItIsAbout) {
  TestNode dialing(1);
  TestNode listening(2);
  Pair pair(dialing, listening, listening.target(Flow::connection));
  pair.run();
  ASSERT_THAT(pair.responder.questions, SizeIs(1));
  EXPECT_EQ(pair.responder.questions[0].about, listening.target(Flow::connection).about);
}

TEST(SessionConnection, NeedsTheKeyOfTheResponder) {
  TestNode dialing(1);
  TestNode listening(2);
  DialTarget target = listening.connection_target();
  target.static_key = TestNode(3).static_key.public_key;
  Pair pair(dialing, listening, target);
  pair.run();
  EXPECT_EQ(pair.responder.said, kNopeBytes);
  EXPECT_EQ(pair.responder.closed->why, Errc::decrypt_failed);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
}

}  // namespace
}  // namespace kith::overlay::test
