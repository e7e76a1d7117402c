#include "overlay/sim/network.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/random.hpp"

namespace kith::sim {
namespace {

constexpr std::size_t kSegmentBytesMax = 1460;
constexpr std::size_t kHeaderBytes = 40;
constexpr std::uint64_t kMillion = 1'000'000;

std::size_t segments_of(std::size_t bytes) {
  return std::max<std::size_t>(1, (bytes + kSegmentBytesMax - 1) / kSegmentBytesMax);
}

std::uint32_t upper_half(std::uint64_t draw) { return static_cast<std::uint32_t>(draw >> 32); }

}  // namespace

Network::Network(LatencyModel underlay, const NetworkConfig& config)
    : underlay_(std::move(underlay)), config_(config) {
  KITH_ASSERT(config.loss_per_million < kMillion);
}

HostIndex Network::add_host(const Fingerprint& node, bool listens) {
  KITH_ASSERT(hosts_.size() < kHostsMax);
  hosts_.push_back({.place = underlay_.place(node), .listens = listens});
  return static_cast<HostIndex>(hosts_.size() - 1);
}

void Network::wake(HostIndex index, TimePoint at) {
  Host& host = hosts_[index];
  host.wake_at = std::max(at, now_);
  // Most wishes are put off again before their time: the event of the first one sees to it.
  if (host.wake_at < host.looked_at) schedule_wake(index);
}

void Network::schedule_wake(HostIndex index) {
  Host& host = hosts_[index];
  host.looked_at = host.wake_at;
  const std::uint64_t draw = mix64(config_.seed ^ mix64(std::uint64_t{index} << 32 | host.wakes++));
  queue_.push({.time = host.wake_at,
               .sequence = upper_half(draw),
               .target = index,
               .kind = static_cast<std::uint32_t>(Kind::wake)});
}

void Network::crash(HostIndex index) {
  Host& host = hosts_[index];
  KITH_ASSERT(host.up);
  host.up = false;
  ++host.incarnation;
  host.wake_at = TimePoint::max();
  host.looked_at = TimePoint::max();
}

void Network::restart(HostIndex index) {
  KITH_ASSERT(!hosts_[index].up);
  hosts_[index].up = true;
}

void Network::set_lag(HostIndex host, Duration lag) {
  KITH_ASSERT(lag.count() >= 0);
  hosts_[host].lag_us = static_cast<std::uint32_t>(lag.count());
}

void Network::separate(std::span<const HostIndex> island) {
  ++islands_;
  for (const HostIndex host : island) hosts_[host].island = islands_;
}

void Network::heal() {
  for (Host& host : hosts_) host.island = 0;
  for (const auto& [end, events] : held_) {
    const Duration way = one_way(half(end).host, half(peer_of(end)).host);
    schedule(end, Kind::release, now_ + way);
  }
}

WireEnd Network::dial(HostIndex from, const Endpoint& to) {
  Host& host = hosts_[from];
  KITH_ASSERT(host.up);
  const std::uint32_t number = new_wire();
  Wire& wire = wires_[number];
  wire.serial = host.dials++;
  wire.halves[0].host = from;
  wire.halves[0].incarnation = host.incarnation;
  wire.halves[0].state = HalfState::dialing;
  const auto end = WireEnd{number * 2};
  const auto target = host_at(to);
  if (target && *target < hosts_.size() && *target != from) {
    wire.halves[1].host = *target;
    transmit(end, Kind::synchronise);
  } else {
    wire.halves[1].host = from;
    schedule(end, Kind::give_up, now_ + config_.connect_timeout);
  }
  return end;
}

void Network::send(WireEnd end, Bytes bytes) {
  KITH_ASSERT(half(end).state == HalfState::open);
  if (!bytes.empty()) transmit(end, Kind::bytes, std::move(bytes));
}

void Network::close(WireEnd end, bool linger) {
  Half& ours = half(end);
  KITH_ASSERT(ours.state == HalfState::open || ours.state == HalfState::dialing);
  const bool was_open = std::exchange(ours.state, HalfState::closed) == HalfState::open;
  if (was_open) transmit(end, Kind::finish);
  if (was_open && linger) {
    half(end).state = HalfState::lingering;
    schedule(end, Kind::linger_over, now_ + config_.linger);
  }
  free_if_unused(end);
}

void Network::kill(WireEnd end) {
  half(end).state = HalfState::closed;
  free_if_unused(end);
}

void Network::reset(WireEnd end) {
  const Duration half_way = one_way(half(end).host, half(peer_of(end)).host) / 2;
  schedule(end, Kind::reset, now_ + half_way);
  schedule(peer_of(end), Kind::reset, now_ + half_way);
}

std::optional<Happening> Network::next(TimePoint until) {
  for (;;) {
    std::optional<Happening> happening;
    if (!released_.empty()) {
      const Event event = released_.front();
      released_.pop_front();
      happening =
          on_wire_event(WireEnd{event.target}, static_cast<Kind>(event.kind), event.payload);
    } else if (const auto event = queue_.pop(until)) {
      now_ = event->time;
      ++counters_.events;
      happening = happen(*event);
    } else {
      now_ = std::max(now_, until);
      return std::nullopt;
    }
    if (happening) return happening;
  }
}

std::optional<Happening> Network::happen(const Event& event) {
  const auto kind = static_cast<Kind>(event.kind);
  if (kind == Kind::wake) return on_wake(event);
  const auto end = WireEnd{event.target};
  const bool is_local = kind == Kind::give_up || kind == Kind::linger_over || kind == Kind::release;
  // What comes after something that is held must not overtake it.
  if (!is_local && kind != Kind::synchronise && (is_separated(end) || held_.contains(end))) {
    held_[end].push_back(event);
    return std::nullopt;
  }
  return on_wire_event(end, kind, event.payload);
}

std::optional<Happening> Network::on_wake(const Event& event) {
  Host& host = hosts_[event.target];
  if (event.time != host.looked_at) return std::nullopt;
  host.looked_at = TimePoint::max();
  if (host.wake_at > now_) {
    schedule_wake(event.target);
    return std::nullopt;
  }
  host.wake_at = TimePoint::max();
  trace_.add(now_, event.target, event.target, event.kind, 0);
  return Woken{event.target};
}

std::optional<Happening> Network::on_wire_event(WireEnd end, Kind kind, std::uint32_t payload) {
  Bytes bytes;
  if (kind == Kind::bytes) bytes = payloads_.take(payload);
  trace_.add(now_, half(peer_of(end)).host, half(end).host, static_cast<std::uint32_t>(kind),
             bytes.size());
  std::optional<Happening> happening;
  switch (kind) {
    case Kind::wake:
      KITH_ASSERT(kind != Kind::wake);
      break;
    case Kind::synchronise:
      on_synchronise(end);
      break;
    case Kind::synchronise_acknowledged:
      happening = on_synchronise_acknowledged(end);
      break;
    case Kind::acknowledge:
      happening = on_acknowledge(end);
      break;
    case Kind::bytes:
      happening = on_bytes(end, std::move(bytes));
      break;
    case Kind::finish:
      happening = on_finish(end);
      break;
    case Kind::reset:
      happening = on_reset(end);
      break;
    case Kind::refuse:
    case Kind::give_up:
      happening = on_failed(end);
      break;
    case Kind::linger_over:
      if (half(end).state == HalfState::lingering) half(end).state = HalfState::closed;
      break;
    case Kind::release:
      on_release(end);
      break;
  }
  --wire_of(end).events_waiting;
  free_if_unused(end);
  return happening;
}

void Network::on_synchronise(WireEnd end) {
  Half& ours = half(end);
  const Host& host = hosts_[ours.host];
  if (is_separated(end)) {
    schedule(peer_of(end), Kind::give_up, now_ + config_.connect_timeout);
    return;
  }
  if (!host.up || !host.listens) return transmit(end, Kind::refuse);
  ours.state = HalfState::half_open;
  ours.incarnation = host.incarnation;
  transmit(end, Kind::synchronise_acknowledged);
}

std::optional<Happening> Network::on_synchronise_acknowledged(WireEnd end) {
  Half& ours = half(end);
  if (!hosts_[ours.host].up) {
    // Nobody will acknowledge; the other side's TCP gives up without a word.
    half(peer_of(end)).state = HalfState::closed;
    return std::nullopt;
  }
  if (is_gone(ours)) {
    transmit(end, Kind::reset);
    return std::nullopt;
  }
  ours.state = HalfState::open;
  transmit(end, Kind::acknowledge);
  return Connected{ours.host, end};
}

std::optional<Happening> Network::on_acknowledge(WireEnd end) {
  Half& ours = half(end);
  if (is_gone(ours) || ours.state != HalfState::half_open) return std::nullopt;
  ours.state = HalfState::open;
  return Accepted{ours.host, end, endpoint_of(half(peer_of(end)).host)};
}

std::optional<Happening> Network::on_bytes(WireEnd end, Bytes bytes) {
  const Half& ours = half(end);
  if (!hosts_[ours.host].up) return std::nullopt;
  if (is_gone(ours)) {
    transmit(end, Kind::reset);
    return std::nullopt;
  }
  if (ours.state == HalfState::lingering) return std::nullopt;
  return Arrived{ours.host, end, std::move(bytes)};
}

std::optional<Happening> Network::on_finish(WireEnd end) {
  Half& ours = half(end);
  if (is_gone(ours)) return std::nullopt;
  if (ours.state == HalfState::open) return EndOfStream{ours.host, end};
  ours.state = HalfState::closed;
  return std::nullopt;
}

std::optional<Happening> Network::on_reset(WireEnd end) {
  Half& ours = half(end);
  if (is_gone(ours)) return std::nullopt;
  switch (std::exchange(ours.state, HalfState::closed)) {
    case HalfState::open:
      return Broken{ours.host, end};
    case HalfState::dialing:
      return ConnectFailed{ours.host, end};
    case HalfState::closed:
    case HalfState::half_open:
    case HalfState::lingering:
      break;
  }
  return std::nullopt;
}

std::optional<Happening> Network::on_failed(WireEnd end) {
  Half& ours = half(end);
  if (is_gone(ours) || ours.state != HalfState::dialing) return std::nullopt;
  ours.state = HalfState::closed;
  return ConnectFailed{ours.host, end};
}

void Network::on_release(WireEnd end) {
  // A partition that came in the meantime holds it on.
  const auto held = held_.find(end);
  if (held == held_.end() || is_separated(end)) return;
  released_.insert(released_.end(), held->second.begin(), held->second.end());
  held_.erase(held);
}

void Network::transmit(WireEnd from, Kind kind, Bytes bytes) {
  const std::size_t segments = segments_of(bytes.size());
  counters_.segments += segments;
  counters_.bytes += bytes.size() + segments * kHeaderBytes;
  const Duration way = delay(from, link_draw(from), segments);
  Half& sender = half(from);
  sender.last_arrival = std::max(now_ + way, sender.last_arrival + Duration(1));
  const std::uint32_t payload = kind == Kind::bytes ? payloads_.put(std::move(bytes)) : 0;
  schedule(peer_of(from), kind, sender.last_arrival, payload);
}

Duration Network::delay(WireEnd from, std::uint64_t draw, std::size_t segments) const {
  const HostIndex source = half(from).host;
  const HostIndex target = half(peer_of(from)).host;
  Duration way = one_way(source, target);
  if (config_.jitter_max.count() > 0) {
    way += Duration(draw % static_cast<std::uint64_t>(config_.jitter_max.count() + 1));
  }
  if (config_.loss_per_million == 0) return way;
  Duration worst{0};
  for (std::size_t segment = 0; segment < segments; ++segment) {
    Duration timeout = config_.retransmission_timeout + 2 * way;
    Duration lost{0};
    for (draw = mix64(draw); draw % kMillion < config_.loss_per_million; draw = mix64(draw)) {
      lost += timeout;
      timeout *= 2;
    }
    worst = std::max(worst, lost);
  }
  return way + worst;
}

void Network::schedule(WireEnd at_end, Kind kind, TimePoint time, std::uint32_t payload) {
  ++wire_of(at_end).events_waiting;
  const std::uint64_t draw = link_draw(peer_of(at_end));
  ++half(peer_of(at_end)).sent;
  queue_.push({.time = time,
               .sequence = upper_half(draw),
               .target = static_cast<std::uint32_t>(at_end),
               .payload = payload,
               .kind = static_cast<std::uint32_t>(kind)});
}

std::uint64_t Network::link_draw(WireEnd from) const {
  const Half& sender = half(from);
  const std::uint64_t link = mix64(std::uint64_t{sender.host} << 32 | half(peer_of(from)).host) ^
                             mix64(wires_[static_cast<std::uint32_t>(from) / 2].serial);
  return mix64(config_.seed ^ mix64(link) ^ mix64(sender.sent));
}

Duration Network::one_way(HostIndex a, HostIndex b) const {
  return underlay_.one_way(hosts_[a].place, hosts_[b].place) + Duration(hosts_[a].lag_us) +
         Duration(hosts_[b].lag_us);
}

Network::Half& Network::half(WireEnd end) {
  return wire_of(end).halves[static_cast<std::uint32_t>(end) & 1];
}

const Network::Half& Network::half(WireEnd end) const {
  const auto number = static_cast<std::uint32_t>(end);
  return wires_[number / 2].halves[number & 1];
}

bool Network::is_gone(const Half& half) const {
  return half.state == HalfState::closed || half.incarnation != hosts_[half.host].incarnation;
}

bool Network::is_separated(WireEnd end) const {
  return hosts_[half(end).host].island != hosts_[half(peer_of(end)).host].island;
}

std::uint32_t Network::new_wire() {
  if (free_wires_.empty()) {
    wires_.emplace_back();
    return static_cast<std::uint32_t>(wires_.size() - 1);
  }
  const std::uint32_t number = free_wires_.back();
  free_wires_.pop_back();
  wires_[number] = {};
  return number;
}

void Network::free_if_unused(WireEnd end) {
  const Wire& wire = wire_of(end);
  if (wire.events_waiting == 0 && is_gone(wire.halves[0]) && is_gone(wire.halves[1])) {
    free_wires_.push_back(static_cast<std::uint32_t>(end) / 2);
  }
}

}  // namespace kith::sim
