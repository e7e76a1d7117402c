// The simulated network under every mischief at once.

#include <gtest/gtest.h>

#include "overlay/sim/network.hpp"
#include "tests/overlay/sim/network_lab.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

/// Hosts that do what comes to a mind full of mischief; yields the trace.
class Chaos {
 public:
  Chaos(std::uint64_t seed, std::size_t hosts)
      : random_(seed),
        lab_(hosts, {.seed = seed, .loss_per_million = 50'000, .jitter_max = 3ms}),
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
