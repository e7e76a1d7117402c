#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <variant>

#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/peers.hpp"

namespace kith::overlay {

struct SendPing {
  ContactIndex peer;
  ConnectionId connection;
  std::uint64_t value;
};
/// The peer missed a ping: to be avoided at once.
struct PeerSuspect {
  ContactIndex peer;
};
/// The peer missed as many pings as it may: its session is to be dropped.
struct PeerDead {
  ContactIndex peer;
};

using LivenessOutput = std::variant<SendPing, PeerSuspect, PeerDead>;

struct LivenessConfig {
  Duration interval{20'000'000};
  Duration timeout_least{250'000};
  /// What a peer is given that was never measured.
  Duration timeout_unmeasured{1'000'000};
  /// How long a peer may talk on without answering a ping: it waits behind what it sends.
  Duration timeout_while_heard{10'000'000};
  std::uint32_t missed_most = 3;
};

/// Finds out which peers still live, and how far away they are.  Whatever is heard of a peer is a
/// sign of life; a peer that we want to keep and that is quiet is asked every 20 s, so that of two
/// ends only one asks.  A message that must not get lost is followed by a ping at once.
class Liveness {
 public:
  Liveness(const LivenessConfig& config, Peers& peers, Random& random);

  // Commands.
  /// Something went to `peer` whose arrival must be known.
  void confirm(ContactIndex peer, TimePoint now);
  /// The peer is new, or is kept from now on.
  void watch(TimePoint now);

  // Inputs.
  /// The round trip, if `value` answers the ping under way.
  std::optional<Duration> on_pong(ContactIndex peer, std::uint64_t value, TimePoint now);
  /// `keeps(peer)`: whether the session shall live even if nothing is said on it.
  void on_deadline(const std::function<bool(const Peer&)>& keeps, TimePoint now);

  // Outputs.
  [[nodiscard]] std::optional<LivenessOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return next_; }

 private:
  [[nodiscard]] TimePoint ping_deadline(const Peer& peer) const;
  void send_ping(Peer& peer, TimePoint now);
  void on_missed(Peer& peer, TimePoint now);
  void wake_by(TimePoint time);

  LivenessConfig config_;
  Peers* peers_;
  Random* random_;
  std::deque<LivenessOutput> outputs_;
  std::optional<TimePoint> next_;
};

}  // namespace kith::overlay
