#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const Bytes kNopeBytes(std::begin(kNope), std::end(kNope));

std::vector<std::size_t> frame_sizes(ByteView stream) {
  std::vector<std::size_t> sizes;
  for (const Bytes& frame : frames_of(stream)) sizes.push_back(frame.size());
  return sizes;
}

Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

/// Flips each bit of the frame that passes as number `frame`, one session for each.
void expect_no_flip_opens(TestNode& dialing, TestNode& listening, const DialTarget& target,
                          int frame, bool dialer_is_done) {
  std::size_t bits = 1;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    Pair pair(dialing, listening, target);
    int seen = 0;
    pair.wire = [&](bool, Bytes& bytes) {
      if (seen++ != frame) return;
      bits = bytes.size() * 8;
      bytes[bit / 8] = static_cast<Byte>(bytes[bit / 8] ^ 1U << bit % 8);
    };
    pair.run();
    ASSERT_GT(seen, frame);
    pair.pass(std::chrono::seconds(11));
    ASSERT_FALSE(pair.responder.opened()) << frame << ":" << bit;
    ASSERT_EQ(pair.dialer.opened(), dialer_is_done) << frame << ":" << bit;
    ASSERT_TRUE(pair.dialer.messages.empty() && pair.responder.messages.empty());
    ASSERT_TRUE(pair.dialer.closed && pair.responder.closed) << frame << ":" << bit;
  }
}

TEST(SessionHidden, NeverOpensWhenAnyBitOfAHandshakeFrameIsFlipped) {
  TestNode dialing(1);
  TestNode listening(2);
  const DialTarget target = listening.pinned_target();
  expect_no_flip_opens(dialing, listening, target, 0, false);
  expect_no_flip_opens(dialing, listening, target, 1, false);
  // The dialer has done its part when it sends F; what it learns then is the refusal.
  expect_no_flip_opens(dialing, listening, target, 2, true);
}

TEST(SessionConnection, NeverOpensWhenAnyBitOfAHandshakeFrameIsFlipped) {
  TestNode dialing(1);
  TestNode listening(2);
  const DialTarget target = listening.connection_target();
  expect_no_flip_opens(dialing, listening, target, 0, false);
  expect_no_flip_opens(dialing, listening, target, 1, false);
}

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

TEST(SessionConnection, HasTheSizesOfTheSpecification) {
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
