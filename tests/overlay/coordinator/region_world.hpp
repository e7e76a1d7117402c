#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "overlay/coordinator/coordinator.hpp"
#include "overlay/coordinator/declarations.hpp"
#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {

/// A small overlay of coordinators and declaring nodes on a virtual network, driven by a random
/// script, and a naive matcher to compare it with: it knows every intent and tries all pairs.
///
/// Sessions and routing are played by the world: whoever crashes is noticed by each of the others
/// after a while of its own, a message goes to whoever its sender takes for the closest.  An
/// attacker replays, mutates and forges whatever was ever said.
class RegionWorld {
 public:
  struct Options {
    std::size_t members = 9;
    std::size_t clients = 2;
    std::size_t subjects = 2;
    bool crashes = true;
    bool partitions = true;
    /// Of a hundred messages between nodes, how many get lost while the script runs.
    unsigned loss_percent = 0;
  };

  RegionWorld(Random& random, const Options& options);

  /// One random act, and a while.
  void step();
  /// Ends partitions and losses; everyone alive has everyone else as a peer.
  void heal();
  void run(Duration span);

  /// Every pair of living intents that match knows each other.
  void expect_all_matched();
  /// Nobody knows anybody else.
  void expect_nothing_else();
  /// The region of each subject holds every living intent.
  void expect_all_held();

 private:
  struct Node {
    explicit Node(Random& random, bool client);

    Actor actor;
    bool client;
    bool alive = false;
    Neighbours neighbours;
    std::optional<Coordinator> coordinator;
    std::optional<Declarations> declarations;
    /// What the node wishes, and what it knows of others.
    std::map<Declarations::Id, IntentToken> own;
    std::map<std::pair<Declarations::Id, IntentKey>, PeerIntent> matches;
    std::vector<Fingerprint> relays;
    /// Counts its lives: what was on its way to an earlier one is lost.
    unsigned life = 0;
  };
  using Event = std::function<void()>;

  // What may happen.
  void start(Node& node);
  void crash(Node& node);
  void declare(Node& node);
  void withdraw(Node& node);
  void suspect(Node& node, Node& other);
  void split();
  void attack();

  // What the network does.
  void at(Duration delay, Event event);
  void connect(Node& a, Node& b, Duration delay);
  void disconnect(Node& a, Node& b, Duration delay);
  void choose_relays(Node& client);
  void drain(Node& node);
  void handle(Node& node, Declarations::Output output);
  void handle(Node& node, Coordinator::Output output);
  void route(Node& from, Declarations::RouteToSubject order);
  void deliver(Node& from, Node& to, Bytes message);
  void push(Node& from, const Coordinator::Push& order);
  void renew(Node& node, const Declarations::NeedsRenewal& order);
  void note_match(Node& node, Declarations::Id id, const PeerIntent& peer);
  [[nodiscard]] bool is_lost();
  [[nodiscard]] Duration latency(const Node& from, const Node& to) const;
  [[nodiscard]] bool reaches(const Node& a, const Node& b) const;
  [[nodiscard]] Node& node(const Fingerprint& id);
  [[nodiscard]] Node& any() { return *nodes_[random_.below(nodes_.size())]; }
  [[nodiscard]] IntentToken issue(Node& node, IntentKey key, const Fingerprint& audience,
                                  WallTime at);
  void remember(ByteView bytes);

  Random& random_;
  Options options_;
  Instant now_ = kStart;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Fingerprint> subjects_;
  std::map<std::pair<TimePoint, std::uint64_t>, Event> events_;
  std::uint64_t next_event_ = 0;
  std::map<std::pair<Fingerprint, RouteId>, std::function<void(Bytes)>> routes_;
  std::uint32_t next_route_ = 1;
  std::set<Fingerprint> far_side_;
  unsigned loss_percent_;
  /// Every intent ever issued by its owner, as a hash.
  std::set<Fingerprint> issued_;
  std::deque<Bytes> said_;
};

}  // namespace kith::overlay::test
