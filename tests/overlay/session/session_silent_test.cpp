// Flows I and N: tickets and reconnections, which are silent to whoever has no business here.

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SessionSilent : public testing::Test {
 protected:
  Party listener() {
    return Party(Session::accept(listening.local, public_config(), listening.random, start_time()));
  }

  /// A dialer's first piece: for flow N, two frames.
  Bytes first_piece(Flow flow) {
    Party dialer(Session::dial(dialing.local, listening.target(flow), default_config(),
                               dialing.random, start_time()));
    return dialer.say(start_time());
  }

  TestNode dialing{1};
  TestNode listening{2};
};

/// What kinds of frames `stream` consists of.
std::string letters_of(ByteView stream) {
  std::string letters;
  for (const Bytes& frame : frames_of(stream)) letters.push_back(static_cast<char>(frame.at(2)));
  return letters;
}

using SessionTicket = SessionSilent;
using SessionReconnect = SessionSilent;

TEST_F(SessionTicket, R70_R74_HasTheSizesOfTheSpecification) {
  DialTarget target = listening.target(Flow::ticket);
  target.certificate.clear();
  Pair pair(dialing, listening, target);
  pair.run();
  EXPECT_THAT(frame_sizes(pair.dialer.said), ElementsAre(611, 275));
  EXPECT_THAT(frame_sizes(pair.responder.said), ElementsAre(307));
  EXPECT_EQ(letters_of(pair.dialer.said), "IT");
  EXPECT_EQ(letters_of(pair.responder.said), "A");
  target.certificate.resize(kCertificateBytesMax);
  Pair longest(dialing, listening, target);
  longest.run();
  EXPECT_TRUE(longest.responder.opened());
}

TEST_F(SessionTicket, R59_ShowsTicketTokenAndCertificate) {
  const DialTarget target = listening.target(Flow::ticket);
  Pair pair(dialing, listening, target);
  pair.run();
  ASSERT_THAT(pair.responder.questions, SizeIs(1));
  const SessionAsks& asked = pair.responder.questions[0];
  EXPECT_EQ(asked.flow, Flow::ticket);
  EXPECT_EQ(asked.time, target.time);
  EXPECT_EQ(asked.certificate, target.certificate);
  EXPECT_TRUE(std::ranges::equal(asked.ticket->view(), target.ticket->view()));
  ASSERT_TRUE(asked.peer);
  EXPECT_EQ(asked.peer->fingerprint(), dialing.local.id);
  EXPECT_EQ(asked.peer->static_key, dialing.static_key.public_key);
  EXPECT_FALSE(contains(pair.dialer.said, target.ticket->view()));
  EXPECT_FALSE(contains(pair.dialer.said, target.certificate));
}

TEST_F(SessionTicket, R60_IsSpentAtTheFirstRecordAndNotBefore) {
  Pair pair(dialing, listening, listening.target(Flow::ticket));
  pair.responder.spends = std::nullopt;
  pair.carry_to_responder();
  pair.carry_to_dialer();
  EXPECT_THAT(pair.responder.spendings, IsEmpty());
  ASSERT_TRUE(pair.dialer.session.send({as_bytes("hello")}));
  pair.run();
  ASSERT_THAT(pair.responder.spendings, SizeIs(1));
  EXPECT_TRUE(std::ranges::equal(pair.responder.spendings[0].view(),
                                 listening.target(Flow::ticket).ticket->view()));
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_THAT(pair.responder.messages, IsEmpty());
  pair.responder.session.on_verdict(true, pair.now);
  pair.responder.poll(pair.now);
  EXPECT_EQ(pair.responder.openings, 1);
  EXPECT_THAT(pair.responder.messages, SizeIs(1));
  EXPECT_THAT(pair.responder.spendings, SizeIs(1));
}

TEST_F(SessionTicket, R60_IsRefusedInARecordIfSomebodyElseHasSpentIt) {
  Pair pair(dialing, listening, listening.target(Flow::ticket));
  pair.responder.spends = false;
  pair.run();
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_THAT(frame_sizes(pair.responder.said), ElementsAre(307, 275));
  EXPECT_EQ(pair.responder.closed->why, Errc::refused);
  EXPECT_EQ(pair.dialer.closed->why, Errc::refused);
}

TEST_F(SessionTicket, TakesOnlySoMuchWhileItIsBeingSpent) {
  Pair pair(dialing, listening, listening.target(Flow::ticket));
  pair.responder.spends = std::nullopt;
  pair.run();
  pair.dialer.session.let_in();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pair.dialer.session.send({Bytes(40'000, 'x')}));
  pair.run();
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::limit_reached);
  EXPECT_FALSE(pair.responder.opened());
}

TEST_F(SessionTicket, IsGivenUpWhenTheSpendingTakesTooLong) {
  Pair pair(dialing, listening, listening.target(Flow::ticket));
  pair.responder.spends = std::nullopt;
  pair.run();
  pair.pass(seconds(10));
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::timed_out);
  pair.responder.session.on_verdict(true, pair.now);
  pair.responder.poll(pair.now);
  EXPECT_FALSE(pair.responder.opened());
}

TEST_F(SessionTicket, R60_ReplayedFirstMessageSpendsNothing) {
  Pair recorded(dialing, listening, listening.target(Flow::ticket));
  recorded.run();
  Party victim = listener();
  victim.hear(recorded.dialer.said, start_time());
  EXPECT_THAT(victim.spendings, IsEmpty());
  EXPECT_FALSE(victim.opened());
  ASSERT_TRUE(victim.closed);
}

TEST_F(SessionTicket, R61_IsSilentToWhoeverHasNoGoodTicket) {
  Pair pair(dialing, listening, listening.target(Flow::ticket));
  pair.responder.verdict = false;
  pair.run();
  EXPECT_THAT(pair.responder.said, IsEmpty());
  EXPECT_EQ(pair.dialer.closed->why, Errc::connection_lost);
  // Forged, and of another node.
  Bytes garbage = first_piece(Flow::ticket);
  std::fill(garbage.begin() + 3, garbage.end(), Byte{9});
  TestNode other(3);
  Party dialer(Session::dial(dialing.local, other.target(Flow::ticket), default_config(),
                             dialing.random, start_time()));
  for (const Bytes& bytes : {garbage, dialer.say(start_time())}) {
    Party party = listener();
    party.hear(bytes, start_time());
    ASSERT_TRUE(party.closed);
    EXPECT_TRUE(party.closed->linger);
    EXPECT_THAT(party.questions, IsEmpty());
    EXPECT_THAT(party.say(start_time()), IsEmpty());
  }
}

TEST_F(SessionReconnect, R74_R75_HasTheSizesOfTheSpecificationInOneWrite) {
  DialTarget target = listening.target(Flow::reconnect);
  target.early.clear();
  Pair pair(dialing, listening, target);
  pair.run();
  EXPECT_THAT(frame_sizes(pair.dialer.said), ElementsAre(307, 307, 275));
  EXPECT_THAT(frame_sizes(pair.responder.said), ElementsAre(307));
  EXPECT_EQ(letters_of(pair.dialer.said), "NKT");
  EXPECT_EQ(letters_of(pair.responder.said), "A");
  EXPECT_THAT(frame_sizes(first_piece(Flow::reconnect)), ElementsAre(307, 307));
}

TEST_F(SessionReconnect, R71_R72_SaysWhoItIsAndWhatItIsAbout) {
  const DialTarget target = listening.target(Flow::reconnect);
  Pair pair(dialing, listening, target);
  pair.run();
  ASSERT_THAT(pair.responder.seekings, SizeIs(1));
  EXPECT_EQ(pair.responder.seekings[0].node, dialing.local.id);
  EXPECT_EQ(pair.responder.seekings[0].site, target.site);
  ASSERT_THAT(pair.responder.questions, SizeIs(1));
  const SessionAsks& asked = pair.responder.questions[0];
  EXPECT_EQ(asked.flow, Flow::reconnect);
  EXPECT_EQ(asked.node, dialing.local.id);
  EXPECT_FALSE(asked.peer);
  EXPECT_EQ(asked.about, target.about);
  EXPECT_EQ(asked.time, target.time);
  EXPECT_EQ(asked.early, target.early);
  EXPECT_TRUE(pair.responder.opened());
  EXPECT_THAT(pair.responder.messages, IsEmpty());
}

TEST_F(SessionReconnect, WhomItDoesNotKnowFailsWhereAForgeryFails) {
  const auto end_of = [this](bool known, bool forged) {
    Party party = listener();
    if (known) party.known[dialing.local.id] = dialing.static_key.public_key;
    Bytes bytes = first_piece(Flow::reconnect);
    if (forged) bytes.back() ^= 1U;
    party.hear(bytes, start_time());
    EXPECT_THAT(party.seekings, SizeIs(1));
    EXPECT_THAT(party.questions, SizeIs(known && !forged ? 1 : 0));
    EXPECT_EQ(party.say(start_time()).empty(), !known || forged);
    return party.closed ? std::optional(party.closed->why) : std::nullopt;
  };
  EXPECT_EQ(end_of(true, false), std::nullopt);
  EXPECT_EQ(end_of(true, true), Errc::decrypt_failed);
  EXPECT_EQ(end_of(false, false), Errc::decrypt_failed);
  EXPECT_EQ(end_of(false, true), Errc::decrypt_failed);
}

TEST_F(SessionReconnect, KnowsNobodyByAnotherKey) {
  Party party = listener();
  party.known[dialing.local.id] = TestNode(3).static_key.public_key;
  party.hear(first_piece(Flow::reconnect), start_time());
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.closed->why, Errc::decrypt_failed);
}

TEST_F(SessionReconnect, R73_RequestFailsBehindANameOfAnotherWrite) {
  const Bytes first = first_piece(Flow::reconnect);
  const Bytes second = first_piece(Flow::reconnect);
  Bytes spliced(first.begin(), first.begin() + 307);
  append(spliced, ByteView(second).subspan(307));
  Party party = listener();
  party.known[dialing.local.id] = dialing.static_key.public_key;
  party.hear(spliced, start_time());
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.closed->why, Errc::decrypt_failed);
  EXPECT_THAT(party.questions, IsEmpty());
  EXPECT_THAT(party.say(start_time()), IsEmpty());
}

TEST_F(SessionReconnect, R75_RequestMustFollowTheNameWithinTwoSeconds) {
  const Bytes first = first_piece(Flow::reconnect);
  Party party = listener();
  party.known[dialing.local.id] = dialing.static_key.public_key;
  party.hear(ByteView(first).first(400), start_time());
  EXPECT_EQ(party.session.next_deadline(), start_time().time + seconds(2));
  party.pass_deadline(later(start_time(), seconds(2)));
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.closed->why, Errc::timed_out);
  EXPECT_THAT(party.say(start_time()), IsEmpty());
}

TEST_F(SessionReconnect, R72_SaysNothingAfterTheName) {
  const Bytes first = first_piece(Flow::reconnect);
  for (const bool known : {true, false}) {
    Party party = listener();
    if (known) party.known[dialing.local.id] = dialing.static_key.public_key;
    party.hear(ByteView(first).first(307), start_time());
    EXPECT_FALSE(party.closed);
    EXPECT_THAT(party.say(start_time()), IsEmpty());
  }
}

TEST_F(SessionReconnect, WaitsWithTheRequestForTheKey) {
  Pair pair(dialing, listening, listening.target(Flow::reconnect));
  pair.responder.finds = false;
  pair.run();
  ASSERT_THAT(pair.responder.seekings, SizeIs(1));
  EXPECT_THAT(pair.responder.questions, IsEmpty());
  pair.responder.session.on_static_key(dialing.static_key.public_key, pair.now);
  pair.responder.poll(pair.now);
  pair.run();
  EXPECT_TRUE(pair.dialer.opened() && pair.responder.opened());
  // Nothing is asked any more.
  pair.responder.session.on_static_key(std::nullopt, pair.now);
  pair.responder.session.on_verdict(false, pair.now);
  pair.responder.poll(pair.now);
  EXPECT_FALSE(pair.responder.closed);
}

TEST_F(SessionReconnect, TakesNoMoreThanTheRequestWhileTheKeyIsSought) {
  Party party = listener();
  party.finds = false;
  Bytes bytes = first_piece(Flow::reconnect);
  bytes.resize(307 + 2 + kHandshakeLengthMax);
  party.hear(bytes, start_time());
  EXPECT_FALSE(party.closed);
  party.hear(Bytes{0}, start_time());
  ASSERT_TRUE(party.closed);
  EXPECT_THAT(party.say(start_time()), IsEmpty());
}

TEST_F(SessionReconnect, R64_IsSilentWhenTheRelationshipIsNotValid) {
  Pair pair(dialing, listening, listening.target(Flow::reconnect));
  pair.responder.verdict = false;
  pair.run();
  EXPECT_THAT(pair.responder.said, IsEmpty());
  EXPECT_FALSE(pair.dialer.opened() || pair.responder.opened());
}

TEST_F(SessionReconnect, ReplayedFirstMessagesOpenNothing) {
  Pair recorded(dialing, listening, listening.target(Flow::reconnect));
  recorded.run();
  Party victim = listener();
  victim.known[dialing.local.id] = dialing.static_key.public_key;
  victim.hear(recorded.dialer.said, start_time());
  EXPECT_FALSE(victim.opened());
  ASSERT_TRUE(victim.closed);
}

TEST_F(SessionReconnect, DoesNotBeginWithTheRequest) {
  const Bytes first = first_piece(Flow::reconnect);
  Party party = listener();
  party.hear(ByteView(first).subspan(307), start_time());
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.closed->why, Errc::unknown_kind);
  EXPECT_THAT(party.say(start_time()), IsEmpty());
}

TEST_F(SessionSilent, R61_AreSilentAboutTime) {
  for (const Flow flow : {Flow::ticket, Flow::reconnect}) {
    const Bytes first = first_piece(flow);
    Party party = listener();
    party.hear(ByteView(first).first(100), start_time());
    party.pass_deadline(later(start_time(), seconds(10)));
    ASSERT_TRUE(party.closed);
    EXPECT_THAT(party.say(start_time()), IsEmpty());
  }
}

TEST_F(SessionSilent, StealthListenersTakeThemAndAreSilentToAllElse) {
  const SessionConfig stealth = listening_as(kStealthListener);
  for (const char letter : std::string("SCOHIN")) {
    const auto flow = static_cast<Flow>(letter);
    Pair pair(dialing, listening, listening.target(flow), default_config(), stealth);
    pair.run();
    const bool taken = flow == Flow::ticket || flow == Flow::reconnect;
    EXPECT_EQ(pair.responder.opened(), taken) << letter;
    if (!taken) {
      EXPECT_THAT(pair.responder.said, IsEmpty()) << letter;
    }
  }
}

}  // namespace
}  // namespace kith::overlay::test
