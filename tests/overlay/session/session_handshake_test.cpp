#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"
#include "tests/support/bytes_of.hpp"

namespace kith::overlay::test {
namespace {

using kith::test::bytes_of;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class SessionFlow : public testing::TestWithParam<const char*> {
 protected:
  [[nodiscard]] DialTarget target() const {
    const std::string_view name = GetParam();
    if (name == "H") return DialTarget{};
    if (name == "pinned") return listening.pinned_target();
    return listening.target(flow());
  }
  [[nodiscard]] Flow flow() const {
    const std::string_view name = GetParam();
    return name == "pinned" ? Flow::hidden : static_cast<Flow>(name.front());
  }
  /// Whether the dialer is shown the listener's token.
  [[nodiscard]] bool shows_listener() const {
    return flow() == Flow::hidden || flow() == Flow::open || flow() == Flow::sealed;
  }
  /// Whether the listener is shown the dialer's.
  [[nodiscard]] bool shows_dialer() const { return flow() != Flow::reconnect; }

  TestNode dialing{1};
  TestNode listening{2};
};

INSTANTIATE_TEST_SUITE_P(Flows, SessionFlow,
                         testing::Values("S", "C", "O", "H", "pinned", "I", "N"),
                         [](const auto& flow) { return std::string(flow.param); });

TEST_P(SessionFlow, R2_R29_OpensOnBothSidesWithTheSameSessionId) {
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_EQ(pair.dialer.openings, 1);
  EXPECT_EQ(pair.responder.openings, 1);
  EXPECT_EQ(pair.dialer.session.session_id(), pair.responder.session.session_id());
  EXPECT_FALSE(pair.dialer.session.session_id().is_zero());
  EXPECT_FALSE(pair.dialer.closed);
  EXPECT_FALSE(pair.responder.closed);
  Pair again(dialing, listening, target());
  again.run();
  EXPECT_NE(again.dialer.session.session_id(), pair.dialer.session.session_id());
}

TEST_P(SessionFlow, R3_BeginsWithTheDialer) {
  Pair pair(dialing, listening, target());
  EXPECT_FALSE(pair.carry_to_dialer());
  EXPECT_TRUE(pair.carry_to_responder());
}

TEST_P(SessionFlow, R10_R37_ShowsEachSideTheTokenOfTheOther) {
  Pair pair(dialing, listening, target());
  pair.run();
  ASSERT_THAT(pair.responder.questions, SizeIs(1));
  EXPECT_EQ(pair.responder.questions[0].flow, flow());
  EXPECT_EQ(pair.responder.questions[0].node, dialing.local.id);
  ASSERT_EQ(pair.responder.questions[0].peer.has_value(), shows_dialer());
  if (shows_dialer()) {
    EXPECT_EQ(pair.responder.questions[0].peer->fingerprint(), dialing.local.id);
  }
  // The other dialers had the token, or the ticket, before.
  ASSERT_THAT(pair.dialer.questions, SizeIs(shows_listener() ? 1 : 0));
  if (shows_listener()) {
    EXPECT_EQ(pair.dialer.questions[0].peer->fingerprint(), listening.local.id);
  }
}

TEST_P(SessionFlow, R31_CarriesMessagesBothWaysInOrder) {
  Pair pair(dialing, listening, target());
  pair.run();
  for (const char* text : {"one", "two", "three"}) {
    ASSERT_TRUE(pair.dialer.session.send({as_bytes(text), as_bytes("!")}));
    ASSERT_TRUE(pair.responder.session.send({as_bytes(text)}));
  }
  pair.run();
  EXPECT_THAT(pair.responder.messages,
              ElementsAre(bytes_of("one!"), bytes_of("two!"), bytes_of("three!")));
  EXPECT_THAT(pair.dialer.messages,
              ElementsAre(bytes_of("one"), bytes_of("two"), bytes_of("three")));
}

TEST_P(SessionFlow, DeliversTheFirstMessageBeforeThoseSentWhileItOpened) {
  DialTarget with_message = target();
  with_message.first_message = bytes_of("join");
  Pair pair(dialing, listening, with_message);
  ASSERT_TRUE(pair.dialer.session.send({as_bytes("next")}));
  pair.run();
  EXPECT_THAT(pair.responder.messages, ElementsAre(bytes_of("join"), bytes_of("next")));
}

TEST_P(SessionFlow, DeliversAFirstMessageThatIsTooLongForTheHandshake) {
  DialTarget with_message = target();
  with_message.first_message = Bytes(kJoinBytesMax + 1, 'j');
  Pair pair(dialing, listening, with_message);
  pair.run();
  EXPECT_THAT(pair.responder.messages, ElementsAre(with_message.first_message));
}

TEST_P(SessionFlow, R53_WorksByteByByte) {
  DialTarget with_message = target();
  with_message.first_message = bytes_of("join");
  Pair pair(dialing, listening, with_message);
  pair.chunk_bytes = 1;
  pair.run();
  ASSERT_TRUE(pair.responder.session.send({as_bytes("hello")}));
  pair.run();
  EXPECT_THAT(pair.responder.messages, ElementsAre(bytes_of("join")));
  EXPECT_THAT(pair.dialer.messages, ElementsAre(bytes_of("hello")));
}

TEST_P(SessionFlow, R55_WorksInPiecesOfAnySize) {
  for (std::size_t chunk = 2; chunk < 700; chunk += 37) {
    Pair pair(dialing, listening, target());
    pair.chunk_bytes = chunk;
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(pair.dialer.session.send({Bytes(700, 'x')}));
    pair.run();
    EXPECT_THAT(pair.responder.messages, SizeIs(3)) << chunk;
  }
}

TEST_P(SessionFlow, R51_CapturesHoldNoFingerprintAndNoPieceOfAToken) {
  DialTarget with_message = target();
  with_message.first_message = dialing.local.token;
  Pair pair(dialing, listening, with_message);
  pair.run();
  ASSERT_TRUE(pair.responder.session.send({listening.local.token}));
  pair.run();
  ASSERT_TRUE(pair.responder.opened());
  Bytes capture = pair.dialer.said;
  append(capture, pair.responder.said);
  for (const TestNode* node : {&dialing, &listening}) {
    // One flow shows the dialer's token, by the dialer's own choice (R38).
    if (flow() == Flow::open && node == &dialing) continue;
    const ByteView token = node->local.token;
    for (std::size_t at = 0; at + 8 <= token.size(); ++at) {
      // What both tokens hold says nothing about the listener.
      if (flow() == Flow::open && contains(dialing.local.token, token.subspan(at, 8))) continue;
      ASSERT_FALSE(contains(capture, token.subspan(at, 8))) << at;
    }
    for (std::size_t at = 0; at + 8 <= Fingerprint::kBytes; ++at) {
      ASSERT_FALSE(contains(capture, node->local.id.view().subspan(at, 8))) << at;
    }
  }
}

TEST_P(SessionFlow, ClosesAtAnEndOfStreamAtAnyPoint) {
  Pair whole(dialing, listening, target());
  whole.run();
  const std::size_t bytes = whole.dialer.said.size();
  for (std::size_t cut = 0; cut < bytes; ++cut) {
    Pair pair(dialing, listening, target());
    std::size_t passed = 0;
    pair.wire = [&](bool to_responder, Bytes& part) {
      if (!to_responder) return;
      part.resize(std::min(part.size(), cut - std::min(cut, passed)));
      passed += part.size();
    };
    pair.carry_to_responder();
    if (passed < cut) {
      pair.carry_to_dialer();
      pair.carry_to_responder();
    }
    pair.responder.hear_end(pair.now);
    ASSERT_TRUE(pair.responder.closed) << cut;
    // A frame that was begun is a bad frame; an end between frames is just an end.
    EXPECT_THAT(pair.responder.closed->why, testing::AnyOf(Errc::truncated, Errc::connection_lost));
    ASSERT_TRUE(pair.responder.messages.empty()) << cut;
  }
}

TEST_P(SessionFlow, RefusesFramesOfAnotherSession) {
  Pair recorded(dialing, listening, target());
  recorded.run();
  const auto their_frames = frames_of(recorded.responder.said);
  Pair pair(dialing, listening, target());
  pair.wire = [&](bool to_responder, Bytes& bytes) {
    if (!to_responder) bytes = their_frames.front();
  };
  pair.run();
  EXPECT_FALSE(pair.dialer.opened());
  EXPECT_FALSE(pair.responder.opened());
}

TEST_P(SessionFlow, RefusesItsOwnFramesReflected) {
  Party dialer(
      Session::dial(dialing.local, target(), default_config(), dialing.random, start_time()));
  const Bytes first = dialer.say(start_time());
  dialer.hear(first, start_time());
  EXPECT_FALSE(dialer.opened());
  ASSERT_TRUE(dialer.closed);
}

TEST_P(SessionFlow, DoesNotOpenWithItself) {
  DialTarget mirror = target();
  if (mirror.node) mirror.node = dialing.local.id;
  if (mirror.static_key) mirror.static_key = dialing.static_key.public_key;
  Pair pair(dialing, dialing, mirror);
  pair.run();
  EXPECT_FALSE(pair.dialer.opened());
  EXPECT_FALSE(pair.responder.opened());
}

TEST_P(SessionFlow, DoesNotOpenAcrossNetworks) {
  TestNode elsewhere(3, dialing.local.id);
  DialTarget there = target();
  if (there.node) there.node = elsewhere.local.id;
  if (there.static_key) there.static_key = elsewhere.static_key.public_key;
  Pair pair(dialing, elsewhere, there);
  pair.run();
  EXPECT_FALSE(pair.dialer.opened());
  EXPECT_FALSE(pair.responder.opened());
}

TEST_P(SessionFlow, RefusesATokenOfAnotherRealm) {
  TestNode other_realm(3, Fingerprint::from_bytes(Bytes(32, 7)).value());
  dialing.local.token = other_realm.local.token;
  dialing.local.static_key = &other_realm.static_key;
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_FALSE(pair.responder.opened());
  if (!shows_dialer()) return;  // There its key alone is what counts.
  EXPECT_EQ(pair.responder.closed->why, Errc::wrong_realm);
}

TEST_P(SessionFlow, R33_RefusesATokenThatSpeaksForAnotherKey) {
  if (!shows_dialer()) return;
  TestNode victim(3);
  dialing.local.token = victim.local.token;
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_EQ(pair.responder.closed->why,
            flow() == Flow::sealed ? Errc::bad_signature : Errc::wrong_key);
}

TEST_P(SessionFlow, R24_RefusesATokenWhoseSignatureIsWrong) {
  if (!shows_dialer()) return;
  dialing.local.token.back() ^= 1U;
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_FALSE(pair.responder.opened());
  EXPECT_EQ(pair.responder.closed->why, Errc::bad_signature);
}

TEST_P(SessionFlow, R28_RefusesTheSameTokensOfTheListener) {
  if (!shows_listener()) return;
  DialTarget anybody = target();
  anybody.node.reset();
  const Errc speaks_for_another = flow() == Flow::sealed ? Errc::bad_signature : Errc::wrong_key;
  Bytes forged = listening.local.token;
  forged.back() ^= 1U;
  const TestNode other_realm(3, Fingerprint::from_bytes(Bytes(32, 7)).value());
  for (const auto& [token, why] : {std::pair{forged, Errc::bad_signature},
                                   std::pair{TestNode(3).local.token, speaks_for_another},
                                   std::pair{other_realm.local.token, Errc::wrong_realm},
                                   std::pair{dialing.local.token, Errc::wrong_key}}) {
    listening.local.token = token;
    Pair pair(dialing, listening, anybody);
    pair.run();
    EXPECT_FALSE(pair.dialer.opened());
    EXPECT_THAT(pair.dialer.questions, IsEmpty());
    ASSERT_TRUE(pair.dialer.closed);
    EXPECT_EQ(pair.dialer.closed->why, why);
    const Bytes& said = pair.dialer.said;
    if (flow() == Flow::sealed) {
      EXPECT_EQ(frame_sizes(said).back(), 275U);
    } else {
      EXPECT_EQ(Bytes(said.end() - 4, said.end()), kNopeBytes);
    }
  }
}

TEST_P(SessionFlow, R16_R20_R54_TakesNothingButRecordsOnceItIsOpen) {
  for (const bool dialer_hears : {true, false}) {
    // A handshake frame as long as a record, lengths that no record has, and a first frame.
    for (const Bytes& header :
         {Bytes{0x01, 0x11, 'A'}, Bytes{0x01, 0x12}, Bytes{0x00, 0x21, 'S'}}) {
      Pair pair(dialing, listening, target());
      pair.run();
      ASSERT_TRUE(pair.dialer.opened() && pair.responder.opened());
      Party& hearing = dialer_hears ? pair.dialer : pair.responder;
      hearing.hear(header, pair.now);
      ASSERT_TRUE(hearing.closed);
      EXPECT_EQ(hearing.closed->why, Errc::protocol_error);
      EXPECT_THAT(hearing.say(pair.now), IsEmpty());
    }
  }
}

TEST_P(SessionFlow, R25_R33_RefusesAnExpiredTokenOfTheDialer) {
  if (!shows_dialer()) return;
  NodeTokenParams params = dialing.token_params();
  params.issued_at -= std::chrono::hours(25);
  dialing.issue(params);
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_FALSE(pair.responder.opened());
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::expired);
  EXPECT_THAT(pair.responder.questions, IsEmpty());
  if (flow() == Flow::connection || flow() == Flow::open) {
    EXPECT_EQ(pair.responder.said, kNopeBytes);
  }
}

TEST_P(SessionFlow, R25_RefusesAnExpiredTokenOfTheListener) {
  if (!shows_listener()) return;  // Its dialer judged the token before it dialed.
  NodeTokenParams params = listening.token_params();
  params.issued_at -= std::chrono::hours(25);
  listening.issue(params);
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_FALSE(pair.dialer.opened());
  ASSERT_TRUE(pair.dialer.closed);
  EXPECT_EQ(pair.dialer.closed->why, Errc::expired);
  if (flow() == Flow::hidden) {
    EXPECT_EQ(pair.dialer.said.size(), 35U + sizeof(kNope));
  }
}

TEST_P(SessionFlow, RefusesATokenThatIsNotForIt) {
  if (!shows_dialer()) return;
  for (const bool is_for_it : {false, true}) {
    NodeTokenParams params = dialing.token_params();
    params.audience = is_for_it ? listening.local.id : Fingerprint({7});
    dialing.issue(params);
    Pair pair(dialing, listening, target());
    pair.run();
    EXPECT_EQ(pair.responder.opened(), is_for_it);
    if (is_for_it) continue;
    ASSERT_TRUE(pair.responder.closed);
    EXPECT_EQ(pair.responder.closed->why, Errc::wrong_audience);
  }
}

TEST_P(SessionFlow, RevealsNothingToAListenerWhoseTokenIsNotForIt) {
  if (!shows_listener()) return;  // Its dialer judged the token before it dialed.
  NodeTokenParams params = listening.token_params();
  params.audience = Fingerprint({7});
  listening.issue(params);
  Pair pair(dialing, listening, target());
  pair.run();
  EXPECT_FALSE(pair.dialer.opened());
  ASSERT_TRUE(pair.dialer.closed);
  EXPECT_EQ(pair.dialer.closed->why, Errc::wrong_audience);
  if (flow() == Flow::hidden) {
    EXPECT_EQ(pair.dialer.said.size(), 35U + sizeof(kNope));
  }
}

}  // namespace
}  // namespace kith::overlay::test
