#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/peers.hpp"

namespace kith::overlay {

struct SendPing {
  ContactIndex peer;
  ConnectionId connection;
  /// Greater than that of every ping before it to this peer, and not to be guessed.
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
  Duration timeout_min{250'000};
  /// What a peer is given that was never measured.
  Duration timeout_unmeasured{1'000'000};
  /// How long a peer may talk on without answering a ping: it waits behind what it sends.
  Duration timeout_while_heard{10'000'000};
  std::uint32_t missed_max = 3;
};

/// Finds out which peers still live, and how far away they are.  Whatever is heard of a peer is a
/// sign of life; a peer that we want to keep and that is quiet for too long is asked, so that of
/// two ends only one asks.  A message that must not get lost is followed by a ping at once.
class Liveness {
 public:
  /// How long a peer may be quiet before it is asked; nothing: nobody minds its end.
  using Patience = std::function<std::optional<Duration>(const Peer&)>;

  Liveness(const LivenessConfig& config, Peers& peers, Random& random);

  // Commands.
  /// Something went to `peer` whose arrival must be known.
  void confirm(ContactIndex peer, TimePoint now);
  /// `peer` is new, or is kept from now on.
  void watch(ContactIndex peer, TimePoint now);

  // Inputs.
  /// The round trip, if `value` answers the ping under way.
  std::optional<Duration> on_pong(ContactIndex peer, std::uint64_t value, TimePoint now);
  void on_deadline(const Patience& patience, TimePoint now);

  // Outputs.
  [[nodiscard]] std::optional<LivenessOutput> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

 private:
  /// When a peer is to be looked at: void unless `Peer::look_at` says the same.
  struct Look {
    TimePoint at;
    ContactIndex peer;
    friend constexpr auto operator<=>(const Look&, const Look&) = default;
  };

  [[nodiscard]] TimePoint ping_deadline(const Peer& peer) const;
  void send_ping(Peer& peer, TimePoint now);
  void on_missed(Peer& peer, TimePoint now);
  void look_after(Peer& peer, const Patience& patience, TimePoint now);
  /// The quiet peer is looked at after `pause`, together with others.
  void look_later(Peer& peer, Duration pause, TimePoint now);
  void look(Peer& peer, TimePoint at);
  void forget_void_looks();

  LivenessConfig config_;
  Peers* peers_;
  Random* random_;
  std::deque<LivenessOutput> outputs_;
  std::vector<Look> looks_;  ///< A heap, the earliest first.
};

}  // namespace kith::overlay
