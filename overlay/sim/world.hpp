#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <boost/container/flat_map.hpp>
#include <kith/fingerprint.hpp>
#include <kith/policy.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/contact_book.hpp"
#include "overlay/engine.hpp"
#include "overlay/sim/latency.hpp"
#include "overlay/sim/live_members.hpp"
#include "overlay/sim/network.hpp"
#include "overlay/sim/node_clock.hpp"

namespace kith::sim {

struct WorldConfig {
  /// Everything random follows from it, `network.seed` included.
  std::uint64_t seed = 1;
  NetworkConfig network = {};
  /// Nothing: `simulated_primitives`.
  const crypto::Primitives* primitives = nullptr;
  /// Changes what a node is told at its start.  May be empty.
  std::function<void(HostIndex, overlay::EngineConfig&)> configure = {};
  /// Answers a node's questions.  Empty: yes to all.
  std::function<Verdict(HostIndex, const PolicyQuestion&)> policy = {};
  /// Sees what nodes tell their applications; valid during the call only.  May be empty.
  std::function<void(HostIndex, const overlay::Output&)> watch = {};
};

struct NodeOptions {
  Participation role = Participation::member;
  /// Through whom it enters; nobody: it founds an overlay.
  std::vector<HostIndex> join = {};
  std::int32_t clock_drift_ppm = 0;
  Duration clock_offset{0};
};

/// Many nodes, each the engine that real ones run, on a simulated network: the driver of engines in
/// virtual time.  The same seed and the same commands give the same world, event by event.
class World {
 public:
  World(LatencyModel underlay, WorldConfig config);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() = default;

  // Commands.

  /// Starts a new node; its number is that of its host.
  HostIndex add_node(const NodeOptions& options = {});

  /// Calls `command(engine, now)` as the application of `node` would.  @pre is_running(node)
  template <class Command>
  auto command(HostIndex node, Command command) {
    overlay::Engine& engine = *nodes_[node].engine;
    if constexpr (std::is_void_v<decltype(command(engine, instant(node)))>) {
      command(engine, instant(node));
      drain(node);
    } else {
      auto result = command(engine, instant(node));
      drain(node);
      return result;
    }
  }

  /// The node is gone without a word.
  void crash(HostIndex node);
  /// Starts it again with its keys and nothing else that it knew.  @pre !is_running(node)
  void restart(HostIndex node);

  /// Breaks all connections of `node`, for both sides.
  void break_connections(HostIndex node);
  void separate(std::span<const HostIndex> island) { network_.separate(island); }
  void heal() { network_.heal(); }
  void set_lag(HostIndex node, Duration lag) { network_.set_lag(node, lag); }
  /// Lets the date of `node` jump.
  void set_clock_offset(HostIndex node, Duration offset) { nodes_[node].clock.set_offset(offset); }

  void run_for(Duration time) { run_until(now() + time); }
  void run_until(TimePoint time);
  /// Runs until `done()`, looked at every 10 ms of virtual time, but no longer than `most`; whether
  /// it was done.
  bool run_while_not(const std::function<bool()>& done, Duration most);

  // Getters.

  [[nodiscard]] TimePoint now() const { return network_.now(); }
  /// The clocks that `node` reads now.
  [[nodiscard]] Instant instant(HostIndex node) const { return nodes_[node].clock.at(now()); }
  [[nodiscard]] std::size_t nodes() const { return nodes_.size(); }
  [[nodiscard]] bool is_running(HostIndex node) const { return nodes_[node].engine.has_value(); }
  /// @pre is_running(node)
  [[nodiscard]] const overlay::Engine& engine(HostIndex node) const { return *nodes_[node].engine; }
  [[nodiscard]] const Fingerprint& id(HostIndex node) const { return nodes_[node].id; }
  [[nodiscard]] std::optional<HostIndex> find(const Fingerprint& id) const;
  /// The running member closest to `key`.  @pre there is one
  [[nodiscard]] HostIndex closest_live(const Fingerprint& key) const;
  [[nodiscard]] const LiveMembers& live_members() const { return live_members_; }
  [[nodiscard]] const Network& network() const { return network_; }
  [[nodiscard]] Place place(HostIndex node) const { return network_.place(node); }
  [[nodiscard]] std::uint64_t trace_hash() const { return network_.trace().value(); }

 private:
  struct Node {
    Node(std::uint64_t seed, HostIndex index, NodeOptions options);

    NodeOptions options;
    SeededRandom random;
    NodeClock clock;
    Fingerprint id;
    std::optional<overlay::Engine> engine;
    boost::container::flat_map<overlay::ConnectionId, WireEnd> wires;
    bool has_left = false;
  };

  void start(HostIndex index);
  [[nodiscard]] overlay::EngineConfig engine_config(HostIndex index);
  void stop(HostIndex index);

  void dispatch(Happening happening);
  void on(const Woken& what);
  void on(const Accepted& what);
  void on(const Connected& what);
  void on(const ConnectFailed& what);
  void on(const Arrived& what);
  void on(const EndOfStream& what);
  void on(const Broken& what);

  /// Takes everything that the engine has to say, then sets its timer.
  void drain(HostIndex index);
  void obey(HostIndex index, const overlay::Output& output);
  void obey(HostIndex index, const overlay::Dial& dial);
  void obey(HostIndex index, const overlay::CloseConnection& close);
  void obey(HostIndex index, const overlay::AskPolicy& question);
  /// Sends what the engine has for this connection.
  void flush(HostIndex index, overlay::ConnectionId connection);
  [[nodiscard]] overlay::ConnectionId connection_of(WireEnd end) const {
    return overlay::ConnectionId{network_.tag(end)};
  }

  WorldConfig config_;
  Network network_;
  overlay::ContactBook contacts_;
  LiveMembers live_members_;
  std::map<Fingerprint, HostIndex> by_id_;
  /// Nodes do not move: their engines refer to their randomness.
  std::deque<Node> nodes_;
  std::vector<overlay::ConnectionId> writable_;
  std::vector<overlay::ConnectionId> flushing_;
  /// Guards against an engine whose deadline never passes.
  TimePoint last_wake_;
  std::uint32_t wakes_at_once_ = 0;
};

}  // namespace kith::sim
