#include "overlay/sim/route_experiment.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "overlay/sim/wonder_home_data.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

LatencyModel wonder_home(std::uint64_t seed) {
  return LatencyModel::wonder_home(wonder_round_trips(), home_access(), seed).value();
}

RouteExperimentConfig small(std::size_t nodes) {
  return {.nodes = nodes, .seed = 1, .probes = 400, .quiet = 20s};
}

TEST(RouteExperiment, FindsTheClosestNodeByEveryProbe) {
  const auto result = run_route_experiment(small(60), wonder_home(1));
  EXPECT_EQ(result.nodes, 60U);
  EXPECT_EQ(result.probes, 400U);
  EXPECT_EQ(result.answered, 400U);
  EXPECT_EQ(result.agreement, 1.0);
  EXPECT_EQ(result.pair_agreement, 1.0);
  EXPECT_EQ(result.ready.nodes, 60U);
}

TEST(RouteExperiment, StaysWithinTheBoundsOfTheory) {
  const auto result = run_route_experiment(small(60), wonder_home(1));
  // A probe from the closest node itself takes no hop.
  EXPECT_GT(result.hops.mean, 0.9);
  EXPECT_LT(result.hops.mean, 2.0);
  EXPECT_LE(result.hops.p50, result.hops.p99);
  EXPECT_LE(result.hops.p99, result.hops.max);
  EXPECT_GT(result.stretch.mean, 0.9);
  EXPECT_LT(result.stretch.mean, 2.0);
  EXPECT_GE(result.sessions.mean, 16);
  EXPECT_LE(result.sessions.max, 59U);
}

TEST(RouteExperiment, MeasuresOneNodeAlone) {
  const auto result = run_route_experiment(small(1), wonder_home(1));
  EXPECT_EQ(result.answered, 400U);
  EXPECT_EQ(result.agreement, 1.0);
  EXPECT_EQ(result.hops.max, 0U);
  EXPECT_EQ(result.sessions.max, 0U);
  EXPECT_EQ(result.quiet.bytes_per_second_per_node, 0);
}

TEST(RouteExperiment, LosesAndRepeatsSegments) {
  auto config = small(40);
  const auto lossless = run_route_experiment(config, wonder_home(1));
  config.loss_per_million = 5'000;
  const auto lossy = run_route_experiment(config, wonder_home(1));
  EXPECT_EQ(lossy.loss_per_million, 5'000U);
  EXPECT_EQ(lossless.loss_per_million, 0U);
  // Each of the few segments there and back may be late, by a timeout of more than 200 ms.
  EXPECT_GT(lossy.round_trip.p99, lossless.round_trip.p99 + 100ms);
  EXPECT_LT(lossy.round_trip.p50, lossless.round_trip.p50 + 50ms);
  EXPECT_EQ(lossy.answered, 400U);
  EXPECT_GT(lossy.agreement, 0.98);
}

TEST(RouteExperiment, TellsTheTraceOfEachMinute) {
  auto config = small(10);
  config.quiet = 2min;
  const auto result = run_route_experiment(config, wonder_home(1));
  ASSERT_EQ(result.trace_minutes.size(), 2U);
  config.probes = 0;
  config.quiet = 90s;
  // Until the probes it is the same world.
  EXPECT_EQ(run_route_experiment(config, wonder_home(1)).trace_minutes[0], result.trace_minutes[0]);
  config.seed = 2;
  EXPECT_NE(run_route_experiment(config, wonder_home(1)).trace_minutes[0], result.trace_minutes[0]);
}

TEST(RouteExperiment, RepeatsItselfForASeed) {
  const auto first = run_route_experiment(small(20), wonder_home(1));
  const auto second = run_route_experiment(small(20), wonder_home(1));
  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.cost.events, second.cost.events);
  EXPECT_EQ(first.hops.mean, second.hops.mean);
}

TEST(RouteExperiment, RoutesAlikeWithRealCryptography) {
  auto config = small(40);
  const auto simulated = run_route_experiment(config, wonder_home(1));
  config.primitives = &crypto::sodium_primitives();
  const auto real = run_route_experiment(config, wonder_home(1));
  EXPECT_EQ(simulated.trace_hash, real.trace_hash);
  EXPECT_EQ(simulated.cost.events, real.cost.events);
  EXPECT_EQ(simulated.hops.mean, real.hops.mean);
  EXPECT_EQ(simulated.stretch.mean, real.stretch.mean);
  EXPECT_EQ(simulated.sessions.mean, real.sessions.mean);
}

TEST(RouteExperiment, TellsHowFarItIs) {
  std::vector<std::string> phases;
  double last = 0;
  (void)run_route_experiment(small(10), wonder_home(1),
                             {.progress =
                                  [&](std::string_view phase, double fraction) {
                                    if (phases.empty() || phases.back() != phase) {
                                      phases.emplace_back(phase);
                                      last = 0;
                                    }
                                    EXPECT_GE(fraction, last);
                                    EXPECT_LE(fraction, 1);
                                    last = fraction;
                                  },
                              .elapsed = {},
                              .resident_bytes = {}});
  EXPECT_EQ(phases, (std::vector<std::string>{"join", "quiet", "probe"}));
  EXPECT_EQ(last, 1);
}

TEST(RouteExperiment, TakesTimeAndMemoryFromItsMeters) {
  Duration clock{0};
  std::size_t memory = 0;
  const auto result = run_route_experiment(small(10), wonder_home(1),
                                           {.progress = {},
                                            .elapsed = [&] { return clock += 2s; },
                                            .resident_bytes = [&] { return memory += 5000; }});
  EXPECT_EQ(result.cost.elapsed_seconds, 2);
  EXPECT_EQ(result.cost.events_per_second, static_cast<double>(result.cost.events) / 2);
  EXPECT_EQ(result.cost.resident_bytes_per_node, 500);
  EXPECT_EQ(result.cost.resident_bytes_per_session, 500.0 / 9);
}

}  // namespace
}  // namespace kith::sim
