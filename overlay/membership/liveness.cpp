#include "overlay/membership/liveness.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/take_front.hpp"
#include "overlay/look_step.hpp"

namespace kith::overlay {
namespace {

constexpr std::uint32_t kPingJitterPerMille = 100;

/// The least that `jittered` makes of `interval`.
Duration shortest(Duration interval) { return interval - interval * kPingJitterPerMille / 1000; }

}  // namespace

Liveness::Liveness(const LivenessConfig& config, Peers& peers, Random& random)
    : config_(config), peers_(&peers), random_(&random) {}

void Liveness::confirm(ContactIndex contact, TimePoint now) {
  Peer* peer = peers_->find(contact);
  if (!peer) return;
  if (peer->ping_sent) {
    peer->ping_wanted = true;
  } else {
    send_ping(*peer, now);
  }
}

void Liveness::watch(ContactIndex contact, TimePoint now) {
  Peer* peer = peers_->find(contact);
  if (peer && now + config_.interval < peer->look_at) look_later(*peer, config_.interval, now);
}

std::optional<Duration> Liveness::on_pong(ContactIndex contact, std::uint64_t value,
                                          TimePoint now) {
  Peer* peer = peers_->find(contact);
  if (!peer || !peer->ping_sent || value != peer->last_ping) return std::nullopt;
  const Duration round_trip = now - *std::exchange(peer->ping_sent, std::nullopt);
  peer->health.on_rtt(round_trip);
  if (std::exchange(peer->ping_wanted, false)) {
    send_ping(*peer, now);
  } else {
    look_later(*peer, random_->jittered(config_.interval, kPingJitterPerMille), now);
  }
  return round_trip;
}

void Liveness::on_deadline(const Patience& patience, TimePoint now) {
  while (!looks_.empty() && looks_.front().at <= now) {
    const Look due = looks_.front();
    std::ranges::pop_heap(looks_, std::greater{});
    looks_.pop_back();
    Peer* peer = peers_->find(due.peer);
    if (peer && peer->look_at == due.at) look_after(*peer, patience, now);
    forget_void_looks();
  }
}

void Liveness::look_after(Peer& peer, const Patience& patience, TimePoint now) {
  peer.look_at = TimePoint::max();
  if (peer.ping_sent) {
    if (ping_deadline(peer) > now) return look(peer, ping_deadline(peer));
    return on_missed(peer, now);
  }
  const auto bears = patience(peer);
  if (!bears) return look_later(peer, config_.interval, now);
  const Duration quiet = now - peer.last_heard;
  if (quiet >= shortest(*bears)) return send_ping(peer, now);
  look_later(peer, random_->jittered(*bears, kPingJitterPerMille) - quiet, now);
}

std::optional<LivenessOutput> Liveness::poll_output() { return take_front(outputs_); }

TimePoint Liveness::ping_deadline(const Peer& peer) const {
  const Duration first =
      std::max(peer.health.timeout(config_.timeout_unmeasured), config_.timeout_min);
  const Duration patience = first * (std::int64_t{1} << peer.health.missed_pings());
  const TimePoint deadline = *peer.ping_sent + patience;
  // The answer waits behind what the peer has to say; as long as it speaks, it lives.
  if (peer.last_heard > *peer.ping_sent)
    return std::clamp(peer.last_heard + patience, deadline,
                      std::max(deadline, *peer.ping_sent + config_.timeout_while_heard));
  return deadline;
}

void Liveness::send_ping(Peer& peer, TimePoint now) {
  peer.ping_sent = now;
  peer.ping_wanted = false;
  // A peer that could guess it would answer before it was asked, and so be near to everybody.
  constexpr int kChanceBits = 32;
  const std::uint64_t number = (peer.last_ping >> kChanceBits) + 1;
  peer.last_ping = number << kChanceBits | random_->next_u64() >> (64 - kChanceBits);
  outputs_.emplace_back(SendPing{peer.contact, peer.connection, peer.last_ping});
  look(peer, ping_deadline(peer));
}

void Liveness::on_missed(Peer& peer, TimePoint now) {
  peer.ping_sent.reset();
  peer.health.on_missed_ping();
  if (peer.health.missed_pings() >= config_.missed_max) {
    outputs_.emplace_back(PeerDead{peer.contact});
    return;
  }
  outputs_.emplace_back(PeerSuspect{peer.contact});
  send_ping(peer, now);
}

std::optional<TimePoint> Liveness::next_deadline() const {
  if (looks_.empty()) return std::nullopt;
  return looks_.front().at;
}

void Liveness::look_later(Peer& peer, Duration pause, TimePoint now) {
  look(peer, at_step(now + std::max(pause, kLookStep)));
}

void Liveness::look(Peer& peer, TimePoint at) {
  peer.look_at = at;
  looks_.push_back({at, peer.contact});
  std::ranges::push_heap(looks_, std::greater{});
  forget_void_looks();
}

void Liveness::forget_void_looks() {
  while (!looks_.empty()) {
    const Peer* peer = peers_->find(looks_.front().peer);
    if (peer && peer->look_at == looks_.front().at) return;
    std::ranges::pop_heap(looks_, std::greater{});
    looks_.pop_back();
  }
}

}  // namespace kith::overlay
