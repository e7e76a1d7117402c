#include "overlay/sim/network.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration kOneWay = 10ms;

Fingerprint id(Byte first) {
  std::array<Byte, 32> bytes{first};
  return Fingerprint(bytes);
}

Bytes text(std::string_view characters) {
  const ByteView view = as_bytes(characters);
  return {view.begin(), view.end()};
}

/// Hosts 10 ms apart, and a diary of what happened to them: "20ms 0 connected".
class Lab {
 public:
  explicit Lab(std::size_t hosts = 2, const NetworkConfig& config = {})
      : network(LatencyModel::constant(kOneWay), config) {
    for (std::size_t i = 0; i < hosts; ++i) network.add_host(id(static_cast<Byte>(i)), true);
  }

  std::vector<std::string> run(Duration time) {
    diary_.clear();
    const TimePoint until = network.now() + time;
    while (auto happening = network.next(until)) {
      std::visit([this](auto& what) { note(what); }, *happening);
    }
    return diary_;
  }

  /// Connects host 0 to host 1 and yields both ends.
  std::array<WireEnd, 2> connect() {
    const WireEnd dialer = network.dial(0, endpoint_of(1));
    run(4 * kOneWay);
    return {dialer, accepted_.at(1)};
  }

  Network network;

 private:
  void note(Woken& what) { write(what.host, "woken"); }
  void note(Accepted& what) {
    accepted_[what.host] = what.end;
    write(what.host, "accepted");
  }
  void note(Connected& what) { write(what.host, "connected"); }
  void note(ConnectFailed& what) { write(what.host, "failed"); }
  void note(Arrived& what) { write(what.host, as_text(what.bytes)); }
  void note(EndOfStream& what) { write(what.host, "end"); }
  void note(Broken& what) { write(what.host, "broken"); }

  void write(HostIndex host, std::string_view what) {
    const auto time =
        std::chrono::floor<std::chrono::milliseconds>(network.now().time_since_epoch());
    diary_.push_back(std::to_string(time.count()) + "ms " + std::to_string(host) + " " +
                     std::string(what));
  }

  std::vector<std::string> diary_;
  std::map<HostIndex, WireEnd> accepted_;
};

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
    Lab lab(2, {.seed = random.next_u64(), .loss_per_million = 200'000, .jitter_most = 50ms});
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

TEST(Network, WakesAHostOnceAtTheEarliestTimeAskedFor) {
  Lab lab;
  lab.network.wake(0, TimePoint(50ms));
  lab.network.wake(0, TimePoint(30ms));
  lab.network.wake(0, TimePoint(40ms));
  EXPECT_THAT(lab.run(1s), ElementsAre("30ms 0 woken"));
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

/// Hosts that do what comes to a mind full of mischief; yields the trace.
class Chaos {
 public:
  Chaos(std::uint64_t seed, std::size_t hosts)
      : random_(seed),
        lab_(hosts, {.seed = seed, .loss_per_million = 50'000, .jitter_most = 3ms}),
        ends_(hosts) {}

  std::uint64_t run(int steps) {
    Network& network = lab_.network;
    for (int step = 0; step < steps; ++step) {
      act();
      const TimePoint until = network.now() + Duration(random_.below(30'000));
      while (auto happening = network.next(until)) {
        std::visit([this](auto& what) { on(what); }, *happening);
      }
    }
    return network.trace().value();
  }

  /// Closes everything and lets it come to rest.
  std::size_t wires_left() {
    Network& network = lab_.network;
    network.heal();
    // What was under way may connect in the first round.
    for (int round = 0; round < 2; ++round) {
      for (HostIndex host = 0; host < ends_.size(); ++host) {
        if (!network.is_up(host)) network.restart(host);
        while (!ends_[host].empty()) close(host);
      }
      const TimePoint until = network.now() + 10min;
      while (auto happening = network.next(until)) {
        std::visit([this](auto& what) { on(what); }, *happening);
      }
    }
    return network.wires();
  }

 private:
  void act() {
    Network& network = lab_.network;
    const auto host = static_cast<HostIndex>(random_.below(ends_.size()));
    const bool is_up = network.is_up(host);
    const bool has_end = is_up && !ends_[host].empty();
    switch (random_.below(12)) {
      case 0:
        return is_up ? crash(host) : network.restart(host);
      case 1:
        return network.separate(std::array<HostIndex, 1>{host});
      case 2:
        return network.heal();
      case 3:
        if (has_end) close(host);
        return;
      case 4:
        if (has_end) network.reset(any_end(host));
        return;
      case 5:
      case 6:
      case 7:
        if (is_up) {
          const auto target = static_cast<HostIndex>(random_.below(ends_.size() + 1));
          ends_[host].emplace_back(network.dial(host, endpoint_of(target)), false);
        }
        return;
      default:
        if (has_end && ends_[host].back().second) {
          network.send(ends_[host].back().first, Bytes(1 + random_.below(4000)));
        }
    }
  }

  WireEnd any_end(HostIndex host) { return ends_[host][random_.below(ends_[host].size())].first; }

  void crash(HostIndex host) {
    for (const auto& [end, open] : ends_[host]) lab_.network.kill(end);
    ends_[host].clear();
    lab_.network.crash(host);
  }

  void close(HostIndex host) {
    const WireEnd end = any_end(host);
    forget(host, end);
    lab_.network.close(end, random_.below(2) == 0);
  }

  void forget(HostIndex host, WireEnd end) {
    std::erase_if(ends_[host], [end](const auto& known) { return known.first == end; });
  }

  void on(Woken&) {}
  void on(Accepted& what) { ends_[what.host].emplace_back(what.end, true); }
  void on(Connected& what) {
    for (auto& [end, open] : ends_[what.host]) open = open || end == what.end;
  }
  void on(ConnectFailed& what) { forget(what.host, what.end); }
  void on(Broken& what) { forget(what.host, what.end); }
  void on(Arrived& what) { require_known(what.host, what.end); }
  void on(EndOfStream& what) { require_known(what.host, what.end); }

  void require_known(HostIndex host, WireEnd end) {
    EXPECT_TRUE(std::ranges::any_of(ends_[host], [end](auto& known) { return known.first == end; }))
        << "host " << host << " hears from an end that it forgot";
  }

  SeededRandom random_;
  Lab lab_;
  std::vector<std::vector<std::pair<WireEnd, bool>>> ends_;
};

TEST(Network, ComesToRestAndFreesEverythingAfterChaos) {
  test::for_each_seed(300, [](Random& random) {
    Chaos chaos(random.next_u64(), 5);
    chaos.run(300);
    ASSERT_EQ(chaos.wires_left(), 0U);
  });
}

TEST(Network, HasTheSameTraceForTheSameSeedAndAnotherForAnother) {
  EXPECT_EQ(Chaos(1, 8).run(1000), Chaos(1, 8).run(1000));
  EXPECT_NE(Chaos(1, 8).run(1000), Chaos(2, 8).run(1000));
}

TEST(Network, HasTheTraceThatEveryCompilerGives) {
  EXPECT_EQ(Chaos(1, 8).run(1000), 3170702260247772040U);
}

}  // namespace
}  // namespace kith::sim
