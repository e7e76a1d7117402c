// How each flow says no, for every flow and cause.

#include <algorithm>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"

namespace kith::overlay::test {
namespace {

const Bytes kNopeBytes(std::begin(kNope), std::end(kNope));

class RejectMatrix : public testing::Test {
 protected:
  /// What a fresh listener answers to these bytes before it closes; it must close.
  Bytes answer(ByteView bytes, const SessionConfig& config) {
    Party party(Session::accept(listening.local, config, listening.random, start_time()));
    party.hear(bytes, start_time());
    EXPECT_TRUE(party.closed);
    EXPECT_FALSE(party.opened());
    return party.say(start_time());
  }

  TestNode dialing{1};
  TestNode listening{2};
};

TEST_F(RejectMatrix, TakesNopeForItsAnswerUntilARecordComes) {
  for (const Flow flow : {Flow::sealed, Flow::connection, Flow::open, Flow::ticket}) {
    Pair pair(dialing, listening, listening.target(flow));
    pair.carry_to_responder();
    ASSERT_FALSE(pair.responder.say(pair.now).empty());
    pair.responder.hear(kNopeBytes, pair.now);
    ASSERT_FALSE(pair.responder.closed);
    pair.responder.hear_end(pair.now);
    ASSERT_TRUE(pair.responder.closed);
    EXPECT_EQ(pair.responder.closed->why, Errc::refused);
  }
}

TEST_F(RejectMatrix, R19_RejectsKeysOfLowOrderInEveryPlace) {
  for (const char letter : std::string("SCOHIN")) {
    for (const bool of_dialer : {true, false}) {
      // The ephemeral key is what every handshake frame but F begins with.
      Pair pair(dialing, listening, listening.target(static_cast<Flow>(letter)));
      bool done = false;
      pair.wire = [&](bool to_responder, Bytes& bytes) {
        if (to_responder != of_dialer || std::exchange(done, true)) return;
        std::fill_n(bytes.begin() + kFrameHeaderBytes, 32, Byte{0});
      };
      pair.run();
      ASSERT_TRUE(done);
      EXPECT_FALSE(pair.dialer.opened() || pair.responder.opened()) << letter;
      const auto& closed = of_dialer ? pair.responder.closed : pair.dialer.closed;
      ASSERT_TRUE(closed) << letter;
      EXPECT_EQ(closed->why, Errc::bad_key) << letter;
    }
  }
}

TEST_F(RejectMatrix, R11_R17_TakesOfEachFlowTheLengthsThatItsFirstFrameHasAlone) {
  // A key alone; the keys and a token of one packet; or what sealed blocks of 256 make.
  const auto has_length = [](char letter, std::size_t length) {
    if (letter == 'S' || letter == 'H') return length == 33;
    if (letter == 'O') return length >= 66 && length <= 1024;
    const std::size_t least = letter == 'N' ? 305 : 353;
    return length >= least && length <= 4096 && (length - least) % 256 == 0;
  };
  for (const char letter : std::string("SCOHIN")) {
    for (std::size_t length = 0; length <= 4200; ++length) {
      Party party(
          Session::accept(listening.local, public_config(), listening.random, start_time()));
      party.hear(Bytes{static_cast<Byte>(length >> 8U), static_cast<Byte>(length),
                       static_cast<Byte>(letter)},
                 start_time());
      ASSERT_EQ(party.closed.has_value(), !has_length(letter, length)) << letter << length;
    }
  }
}

TEST_F(RejectMatrix, R17_R28_TakesOfEachAnswerTheLengthsThatItHasAlone) {
  // A key and a tag; one block without a word in it; or the token, sealed in blocks of 256.
  const auto has_length = [](char letter, std::size_t length) {
    if (letter == 'S') return length == 49;
    if (letter != 'O' && letter != 'H') return length == 305;
    return length >= 353 && length <= 4096 && (length - 353) % 256 == 0;
  };
  for (const char letter : std::string("SCOHIN")) {
    for (const std::size_t length : {0U, 32U, 33U, 48U, 49U, 50U, 304U, 305U, 306U, 352U, 353U,
                                     354U, 561U, 609U, 3937U, 4096U, 4097U, 4193U}) {
      Party dialer(Session::dial(dialing.local, listening.target(static_cast<Flow>(letter)),
                                 default_config(), dialing.random, start_time()));
      dialer.hear(Bytes{static_cast<Byte>(length >> 8U), static_cast<Byte>(length), 'A'},
                  start_time());
      EXPECT_EQ(dialer.closed.has_value(), !has_length(letter, length)) << letter << length;
    }
  }
}

TEST_F(RejectMatrix, R17_R28_RejectsWhatFollowsAnAnswerThatIsToBeAnswered) {
  for (const Flow flow : {Flow::sealed, Flow::hidden}) {
    Pair pair(dialing, listening, listening.target(flow));
    bool done = false;
    pair.wire = [&](bool to_responder, Bytes& bytes) {
      if (!to_responder && !std::exchange(done, true)) bytes.push_back(0);
    };
    pair.run();
    EXPECT_FALSE(pair.dialer.opened() || pair.responder.opened());
    ASSERT_TRUE(pair.dialer.closed);
    EXPECT_EQ(pair.dialer.closed->why, Errc::trailing_bytes);
    EXPECT_EQ(pair.dialer.said.size(), 35U + sizeof(kNope));
  }
}

TEST_F(RejectMatrix, R13_R26_R61_SayNoAsTheFlowDoesWhateverTheCause) {
  // What each first frame is answered by, if it is changed, not accepted, or not admitted.
  for (const char letter : std::string("SCOHIN")) {
    const auto flow = static_cast<Flow>(letter);
    const Bytes expected = flow_rule(flow).reject == RejectBehaviour::nope ? kNopeBytes : Bytes();
    Party dialer(Session::dial(dialing.local, listening.target(flow), default_config(),
                               dialing.random, start_time()));
    const Bytes first = dialer.say(start_time());
    SessionConfig nothing;
    nothing.accepted_flows = {};
    EXPECT_EQ(answer(first, nothing),
              flow == Flow::ticket || flow == Flow::reconnect ? Bytes() : kNopeBytes)
        << letter;
    Bytes longer = first;
    longer[0] |= 0x08;
    ++longer[1];
    EXPECT_EQ(answer(longer, public_config()), expected) << letter;
    Bytes followed = first;
    followed.push_back(0);
    EXPECT_EQ(answer(followed, public_config()), expected) << letter;
    Pair refused(dialing, listening, listening.target(flow));
    refused.responder.verdict = false;
    refused.run();
    EXPECT_FALSE(refused.responder.opened());
    const bool has_answered = flow == Flow::hidden || flow == Flow::sealed;
    if (!has_answered) {
      EXPECT_EQ(refused.responder.said, expected) << letter;
    }
    EXPECT_EQ(frames_of(refused.responder.said).size(), has_answered ? 2U : expected.size() / 4);
    Pair rejecting(dialing, listening, listening.target(flow));
    rejecting.wire = [](bool to_responder, Bytes& bytes) {
      if (!to_responder) bytes.back() ^= 1U;
    };
    rejecting.run();
    const Bytes& said = rejecting.dialer.said;
    EXPECT_FALSE(rejecting.dialer.opened());
    EXPECT_EQ(contains(said, kNopeBytes), !expected.empty()) << letter;
  }
}

}  // namespace
}  // namespace kith::overlay::test
