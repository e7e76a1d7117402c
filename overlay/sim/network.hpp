#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "overlay/sim/address.hpp"
#include "overlay/sim/event_queue.hpp"
#include "overlay/sim/latency.hpp"
#include "overlay/sim/payload_store.hpp"
#include "overlay/sim/trace_hash.hpp"

namespace kith::sim {

/// One end of one simulated TCP connection.
enum class WireEnd : std::uint32_t {};

// What happens at a host.

/// The time that `wake` asked for last has come.
struct Woken {
  HostIndex host;
};
struct Accepted {
  HostIndex host;
  WireEnd end;
  Endpoint from;
};
struct Connected {
  HostIndex host;
  WireEnd end;
};
/// Refused, or no answer.  The end is gone.
struct ConnectFailed {
  HostIndex host;
  WireEnd end;
};
struct Arrived {
  HostIndex host;
  WireEnd end;
  Bytes bytes;
};
struct EndOfStream {
  HostIndex host;
  WireEnd end;
};
/// Reset by the peer or on the way.  The end is gone.
struct Broken {
  HostIndex host;
  WireEnd end;
};

using Happening =
    std::variant<Woken, Accepted, Connected, ConnectFailed, Arrived, EndOfStream, Broken>;

struct NetworkConfig {
  std::uint64_t seed = 1;
  /// A lost segment comes later, as TCP sends it again.
  std::uint32_t loss_per_million = 0;
  /// Up to this is added to each delay.
  Duration jitter_max{0};
  Duration retransmission_timeout = std::chrono::milliseconds(200);
  Duration connect_timeout = std::chrono::seconds(10);
  /// How long a lingering close reads on.
  Duration linger = std::chrono::seconds(1);
};

struct NetworkCounters {
  std::uint64_t events = 0;
  std::uint64_t segments = 0;
  /// With 40 bytes of IP and TCP header for each segment.
  std::uint64_t bytes = 0;
};

/// Hosts and the TCP connections between them, in virtual time: who says what reaches whom when.
/// Bytes of one direction arrive in order.  A crashed host is silent; started again, it answers
/// bytes of connections that it no longer knows with a reset.  Between separated hosts everything
/// waits until the partition heals, except new connections, which time out.
///
/// Commands say what a host does now; `next` yields what happens next, and time goes on with it.
class Network {
 public:
  Network(LatencyModel underlay, const NetworkConfig& config);

  // Commands: the hosts.

  /// Adds a host at `endpoint_of` its number; its place in the underlay follows from `node`.
  HostIndex add_host(const Fingerprint& node, bool listens);

  /// Asks for `Woken` at `at`, or at once if that is past; takes the place of an earlier call.
  void wake(HostIndex host, TimePoint at);

  /// Nobody is told.  @pre `kill` was called for every end that the host still knows.
  void crash(HostIndex host);
  void restart(HostIndex host);
  [[nodiscard]] bool is_up(HostIndex host) const { return hosts_[host].up; }

  /// Everything from and to this host takes so much longer.
  void set_lag(HostIndex host, Duration lag);

  /// Cuts the hosts in `island` off from all others, and from those of earlier islands.
  void separate(std::span<const HostIndex> island);
  void heal();

  // Commands: the connections.

  /// `Connected` or `ConnectFailed` follows.
  WireEnd dial(HostIndex from, const Endpoint& to);
  void send(WireEnd end, Bytes bytes);
  /// Ends the stream and forgets the end.  What arrives later is thrown away for `linger`, then, or
  /// at once without it, answered with a reset.
  void close(WireEnd end, bool linger);
  /// Forgets an end whose host is crashing.
  void kill(WireEnd end);
  /// Breaks the connection for both sides.
  void reset(WireEnd end);

  /// A number of the host's own for this end; zero until it is set.
  void set_tag(WireEnd end, std::uint32_t tag) { half(end).tag = tag; }
  [[nodiscard]] std::uint32_t tag(WireEnd end) const { return half(end).tag; }

  /// Whether it takes bytes.
  [[nodiscard]] bool is_open(WireEnd end) const { return half(end).state == HalfState::open; }

  // Outputs.

  /// What happens next, at or before `until`; then time stands there, otherwise at `until`.
  [[nodiscard]] std::optional<Happening> next(TimePoint until);

  // Getters.

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] Duration one_way(HostIndex a, HostIndex b) const;
  [[nodiscard]] Place place(HostIndex host) const { return hosts_[host].place; }
  [[nodiscard]] const TraceHash& trace() const { return trace_; }
  [[nodiscard]] const NetworkCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  /// Connections that take memory, those that nobody uses any more included.
  [[nodiscard]] std::size_t wires() const { return wires_.size() - free_wires_.size(); }

 private:
  /// What an event says.  The numbers stand in the trace.
  enum class Kind : std::uint32_t {
    wake,
    // On the wire, to one end.
    synchronise,  ///< TCP's three-way handshake.
    synchronise_acknowledged,
    refuse,
    acknowledge,
    bytes,
    finish,
    reset,
    // At one end.
    give_up,      ///< No answer to `synchronise`.
    linger_over,  ///< Nobody reads what still comes.
    release,      ///< What a partition held back comes through.
  };

  enum class HalfState : std::uint8_t {
    closed,
    dialing,    ///< The dialer's, until it is connected.
    half_open,  ///< The other's, until the dialer's acknowledgement came.
    open,
    lingering,
  };

  /// One side's half of a connection.
  struct Half {
    /// When the last thing that this side sent arrives.
    TimePoint last_arrival;
    HostIndex host = 0;
    std::uint32_t tag = 0;
    std::uint32_t sent = 0;
    std::uint16_t incarnation = 0;
    HalfState state = HalfState::closed;
  };

  struct Wire {
    std::array<Half, 2> halves;  ///< The dialer's first.
    /// Tells connections of the same two hosts apart.
    std::uint32_t serial = 0;
    std::uint32_t events_waiting = 0;
  };

  struct Host {
    Place place;
    /// When it wishes to be woken.
    TimePoint wake_at = TimePoint::max();
    /// When the queue has an event for it, which may be before that.
    TimePoint looked_at = TimePoint::max();
    std::uint32_t lag_us = 0;
    std::uint32_t island = 0;
    std::uint32_t dials = 0;
    std::uint32_t wakes = 0;
    std::uint16_t incarnation = 0;
    bool up = true;
    bool listens = true;
  };

  [[nodiscard]] static WireEnd peer_of(WireEnd end) {
    return WireEnd{static_cast<std::uint32_t>(end) ^ 1};
  }
  [[nodiscard]] Half& half(WireEnd end);
  [[nodiscard]] const Half& half(WireEnd end) const;
  [[nodiscard]] Wire& wire_of(WireEnd end) { return wires_[static_cast<std::uint32_t>(end) / 2]; }
  /// Closed, or its host does not remember it.
  [[nodiscard]] bool is_gone(const Half& half) const;
  [[nodiscard]] bool is_separated(WireEnd end) const;

  std::uint32_t new_wire();
  void free_if_unused(WireEnd end);

  void transmit(WireEnd from, Kind kind, Bytes bytes = {});
  [[nodiscard]] Duration delay(WireEnd from, std::uint64_t draw, std::size_t segments) const;
  void schedule_wake(HostIndex host);
  void schedule(WireEnd at_end, Kind kind, TimePoint time, std::uint32_t payload = 0);
  [[nodiscard]] std::uint64_t link_draw(WireEnd from) const;

  [[nodiscard]] std::optional<Happening> happen(const Event& event);
  [[nodiscard]] std::optional<Happening> on_wake(const Event& event);
  [[nodiscard]] std::optional<Happening> on_wire_event(WireEnd end, Kind kind,
                                                       std::uint32_t payload);
  void on_synchronise(WireEnd end);
  [[nodiscard]] std::optional<Happening> on_synchronise_acknowledged(WireEnd end);
  [[nodiscard]] std::optional<Happening> on_acknowledge(WireEnd end);
  [[nodiscard]] std::optional<Happening> on_bytes(WireEnd end, Bytes bytes);
  [[nodiscard]] std::optional<Happening> on_finish(WireEnd end);
  [[nodiscard]] std::optional<Happening> on_reset(WireEnd end);
  [[nodiscard]] std::optional<Happening> on_failed(WireEnd end);
  void on_release(WireEnd end);

  LatencyModel underlay_;
  NetworkConfig config_;
  TimePoint now_;
  EventQueue queue_;
  PayloadStore payloads_;
  std::vector<Host> hosts_;
  std::vector<Wire> wires_;
  std::vector<std::uint32_t> free_wires_;
  /// What partitions hold back, by the end that it is for, in order.
  std::map<WireEnd, std::vector<Event>> held_;
  /// What was released and happens now.
  std::deque<Event> released_;
  std::uint32_t islands_ = 0;
  TraceHash trace_;
  NetworkCounters counters_;
};

}  // namespace kith::sim
