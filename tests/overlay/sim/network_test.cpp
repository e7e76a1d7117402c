#include "overlay/sim/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/sim/network_lab.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Network, ConnectsInOneRoundTripAndTellsTheOtherSideHalfOneLater) {
  Lab lab;
  lab.network.dial(0, endpoint_of(1));
  EXPECT_THAT(lab.run(1s), ElementsAre("20ms 0 connected", "30ms 1 accepted"));
}

TEST(Network, TellsWhoCalls) {
  Lab lab;
  lab.network.dial(0, endpoint_of(1));
  (void)lab.network.next(TimePoint(1s));
  const auto happening = lab.network.next(TimePoint(1s));
  ASSERT_TRUE(happening);
  EXPECT_EQ(std::get<Accepted>(*happening).from, endpoint_of(0));
}

TEST(Network, RefusesWhereNobodyListens) {
  Lab lab;
  const HostIndex deaf = lab.network.add_host(id(9), false);
  lab.network.dial(0, endpoint_of(deaf));
  EXPECT_THAT(lab.run(1s), ElementsAre("20ms 0 failed"));
}

TEST(Network, RefusesForACrashedHost) {
  Lab lab;
  lab.network.crash(1);
  lab.network.dial(0, endpoint_of(1));
  EXPECT_THAT(lab.run(1s), ElementsAre("20ms 0 failed"));
}

TEST(Network, GivesUpOnAnAddressWithoutAHost) {
  Lab lab;
  lab.network.dial(0, endpoint_of(77));
  EXPECT_THAT(lab.run(9999ms), IsEmpty());
  EXPECT_THAT(lab.run(1ms), ElementsAre("10000ms 0 failed"));
}

TEST(Network, CarriesBytesOneWay) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.send(dialer, text("ping"));
  lab.network.send(accepter, text("pong"));
  const auto diary = lab.run(1s);
  EXPECT_THAT(diary, testing::UnorderedElementsAre("50ms 1 ping", "50ms 0 pong"));
}

TEST(Network, KeepsTheOrderOfADirectionInSpiteOfLossAndJitter) {
  test::for_each_seed(200, [](Random& random) {
    Lab lab(2, {.seed = random.next_u64(), .loss_per_million = 200'000, .jitter_max = 50ms});
    const WireEnd dialer = lab.network.dial(0, endpoint_of(1));
    lab.run(1min);
    std::vector<std::string> sent;
    std::vector<std::string> arrived;
    const auto collect = [&](Duration time) {
      for (const std::string& line : lab.run(time)) arrived.push_back(line.substr(line.rfind(' ')));
    };
    for (int i = 0; i < 20; ++i) {
      sent.push_back(" " + std::to_string(i));
      lab.network.send(dialer, text(std::to_string(i)));
      collect(Duration(random.below(20'000)));
    }
    collect(10min);
    ASSERT_EQ(arrived, sent);
  });
}

TEST(Network, DelaysALostSegmentByTheTimeout) {
  Lab lab(2, {.seed = 1, .loss_per_million = 500'000});
  const WireEnd dialer = lab.network.dial(0, endpoint_of(1));
  lab.run(1h);
  Duration worst{0};
  for (int i = 0; i < 50; ++i) {
    const TimePoint sent = lab.network.now();
    lab.network.send(dialer, text("x"));
    ASSERT_TRUE(lab.network.next(TimePoint::max()));
    const Duration took = lab.network.now() - sent;
    // 10 ms, and 220 ms, 440 ms, … for each time that it was lost.
    EXPECT_EQ((took - kOneWay) % 220ms, 0us);
    worst = std::max(worst, took);
  }
  EXPECT_GT(worst, 220ms);
}

TEST(Network, EndsTheStreamAfterTheLastBytes) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.send(dialer, text("last"));
  lab.network.close(dialer, true);
  EXPECT_THAT(lab.run(1s), ElementsAre("50ms 1 last", "50ms 1 end"));
}

TEST(Network, ThrowsAwayWhatComesToALingeringEndThenResets) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.close(dialer, true);
  lab.run(kOneWay);
  lab.network.send(accepter, text("late"));
  EXPECT_THAT(lab.run(1s), IsEmpty());
  lab.network.send(accepter, text("too late"));
  EXPECT_THAT(lab.run(1s), ElementsAre("1070ms 1 broken"));
}

TEST(Network, ResetsWhatComesToADroppedEnd) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.close(dialer, false);
  lab.network.send(accepter, text("crossing"));
  EXPECT_THAT(lab.run(1s), ElementsAre("50ms 1 end", "60ms 1 broken"));
}

TEST(Network, NeverTellsOfADialThatWasGivenUp) {
  Lab lab;
  const WireEnd dialer = lab.network.dial(0, endpoint_of(1));
  lab.run(kOneWay / 2);
  lab.network.close(dialer, false);
  EXPECT_THAT(lab.run(1min), IsEmpty());
  EXPECT_EQ(lab.network.wires(), 0U);
}

TEST(Network, BreaksAConnectionForBothSides) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.reset(dialer);
  EXPECT_THAT(lab.run(1s), testing::UnorderedElementsAre("45ms 0 broken", "45ms 1 broken"));
  EXPECT_EQ(lab.network.wires(), 0U);
}

TEST(Network, SwallowsWhatIsSentToACrashedHost) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.kill(accepter);
  lab.network.crash(1);
  lab.network.send(dialer, text("anybody?"));
  EXPECT_THAT(lab.run(1h), IsEmpty());
}

TEST(Network, ResetsOldConnectionsOfARestartedHost) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.kill(accepter);
  lab.network.crash(1);
  lab.network.restart(1);
  lab.network.send(dialer, text("still there?"));
  EXPECT_THAT(lab.run(1s), ElementsAre("60ms 0 broken"));
}

TEST(Network, HoldsTheBytesOfAPartitionAndDeliversThemInOrderAfterIt) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.separate(std::array<HostIndex, 1>{1});
  lab.network.send(dialer, text("one"));
  EXPECT_THAT(lab.run(1min), IsEmpty());
  lab.network.send(dialer, text("two"));
  lab.run(kOneWay / 2);
  lab.network.heal();
  lab.network.send(dialer, text("three"));
  const auto diary = lab.run(1s);
  EXPECT_THAT(diary, ElementsAre("60055ms 1 one", "60055ms 1 two", "60055ms 1 three"));
}

TEST(Network, HoldsOnIfTheNextPartitionComesFirst) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.separate(std::array<HostIndex, 1>{1});
  lab.network.send(dialer, text("one"));
  lab.run(1s);
  lab.network.heal();
  lab.network.separate(std::array<HostIndex, 1>{0});
  EXPECT_THAT(lab.run(1min), IsEmpty());
  lab.network.heal();
  EXPECT_THAT(lab.run(1s), ElementsAre("61050ms 1 one"));
}

TEST(Network, LetsNewConnectionsOverAPartitionTimeOut) {
  Lab lab;
  lab.network.separate(std::array<HostIndex, 1>{1});
  lab.network.dial(0, endpoint_of(1));
  EXPECT_THAT(lab.run(1min), ElementsAre("10010ms 0 failed"));
}

TEST(Network, KeepsAnIslandConnectedInside) {
  Lab lab(3);
  lab.network.separate(std::array<HostIndex, 2>{0, 1});
  const auto [dialer, accepter] = lab.connect();
  lab.network.send(dialer, text("inside"));
  EXPECT_THAT(lab.run(1s), ElementsAre("50ms 1 inside"));
}

TEST(Network, SlowsALaggingHostDown) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  lab.network.set_lag(1, 100ms);
  lab.network.send(dialer, text("slow"));
  EXPECT_THAT(lab.run(1s), ElementsAre("150ms 1 slow"));
}

TEST(Network, WakesAHostOnceAtTheTimeAskedForLast) {
  Lab lab;
  lab.network.wake(0, TimePoint(50ms));
  lab.network.wake(0, TimePoint(30ms));
  lab.network.wake(0, TimePoint(40ms));
  EXPECT_THAT(lab.run(1s), ElementsAre("40ms 0 woken"));
}

TEST(Network, NeverWakesACrashedHost) {
  Lab lab;
  lab.network.wake(0, TimePoint(50ms));
  lab.network.crash(0);
  lab.network.restart(0);
  EXPECT_THAT(lab.run(1s), IsEmpty());
}

TEST(Network, CountsHeadersWithTheBytes) {
  Lab lab;
  const auto [dialer, accepter] = lab.connect();
  const auto before = lab.network.counters();
  lab.network.send(dialer, Bytes(1461));
  EXPECT_EQ(lab.network.counters().segments - before.segments, 2U);
  EXPECT_EQ(lab.network.counters().bytes - before.bytes, 1461U + 2 * 40);
}

}  // namespace
}  // namespace kith::sim
