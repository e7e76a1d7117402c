#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"
#include "tests/overlay/session/raw_peer.hpp"

namespace kith::overlay::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

class SessionTimers : public testing::Test {
 protected:
  TestNode dialing{1};
  TestNode listening{2};
};

/// Drops everything that passes.
void cut(Pair& pair) {
  pair.wire = [](bool, Bytes& bytes) { bytes.clear(); };
}

TEST_F(SessionTimers, FirstFrameMustComeWithinFiveSeconds) {
  Party party(Session::accept(listening.local, default_config(), listening.random, start_time()));
  party.hear(Bytes{0, 33}, later(start_time(), seconds(4)));
  EXPECT_EQ(party.session.next_deadline(), start_time().time + seconds(5));
  party.pass_deadline(later(start_time(), milliseconds(4999)));
  EXPECT_FALSE(party.closed);
  party.pass_deadline(later(start_time(), seconds(5)));
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.closed->why, Errc::timed_out);
  // No flow was named: nobody is answered.
  EXPECT_THAT(party.say(start_time()), IsEmpty());
}

TEST_F(SessionTimers, WhoHasNamedAFlowAndIsSlowIsRejected) {
  Party party(Session::accept(listening.local, default_config(), listening.random, start_time()));
  party.hear(Bytes{0, 33, 'H', 1}, start_time());
  party.pass_deadline(later(start_time(), seconds(5)));
  ASSERT_TRUE(party.closed);
  EXPECT_EQ(party.closed->why, Errc::timed_out);
  EXPECT_EQ(party.say(start_time()), kNopeBytes);
}

TEST_F(SessionTimers, R76_HandshakeMustEndWithinTenSeconds) {
  Pair pair(dialing, listening, DialTarget{});
  pair.carry_to_responder();
  EXPECT_EQ(pair.responder.session.next_deadline(), start_time().time + seconds(10));
  cut(pair);
  pair.pass(milliseconds(9999));
  EXPECT_FALSE(pair.dialer.closed || pair.responder.closed);
  pair.pass(milliseconds(1));
  ASSERT_TRUE(pair.dialer.closed && pair.responder.closed);
  EXPECT_EQ(pair.dialer.closed->why, Errc::timed_out);
  EXPECT_EQ(pair.responder.closed->why, Errc::timed_out);
  EXPECT_EQ(Bytes(pair.dialer.said.end() - 4, pair.dialer.said.end()), kNopeBytes);
  EXPECT_EQ(Bytes(pair.responder.said.end() - 4, pair.responder.said.end()), kNopeBytes);
}

TEST_F(SessionTimers, R76_EndEveryFlowWithinTenSecondsWhicheverPieceIsLost) {
  for (const char letter : std::string("SCOHIN")) {
    const DialTarget target = listening.target(static_cast<Flow>(letter));
    for (int lost = 0;; ++lost) {
      Pair pair(dialing, listening, target);
      int passed = 0;
      pair.wire = [&](bool, Bytes& bytes) {
        if (passed++ >= lost) bytes.clear();
      };
      pair.run();
      if (pair.dialer.opened() && pair.responder.opened()) {
        EXPECT_GE(lost, 3) << letter;
        break;
      }
      for (Party* side : {&pair.dialer, &pair.responder}) {
        if (side->opened()) continue;
        ASSERT_FALSE(side->closed) << letter << lost;
        side->pass_deadline(later(start_time(), seconds(10)));
        ASSERT_TRUE(side->closed) << letter << lost;
        EXPECT_EQ(side->closed->why, Errc::timed_out) << letter << lost;
      }
    }
  }
}

TEST_F(SessionTimers, TimerRunsOnWhileThePolicyThinks) {
  Pair pair(dialing, listening, DialTarget{});
  pair.responder.verdict = std::nullopt;
  pair.run();
  pair.pass(seconds(10));
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::timed_out);
  // There are keys by then: nothing goes out in clear.
  EXPECT_EQ(frames_of(pair.responder.said).size(), 1U);
}

TEST_F(SessionTimers, FirstRecordMustFollowTheAnswerWithinFiveSeconds) {
  Pair pair(dialing, listening, listening.connection_target());
  pair.carry_to_responder();
  EXPECT_EQ(pair.responder.say(pair.now).size(), 307U);
  EXPECT_EQ(pair.responder.session.next_deadline(), start_time().time + seconds(5));
  pair.responder.pass_deadline(later(start_time(), seconds(5)));
  ASSERT_TRUE(pair.responder.closed);
  EXPECT_EQ(pair.responder.closed->why, Errc::timed_out);
  EXPECT_THAT(pair.responder.say(pair.now), IsEmpty());
}

TEST_F(SessionTimers, R68_R69_OnlyTheResponderClosesAnIdleConnection) {
  Pair pair(dialing, listening, DialTarget{});
  pair.run();
  EXPECT_EQ(pair.dialer.session.next_deadline(), std::nullopt);
  pair.pass(milliseconds(59'999));
  EXPECT_FALSE(pair.responder.closed);
  pair.pass(milliseconds(1));
  ASSERT_TRUE(pair.responder.closed && pair.dialer.closed);
  EXPECT_EQ(pair.responder.closed->reason, CloseReason::idle);
  EXPECT_EQ(pair.dialer.closed->why, Errc::closed);
  EXPECT_EQ(pair.dialer.closed->reason, CloseReason::idle);
}

TEST_F(SessionTimers, R69_PingsKeepAConnectionOpen) {
  Pair pair(dialing, listening, DialTarget{});
  pair.run();
  for (std::uint64_t i = 0; i < 30; ++i) {
    pair.dialer.session.ping(i);
    pair.run();
    pair.pass(seconds(20));
  }
  EXPECT_FALSE(pair.responder.closed || pair.dialer.closed);
  EXPECT_EQ(pair.dialer.pongs.size(), 30U);
}

TEST_F(SessionTimers, StartedFrameMustEndWithinThirtySeconds) {
  OpenedByRawPeer open(dialing, listening);
  const Bytes record = open.peer.record(padded({item(1, as_bytes("slow"))}));
  open.responder.hear(ByteView(record).first(1), open.now);
  // More bytes of the same frame do not buy more time.
  for (std::size_t i = 1; i < 30; ++i) {
    open.now = later(open.now, seconds(1));
    open.responder.hear(ByteView(record).subspan(i, 1), open.now);
  }
  EXPECT_EQ(open.responder.session.next_deadline(), start_time().time + seconds(30));
  open.responder.pass_deadline(later(open.now, seconds(1)));
  ASSERT_TRUE(open.responder.closed);
  EXPECT_EQ(open.responder.closed->why, Errc::timed_out);
}

TEST_F(SessionTimers, EveryFrameHasItsOwnThirtySeconds) {
  OpenedByRawPeer open(dialing, listening);
  for (int i = 0; i < 5; ++i) {
    const Bytes record = open.peer.record(padded({item(1, as_bytes("slow"))}));
    open.responder.hear(ByteView(record).first(5), open.now);
    open.now = later(open.now, seconds(29));
    open.responder.pass_deadline(open.now);
    open.responder.hear(ByteView(record).subspan(5), open.now);
  }
  EXPECT_FALSE(open.responder.closed);
  EXPECT_EQ(open.responder.messages.size(), 5U);
}

TEST_F(SessionTimers, ResponderEndsASessionAfterADay) {
  Pair pair(dialing, listening, DialTarget{});
  pair.run();
  for (int i = 0; i < 24 * 60 * 2 - 1; ++i) {
    pair.dialer.session.ping(0);
    pair.run();
    pair.pass(seconds(30));
  }
  EXPECT_FALSE(pair.responder.closed || pair.dialer.closed);
  pair.dialer.session.ping(0);
  pair.run();
  pair.pass(seconds(30));
  ASSERT_TRUE(pair.responder.closed && pair.dialer.closed);
  EXPECT_EQ(pair.dialer.closed->reason, CloseReason::done);
}

}  // namespace
}  // namespace kith::overlay::test
