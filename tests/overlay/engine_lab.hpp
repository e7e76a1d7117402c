#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/engine.hpp"
#include "tests/overlay/session/party.hpp"

namespace kith::overlay::test {

/// Where a stranger comes from.
inline const Endpoint kSource = Endpoint::v4({192, 0, 2, 7}, 4000);

/// Engines, and strangers with a session or with bare bytes, on wires where everything takes 10 ms
/// unless a test says otherwise.  Time is virtual; a connection attempt to where nobody listens
/// fails.
class EngineLab {
 public:
  static constexpr Duration kLatency = std::chrono::milliseconds(10);

  /// An engine, and what it told.
  struct Node {
    Endpoint endpoint;
    SeededRandom random{0};
    std::unique_ptr<Engine> engine;
    /// What its policy answers; nothing: it does not yet.
    std::optional<Verdict> verdict = Verdict::yes;
    /// Whether it knows those that it would let join.
    bool knows_nobody = false;
    std::vector<QuestionId> asked;  ///< All that it was asked.
    std::vector<JoinFailed> join_failures;
    std::vector<EntranceLearned> entrances;
    std::vector<DialTimeSeen> dial_times;
    std::vector<WallTime> dial_times_used;
    std::vector<TurnedAway> turned_away;
    std::vector<Fingerprint> joined;
    std::vector<PeerLost> lost;
    std::vector<std::string> delivered;
    std::vector<CloseMode> closings;
    /// Hears of tickets, relationships and queries.
    std::function<void(const RelationOutput&)> on_relation;
    std::size_t dials = 0;
    bool left = false;
  };

  /// The other end of a connection with an engine.
  struct Stranger {
    /// Nothing: it says and hears bare bytes.
    std::optional<Party> party;
    Bytes heard;
    /// Whether it takes what the engine writes.
    bool reads = true;
    /// The engine closed at once.
    bool refused = false;
    /// The engine ended the stream, or dropped the connection.
    bool ended = false;
    bool lost = false;

    [[nodiscard]] bool is_over() const { return refused || ended || lost; }
  };

  /// A member that listens at 10.0.`number`.1, or what `change` makes of it.
  Node& add(std::uint8_t number, const std::function<void(EngineConfig&)>& change = {});
  /// Connects to `node`; with a session if `session` is one.
  Stranger& knock(Node& node, const Endpoint& from, std::optional<Session> session = {});
  /// How somebody who has its token dials `node` by flow C now.
  [[nodiscard]] DialTarget target_by_token(const Node& node) const;
  /// Whoever connects to `endpoint` from now on meets `host`.
  void listen(const Endpoint& endpoint, TestNode& host);
  /// Sends bare bytes, or what the session has to say.
  void say(Stranger& stranger, ByteView bytes);
  void say(Stranger& stranger);

  /// Lets time pass; everything due happens.
  void pass(Duration by);

  /// Connections that neither of the two has ended.
  [[nodiscard]] std::size_t wires_between(const Node& one, const Node& other) const;
  [[nodiscard]] static Endpoint endpoint_of(std::uint8_t number) {
    return Endpoint::v4({10, 0, number, 1}, 3141);
  }

  Instant now = start_time();
  /// How long everything takes on the next wire that an engine asks for.
  std::function<Duration()> next_latency = [] { return kLatency; };
  /// Sees what arrives at the dialer or the listener of a wire.  So many bytes of it still do, then
  /// the connection is reset; nothing: it goes on.
  std::function<std::optional<std::size_t>(bool to_listener, ByteView bytes)> reset_after;
  /// Who met the hosts, in the order of their coming.
  std::vector<Stranger*> visitors;

 private:
  struct Side {
    Node* node = nullptr;
    ConnectionId connection{};
    Stranger* stranger = nullptr;
    bool gone = false;
  };
  struct Wire {
    Side sides[2];
    Duration latency = kLatency;
  };

  void drain(Node& node);
  void dial(Node& node, const Dial& order);
  void connect(Wire& wire, const Endpoint& to);
  void write(Node& node, ConnectionId connection);
  void close(Node& node, const CloseConnection& order);
  void deliver(Wire& wire, int to, const Bytes& bytes);
  void hear(Side& side, ByteView bytes);
  void end(Wire& wire, int to, bool lost);
  void say(Wire& wire, int from, const Bytes& bytes);
  void later(const Wire& wire, std::function<void()> event) {
    events_.emplace(now.time + wire.latency, std::move(event));
  }
  [[nodiscard]] std::pair<Wire*, int> find(const Node& node, ConnectionId connection);
  [[nodiscard]] std::pair<Wire*, int> find(const Stranger& stranger);
  [[nodiscard]] std::optional<TimePoint> next() const;

  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Stranger>> strangers_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::map<Endpoint, TestNode*> hosts_;
  std::multimap<TimePoint, std::function<void()>> events_;
};

}  // namespace kith::overlay::test
