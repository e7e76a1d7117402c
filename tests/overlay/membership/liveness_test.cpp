#include "overlay/membership/liveness.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

#include <gtest/gtest.h>

#include "tests/overlay/village.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

class LivenessTest : public testing::Test {
 protected:
  template <class What>
  std::optional<What> take() {
    while (const auto output = liveness.poll_output())
      if (const auto* what = std::get_if<What>(&*output)) return *what;
    return std::nullopt;
  }

  /// Runs the deadlines up to `until`; when the first output of type `What` came.
  template <class What>
  std::optional<TimePoint> first(TimePoint until) {
    while (const auto next = liveness.next_deadline()) {
      if (*next > until) return std::nullopt;
      liveness.on_deadline([this](const Peer&) { return patience; }, *next);
      if (take<What>()) return next;
    }
    return std::nullopt;
  }

  test::Village village;
  ContactIndex peer = village.befriend(10);
  std::optional<Duration> patience = 20s;
  Liveness liveness{{}, village.peers, village.random};
};

TEST_F(LivenessTest, AsksAQuietPeerThatIsKept) {
  liveness.watch(peer, TimePoint{});
  const auto asked = first<SendPing>(TimePoint(40s));
  ASSERT_TRUE(asked);
  EXPECT_GE(*asked, TimePoint(18s));
  EXPECT_LE(*asked, TimePoint(23s));
}

TEST_F(LivenessTest, LetsAPeerBeThatNobodyNeeds) {
  patience.reset();
  liveness.watch(peer, TimePoint{});
  EXPECT_FALSE(first<SendPing>(TimePoint(300s)));
}

TEST_F(LivenessTest, BearsLongerWithAPeerThatMattersLess) {
  patience = 50s;
  liveness.watch(peer, TimePoint{});
  const auto asked = first<SendPing>(TimePoint(100s));
  ASSERT_TRUE(asked);
  EXPECT_GE(*asked, TimePoint(45s));
  EXPECT_LE(*asked, TimePoint(56s));
}

TEST_F(LivenessTest, HasNothingToDoBetweenAnAnswerAndTheNextQuestion) {
  liveness.confirm(peer, TimePoint{});
  const auto ping = take<SendPing>();
  ASSERT_TRUE(ping);
  ASSERT_TRUE(liveness.on_pong(peer, ping->value, TimePoint(30ms)));
  EXPECT_GE(liveness.next_deadline(), TimePoint(18s));
}

TEST_F(LivenessTest, ForgetsAPeerThatIsGone) {
  liveness.confirm(peer, TimePoint{});
  village.peers.remove(peer);
  EXPECT_FALSE(first<PeerSuspect>(TimePoint(60s)));
  EXPECT_FALSE(liveness.next_deadline());
}

TEST_F(LivenessTest, DoesNotAskWhomItHears) {
  liveness.watch(peer, TimePoint{});
  village.peers.find(peer)->last_heard = TimePoint(19s);
  EXPECT_FALSE(first<SendPing>(TimePoint(30s)));
}

TEST_F(LivenessTest, MeasuresTheRoundTrip) {
  liveness.confirm(peer, TimePoint{});
  const auto ping = take<SendPing>();
  ASSERT_TRUE(ping);
  EXPECT_EQ(liveness.on_pong(peer, ping->value, TimePoint(30ms)), Duration(30ms));
  EXPECT_EQ(village.peers.find(peer)->health.rtt(), Duration(30ms));
}

TEST_F(LivenessTest, TakesNoPongThatWasNotAskedFor) {
  EXPECT_FALSE(liveness.on_pong(peer, 1, TimePoint(30ms)));
  liveness.confirm(peer, TimePoint{});
  const auto ping = take<SendPing>();
  EXPECT_FALSE(liveness.on_pong(peer, ping->value + 1, TimePoint(30ms)));
}

TEST_F(LivenessTest, TakesNoPongFromAPeerThatOnlyCounts) {
  liveness.confirm(peer, TimePoint{});
  const auto first_ping = take<SendPing>();
  ASSERT_TRUE(first_ping);
  ASSERT_TRUE(liveness.on_pong(peer, first_ping->value, TimePoint(80ms)));
  liveness.confirm(peer, TimePoint(1s));
  const auto second_ping = take<SendPing>();
  ASSERT_TRUE(second_ping);
  const std::uint64_t step = std::uint64_t{1} << 32;
  for (const std::uint64_t guess :
       {first_ping->value + 1, first_ping->value + step, step, 2 * step})
    EXPECT_FALSE(liveness.on_pong(peer, guess, TimePoint(1s)));
  EXPECT_TRUE(liveness.on_pong(peer, second_ping->value, TimePoint(1080ms)));
}

TEST_F(LivenessTest, AsksAgainForWhatWentOutBehindAPing) {
  liveness.confirm(peer, TimePoint{});
  const auto first_ping = take<SendPing>();
  liveness.confirm(peer, TimePoint(1ms));
  EXPECT_FALSE(take<SendPing>());
  liveness.on_pong(peer, first_ping->value, TimePoint(30ms));
  const auto second_ping = take<SendPing>();
  ASSERT_TRUE(second_ping);
  EXPECT_GT(second_ping->value, first_ping->value);
}

TEST_F(LivenessTest, SuspectsAfterOneMissAndGivesUpAfterThree) {
  liveness.confirm(peer, TimePoint{});
  ASSERT_TRUE(take<SendPing>());
  const auto suspect = first<PeerSuspect>(TimePoint(10s));
  ASSERT_TRUE(suspect);
  EXPECT_LE(*suspect, TimePoint(1s));
  const auto dead = first<PeerDead>(TimePoint(30s));
  ASSERT_TRUE(dead);
  EXPECT_LE(*dead, TimePoint(8s));
}

TEST_F(LivenessTest, BearsWithAPeerThatSpeaksButDoesNotAnswerYet) {
  liveness.confirm(peer, TimePoint{});
  ASSERT_TRUE(take<SendPing>());
  village.peers.find(peer)->last_heard = TimePoint(900ms);
  EXPECT_FALSE(first<PeerSuspect>(TimePoint(1500ms)));
}

}  // namespace
}  // namespace kith::overlay
