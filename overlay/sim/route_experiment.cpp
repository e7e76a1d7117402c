#include "overlay/sim/route_experiment.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "core/assert.hpp"
#include "core/random.hpp"
#include "overlay/sim/world.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kExperimentStream = ~std::uint64_t{1};
/// An overlay grows by this much of itself a second, and at least by so many nodes.
constexpr double kGrowthPerSecond = 0.02;
constexpr double kJoinsPerSecondMin = 5;
constexpr Duration kTrafficWindow = 1min;
constexpr Duration kSlice = 1s;
/// Pairs of probes that start together, and the time to the next ones.
constexpr std::size_t kPairsAtOnce = 25;
constexpr Duration kBetweenPairs = 20ms;
constexpr Duration kAnswerWait = 30s;
/// Below it a ratio of delays says little.
constexpr Duration kDirectMin = 10ms;

double seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

double ratio(double part, double whole) { return whole > 0 ? part / whole : 0; }

/// The value of nearest rank; zero of nothing.
template <class T>
T percentile(std::vector<T>& values, std::size_t percent) {
  if (values.empty()) return {};
  const std::size_t rank = std::max<std::size_t>(1, (values.size() * percent + 99) / 100);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::ranges::nth_element(values, place);
  return *place;
}

/// One route to be measured, and what came of it.
struct Probe {
  HostIndex source;
  overlay::TraceId trace;
  HostIndex closest;  ///< The truth when it was sent.
};

struct Answer {
  std::vector<HostIndex> hops;
  Duration round_trip;
};

class Experiment {
 public:
  Experiment(const RouteExperimentConfig& config, const LatencyModel& underlay,
             const RouteExperimentMeters& meters)
      : config_(config),
        meters_(meters),
        random_(config.seed, kExperimentStream),
        world_(underlay, {.seed = config.seed,
                          .network = {.loss_per_million = config.loss_per_million},
                          .primitives = config.primitives,
                          .watch = [this](HostIndex node, const overlay::Output& output) {
                            watch(node, output);
                          }}) {
    KITH_ASSERT(config.nodes > 0);
  }

  RouteExperimentResult run() {
    const Duration start = elapsed();
    const std::size_t resident = resident_bytes();
    grow();
    rest();
    measure_sessions();
    measure_memory(resident);
    probe();
    evaluate_probes();
    conclude(start);
    return result_;
  }

 private:
  void watch(HostIndex node, const overlay::Output& output);
  void grow();
  void rest();
  void probe();
  void send_pair();
  void measure_sessions();
  void measure_memory(std::size_t resident_before);
  void evaluate_probes();
  void evaluate_stretch(std::span<const Answer* const> answers);
  void conclude(Duration start);

  [[nodiscard]] HostIndex any_ready_node();
  [[nodiscard]] const Answer* answer_to(const Probe& probe) const;
  void progress(std::string_view phase, double fraction) const {
    if (meters_.progress) meters_.progress(phase, fraction);
  }
  [[nodiscard]] Duration elapsed() const { return meters_.elapsed ? meters_.elapsed() : 0s; }
  [[nodiscard]] std::size_t resident_bytes() const {
    return meters_.resident_bytes ? meters_.resident_bytes() : 0;
  }

  const RouteExperimentConfig& config_;
  const RouteExperimentMeters& meters_;
  SeededRandom random_;
  World world_;
  std::vector<TimePoint> started_;
  std::map<HostIndex, Duration> time_to_ready_;
  std::vector<Probe> probes_;
  /// A trace may be answered before the command that began it returns.
  std::map<std::pair<HostIndex, overlay::TraceId>, Answer> answers_;
  RouteExperimentResult result_;
};

void Experiment::watch(HostIndex node, const overlay::Output& output) {
  if (const auto* ready = std::get_if<overlay::ReadyChanged>(&output)) {
    if (ready->ready) time_to_ready_.emplace(node, world_.now() - started_[node]);
  }
  if (const auto* done = std::get_if<overlay::TraceDone>(&output)) {
    Answer answer{.hops = {}, .round_trip = done->round_trip};
    for (const Fingerprint& hop : done->hops) answer.hops.push_back(world_.find(hop).value());
    answers_.emplace(std::pair(node, done->trace), std::move(answer));
  }
}

void Experiment::grow() {
  while (world_.nodes() < config_.nodes) {
    const std::size_t nodes = world_.nodes();
    started_.push_back(world_.now());
    NodeOptions options;
    if (nodes > 0) options.join = {any_ready_node()};
    world_.add_node(options);
    const double rate = std::max(kJoinsPerSecondMin, kGrowthPerSecond * static_cast<double>(nodes));
    world_.run_for(Duration(std::llround(1e6 / rate)));
    progress("join", ratio(static_cast<double>(nodes + 1), static_cast<double>(config_.nodes)));
  }
}

HostIndex Experiment::any_ready_node() {
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const auto node = static_cast<HostIndex>(random_.below(world_.nodes()));
    if (world_.engine(node).is_ready()) return node;
  }
  return 0;
}

void Experiment::rest() {
  const TimePoint end = world_.now() + config_.quiet;
  const TimePoint window = std::max(world_.now(), end - kTrafficWindow);
  NetworkCounters before = world_.network().counters();
  for (TimePoint now = world_.now(); now < end; now = world_.now()) {
    const bool is_before_window = now < window;
    world_.run_until(std::min(now + kSlice, is_before_window ? window : end));
    if (is_before_window) before = world_.network().counters();
    progress("quiet", 1 - ratio(seconds(end - world_.now()), seconds(config_.quiet)));
  }
  const NetworkCounters after = world_.network().counters();
  const double node_seconds = seconds(end - window) * static_cast<double>(config_.nodes);
  result_.quiet = {.bytes_per_second_per_node =
                       ratio(static_cast<double>(after.bytes - before.bytes), node_seconds),
                   .segments_per_second_per_node =
                       ratio(static_cast<double>(after.segments - before.segments), node_seconds)};
}

void Experiment::measure_sessions() {
  std::vector<std::uint32_t> sessions;
  double sum = 0;
  for (HostIndex node = 0; node < world_.nodes(); ++node) {
    const std::size_t count = world_.engine(node).status().sessions;
    sessions.push_back(static_cast<std::uint32_t>(count));
    sum += static_cast<double>(count);
  }
  result_.sessions = {.mean = ratio(sum, static_cast<double>(sessions.size())),
                      .p99 = percentile(sessions, 99),
                      .max = std::ranges::max(sessions)};
}

void Experiment::measure_memory(std::size_t resident_before) {
  const std::size_t resident = resident_bytes();
  if (resident <= resident_before) return;
  result_.cost.resident_bytes_per_node =
      ratio(static_cast<double>(resident - resident_before), static_cast<double>(config_.nodes));
  result_.cost.resident_bytes_per_session =
      ratio(result_.cost.resident_bytes_per_node, result_.sessions.mean);
}

void Experiment::probe() {
  probes_.reserve(config_.probes + 1);
  while (probes_.size() < config_.probes) {
    for (std::size_t i = 0; i < kPairsAtOnce && probes_.size() < config_.probes; ++i) send_pair();
    world_.run_for(kBetweenPairs);
    progress("probe",
             ratio(static_cast<double>(probes_.size()), static_cast<double>(config_.probes)));
  }
  world_.run_while_not([this] { return answers_.size() == probes_.size(); }, kAnswerWait);
}

void Experiment::send_pair() {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random_.fill(bytes);
  const Fingerprint key(bytes);
  for (int i = 0; i < 2; ++i) {
    const auto source = static_cast<HostIndex>(random_.below(world_.nodes()));
    const HostIndex closest = world_.closest_live(key);
    const overlay::TraceId trace = world_.command(
        source, [&key](overlay::Engine& engine, Instant now) { return engine.trace(key, now); });
    probes_.push_back({.source = source, .trace = trace, .closest = closest});
  }
}

const Answer* Experiment::answer_to(const Probe& probe) const {
  const auto answer = answers_.find({probe.source, probe.trace});
  if (answer == answers_.end() || answer->second.hops.empty()) return nullptr;
  return &answer->second;
}

void Experiment::evaluate_probes() {
  std::vector<const Answer*> answered;
  std::vector<std::uint32_t> hops;
  std::vector<Duration> round_trips;
  double hops_sum = 0;
  std::size_t right = 0;
  std::size_t agreeing_pairs = 0;
  const Answer* partner = nullptr;
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    const Answer* answer = answer_to(probes_[i]);
    const bool is_second = i % 2 == 1;
    if (is_second && answer && partner && answer->hops.back() == partner->hops.back()) {
      ++agreeing_pairs;
    }
    partner = answer;
    if (!answer) continue;
    answered.push_back(answer);
    hops.push_back(static_cast<std::uint32_t>(answer->hops.size() - 1));
    hops_sum += hops.back();
    round_trips.push_back(answer->round_trip);
    if (answer->hops.back() == probes_[i].closest) ++right;
  }
  const auto count = static_cast<double>(probes_.size());
  result_.answered = answered.size();
  result_.agreement = ratio(static_cast<double>(right), count);
  result_.pair_agreement = ratio(static_cast<double>(agreeing_pairs), count / 2);
  result_.hops = {.mean = ratio(hops_sum, static_cast<double>(hops.size())),
                  .p50 = percentile(hops, 50),
                  .p99 = percentile(hops, 99),
                  .max = percentile(hops, 100)};
  result_.round_trip = {.p50 = percentile(round_trips, 50), .p99 = percentile(round_trips, 99)};
  evaluate_stretch(answered);
}

void Experiment::evaluate_stretch(std::span<const Answer* const> answers) {
  Duration routed_sum{0};
  Duration direct_sum{0};
  std::vector<double> ratios;
  for (const Answer* answer : answers) {
    const std::vector<HostIndex>& hops = answer->hops;
    if (hops.size() < 2) continue;
    Duration routed{0};
    for (std::size_t i = 1; i < hops.size(); ++i) {
      routed += world_.network().one_way(hops[i - 1], hops[i]);
    }
    const Duration direct = world_.network().one_way(hops.front(), hops.back());
    routed_sum += routed;
    direct_sum += direct;
    if (direct >= kDirectMin) ratios.push_back(ratio(seconds(routed), seconds(direct)));
  }
  result_.stretch = {.mean = ratio(seconds(routed_sum), seconds(direct_sum)),
                     .median = percentile(ratios, 50)};
}

void Experiment::conclude(Duration start) {
  std::vector<Duration> times;
  times.reserve(time_to_ready_.size());
  for (const auto& [node, time] : time_to_ready_) times.push_back(time);
  result_.ready = {
      .nodes = times.size(), .p50 = percentile(times, 50), .p99 = percentile(times, 99)};
  const std::uint64_t events = world_.network().counters().events;
  const double took = seconds(elapsed() - start);
  result_.cost.events = events;
  result_.cost.events_per_second = ratio(static_cast<double>(events), took);
  result_.cost.elapsed_seconds = took;
  result_.cost.virtual_seconds = seconds(world_.now().time_since_epoch());
  result_.nodes = config_.nodes;
  result_.seed = config_.seed;
  result_.loss_per_million = config_.loss_per_million;
  result_.probes = probes_.size();
  result_.trace_hash = world_.trace_hash();
  result_.trace_minutes = world_.network().trace().minutes();
}

}  // namespace

RouteExperimentResult run_route_experiment(const RouteExperimentConfig& config,
                                           const LatencyModel& underlay,
                                           const RouteExperimentMeters& meters) {
  return Experiment(config, underlay, meters).run();
}

}  // namespace kith::sim
