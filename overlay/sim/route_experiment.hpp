#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/sim/latency.hpp"

namespace kith::sim {

struct RouteExperimentConfig {
  std::size_t nodes = 1000;
  std::uint64_t seed = 1;
  /// How many routes are measured, from uniform sources to uniform keys.
  std::size_t probes = 20'000;
  /// Virtual time without joins before anything is measured.
  Duration quiet = std::chrono::minutes(10);
  /// Of segments, each by itself; what is lost is sent again, and comes later.
  std::uint32_t loss_per_million = 0;
  /// Nothing: simulated primitives of the same lengths (`overlay/sim/crypto.hpp`).
  const crypto::Primitives* primitives = nullptr;
};

/// What the outside lends an experiment, which has neither clock nor operating system.  Each may
/// be left empty; what depends on it is then zero.
struct RouteExperimentMeters {
  /// How far the phase ("join", "quiet", "probe") has come, 0 to 1.
  std::function<void(std::string_view phase, double fraction)> progress = {};
  /// A real clock that never goes back.
  std::function<Duration()> elapsed = {};
  /// Resident memory of this process.
  std::function<std::size_t()> resident_bytes = {};
};

/// What was measured.  The names of fields, joined by dots, are the keys of the JSON form.  Means
/// are over answered probes; percentiles are of the nearest rank.
struct RouteExperimentResult {
  struct Hops {
    double mean = 0;
    std::uint32_t p50 = 0;
    std::uint32_t p99 = 0;
    std::uint32_t max = 0;
  };
  struct Stretch {
    /// The sum of one-way delays along the hops of all probes, by the sum of the direct ones.
    double mean = 0;
    /// Of the ratios of single probes whose direct delay is 10 ms or more.
    double median = 0;
  };
  struct Sessions {
    double mean = 0;
    std::uint32_t p99 = 0;
    std::uint32_t max = 0;
  };
  /// From a node's start to its first readiness, in virtual time.
  struct Ready {
    std::size_t nodes = 0;
    Duration p50{};
    Duration p99{};
  };
  /// Virtual time from a probe to its answer.
  struct RoundTrip {
    Duration p50{};
    Duration p99{};
  };
  /// Traffic of the last minute before the probes; 40 bytes of headers per segment are included,
  /// what was lost and sent again counts once.
  struct Quiet {
    double bytes_per_second_per_node = 0;
    double segments_per_second_per_node = 0;
  };
  /// What the experiment itself took; real time and memory are zero without meters.
  struct Cost {
    std::uint64_t events = 0;
    double events_per_second = 0;
    double elapsed_seconds = 0;
    double virtual_seconds = 0;
    /// Growth of resident memory by node, everything included: engines, wires, queue.
    double resident_bytes_per_node = 0;
    /// The same by end of a session: what one costs at most, as nodes hold other things too.
    double resident_bytes_per_session = 0;
  };

  std::size_t nodes = 0;
  std::uint64_t seed = 0;
  std::uint32_t loss_per_million = 0;
  std::size_t probes = 0;
  std::size_t answered = 0;
  Hops hops;
  Stretch stretch;
  Sessions sessions;
  /// Share of all probes that ended at the closest node alive.
  double agreement = 0;
  /// Share of pairs of probes, from two sources to one key, that ended at the same node.
  double pair_agreement = 0;
  Ready ready;
  RoundTrip round_trip;
  Quiet quiet;
  Cost cost;
  /// The hash of everything that happened; equal for equal configurations.
  std::uint64_t trace_hash = 0;
  /// The same at the end of each whole minute of virtual time: the first that differs shows where
  /// two runs part.
  std::vector<std::uint64_t> trace_minutes;
};

/// Starts an overlay of `config.nodes` nodes from nothing on `underlay`, lets it come to rest, and
/// measures routes through it (docs/testing.md, "Routes at scale").
[[nodiscard]] RouteExperimentResult run_route_experiment(const RouteExperimentConfig& config,
                                                         const LatencyModel& underlay,
                                                         const RouteExperimentMeters& meters = {});

}  // namespace kith::sim
