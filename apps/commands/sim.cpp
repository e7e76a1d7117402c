#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "apps/commands/command.hpp"
#include "apps/commands/options.hpp"
#include "apps/console/json.hpp"
#include "apps/console/progress.hpp"
#include "apps/console/table.hpp"
#include "apps/console/wording.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/sim/latency.hpp"
#include "overlay/sim/route_experiment.hpp"
#include "overlay/sim/wonder_home_data.hpp"

namespace kith::apps {
namespace {

namespace json = boost::json;

struct SimOptions {
  sim::RouteExperimentConfig experiment;
  std::string underlay = "wonder-home";
  std::uint64_t loss_per_million = 0;
  Duration rest = sim::RouteExperimentConfig().quiet;
  bool real_cryptography = false;
  bool as_json = false;
  bool quiet = false;
};

sim::LatencyModel underlay_of(const SimOptions& options) {
  const std::uint64_t seed = options.experiment.seed;
  if (options.underlay == "constant")
    return sim::LatencyModel::constant(std::chrono::milliseconds(50));
  auto model =
      options.underlay == "wonder"
          ? sim::LatencyModel::wonder(sim::wonder_round_trips(), seed)
          : sim::LatencyModel::wonder_home(sim::wonder_round_trips(), sim::home_access(), seed);
  if (!model)
    throw Failure(ExitCode::error,
                  fmt::format("the built-in latencies are damaged: {}", describe(model.error())));
  return std::move(*model);
}

/// Resident memory of this process; 0 if the system does not tell.
std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all_pages = 0;
  std::size_t resident_pages = 0;
  statm >> all_pages >> resident_pages;
  return resident_pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

sim::RouteExperimentMeters meters(Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const auto elapsed = [start] {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - start);
  };
  return {.progress =
              [&progress, elapsed](std::string_view phase, double fraction) {
                progress.show(phase, fraction, for_people(elapsed()));
              },
          .elapsed = elapsed,
          .resident_bytes = resident_bytes};
}

std::string in_hex(std::uint64_t trace_hash) { return fmt::format("{:016x}", trace_hash); }

json::array in_hex(const std::vector<std::uint64_t>& trace_hashes) {
  json::array texts;
  for (const std::uint64_t hash : trace_hashes) texts.emplace_back(in_hex(hash));
  return texts;
}

json::object to_json(const SimOptions& options, const sim::RouteExperimentResult& result) {
  const auto seconds = [](Duration time) { return in_seconds(time); };
  return {
      {"underlay", options.underlay},
      {"nodes", result.nodes},
      {"seed", result.seed},
      {"loss_per_million", result.loss_per_million},
      {"probes", result.probes},
      {"answered", result.answered},
      {"hops",
       {{"mean", result.hops.mean},
        {"p50", result.hops.p50},
        {"p99", result.hops.p99},
        {"max", result.hops.max}}},
      {"stretch", {{"mean", result.stretch.mean}, {"median", result.stretch.median}}},
      {"sessions",
       {{"mean", result.sessions.mean},
        {"p99", result.sessions.p99},
        {"max", result.sessions.max}}},
      {"agreement", result.agreement},
      {"pair_agreement", result.pair_agreement},
      {"ready",
       {{"nodes", result.ready.nodes},
        {"p50_seconds", seconds(result.ready.p50)},
        {"p99_seconds", seconds(result.ready.p99)}}},
      {"round_trip",
       {{"p50_seconds", seconds(result.round_trip.p50)},
        {"p99_seconds", seconds(result.round_trip.p99)}}},
      {"quiet",
       {{"bytes_per_second_per_node", result.quiet.bytes_per_second_per_node},
        {"segments_per_second_per_node", result.quiet.segments_per_second_per_node}}},
      {"cost",
       {{"events", result.cost.events},
        {"events_per_second", result.cost.events_per_second},
        {"elapsed_seconds", result.cost.elapsed_seconds},
        {"virtual_seconds", result.cost.virtual_seconds},
        {"resident_bytes_per_node", result.cost.resident_bytes_per_node},
        {"resident_bytes_per_session", result.cost.resident_bytes_per_session}}},
      {"trace_hash", in_hex(result.trace_hash)},
      {"trace_minutes", in_hex(result.trace_minutes)},
  };
}

std::string to_text(const SimOptions& options, const sim::RouteExperimentResult& result) {
  return in_two_columns({
      {"nodes", fmt::format("{} on {}, {:g} % of segments lost, seed {}", result.nodes,
                            options.underlay, result.loss_per_million / 1e4, result.seed)},
      {"ready", fmt::format("{} nodes; p50 {}, p99 {}", result.ready.nodes,
                            for_people(result.ready.p50), for_people(result.ready.p99))},
      {"probes", fmt::format("{} of {} answered", result.answered, result.probes)},
      {"hops", fmt::format("mean {:.3f}, p50 {}, p99 {}, most {}", result.hops.mean,
                           result.hops.p50, result.hops.p99, result.hops.max)},
      {"latency stretch", fmt::format("{:.3f} (median of single routes {:.3f})",
                                      result.stretch.mean, result.stretch.median)},
      {"round trip", fmt::format("p50 {}, p99 {}", for_people(result.round_trip.p50),
                                 for_people(result.round_trip.p99))},
      {"sessions per node", fmt::format("mean {:.1f}, p99 {}, most {}", result.sessions.mean,
                                        result.sessions.p99, result.sessions.max)},
      {"agreement", fmt::format("{:.4f} % with the closest node, {:.4f} % of pairs",
                                result.agreement * 100, result.pair_agreement * 100)},
      {"traffic at rest", fmt::format("{:.1f} bytes/s, {:.3f} segments/s a node",
                                      result.quiet.bytes_per_second_per_node,
                                      result.quiet.segments_per_second_per_node)},
      {"cost",
       fmt::format(
           "{} for {:.0f} virtual s, {} events ({:.0f}/s), {:.1f} KiB a node, {:.2f} a session",
           for_people(Duration(static_cast<std::int64_t>(result.cost.elapsed_seconds * 1e6))),
           result.cost.virtual_seconds, result.cost.events, result.cost.events_per_second,
           result.cost.resident_bytes_per_node / 1024,
           result.cost.resident_bytes_per_session / 1024)},
      {"trace hash", in_hex(result.trace_hash)},
  });
}

ExitCode measure_routes(const SimOptions& options) {
  auto config = options.experiment;
  config.quiet = options.rest;
  config.loss_per_million = static_cast<std::uint32_t>(options.loss_per_million);
  if (options.real_cryptography) config.primitives = &crypto::sodium_primitives();
  const auto underlay = underlay_of(options);
  Progress progress(!options.quiet);
  const auto result = sim::run_route_experiment(config, underlay, meters(progress));
  progress.clear();
  write_answer(options.as_json, to_json(options, result), [&] { return to_text(options, result); });
  return ExitCode::ok;
}

constexpr const char* kSimFooter =
    R"(Starts that many nodes from nothing in a simulated world, the very code that 'kith up' runs, lets
them come to rest, and routes probes from any node to any key.  Equal seeds give equal results.

Underlays: wonder-home (homes in 222 cities, as measured), wonder (the cities alone), constant.

Examples:
  kith sim route --nodes 100 --seed 1     some seconds; 1,000 nodes take minutes, 5,000 far more
  kith sim route --nodes 5000 --json | jq '{hops: .hops.mean, stretch: .stretch.mean}'
  for n in 100 1000 5000; do kith sim route --nodes $n --json; done > routes.json
  bench/plot.py routes.json -o routes.png
)";

std::string complaint_about_underlay(const std::string& name) {
  if (name == "wonder-home" || name == "wonder" || name == "constant") return {};
  return fmt::format("must be wonder-home, wonder or constant, not '{}'", name);
}

void add_sim_route(CLI::App& sim, Command& chosen) {
  CLI::App* command = sim.add_subcommand(
      "route", "Hops, latency stretch, sessions and agreement on coordinators of many nodes");
  command->footer(kSimFooter);
  const auto options = std::make_shared<SimOptions>();
  auto& experiment = options->experiment;
  add_count(*command, "--nodes", experiment.nodes, {2, 1'000'000},
            "How many nodes; 1000 if not given");
  add_count(*command, "--seed", experiment.seed, {}, "Of all chance; 1 if not given");
  add_count(*command, "--probes", experiment.probes, {2, 100'000'000},
            "How many routes; 20000 if not given");
  command->add_option("--underlay", options->underlay, "wonder-home, wonder or constant")
      ->type_name("NAME")
      ->check(complaint_about_underlay);
  add_count(
      *command, "--loss", options->loss_per_million, {0, 500'000},
      "Of a million segments, how many are lost, and come later, as TCP sends them again; 0 if "
      "not given");
  add_duration(*command, "--rest", options->rest,
               "Virtual time without joins before anything is measured; 10m if not given");
  command->add_flag("--real-crypto", options->real_cryptography,
                    "Encrypt for real instead of by stand-ins of the same lengths");
  command->add_flag("--json", options->as_json, "Print one JSON object");
  command->add_flag("-q,--quiet", options->quiet, "Draw no progress");
  command->callback(
      [options, &chosen] { chosen = [options] { return measure_routes(*options); }; });
}

}  // namespace

void add_sim(CLI::App& program, Command& chosen) {
  CLI::App* command =
      program.add_subcommand("sim", "Experiments with many nodes in a simulated world");
  command->require_subcommand(1);
  command->footer("Examples:\n  kith sim route --nodes 100 --seed 1\n");
  add_sim_route(*command, chosen);
}

}  // namespace kith::apps
