#include "overlay/membership/liveness.hpp"

#include <algorithm>
#include <utility>

namespace kith::overlay {
namespace {

/// Quiet sessions are looked at in steps, all of them together.
constexpr Duration kStep{100'000};
constexpr std::uint32_t kJitterPerMille = 100;

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

void Liveness::watch(TimePoint now) { wake_by(now + config_.interval); }

std::optional<Duration> Liveness::on_pong(ContactIndex contact, std::uint64_t value,
                                          TimePoint now) {
  Peer* peer = peers_->find(contact);
  if (!peer || !peer->ping_sent || value != peer->last_ping) return std::nullopt;
  const Duration round_trip = now - *std::exchange(peer->ping_sent, std::nullopt);
  peer->health.on_rtt(round_trip);
  if (std::exchange(peer->ping_wanted, false)) send_ping(*peer, now);
  return round_trip;
}

void Liveness::on_deadline(const std::function<bool(const Peer&)>& keeps, TimePoint now) {
  if (!next_ || now < *next_) return;
  next_.reset();
  for (Peer& peer : peers_->all()) {
    if (peer.ping_sent) {
      if (ping_deadline(peer) <= now) on_missed(peer, now);
      if (peer.ping_sent) wake_by(ping_deadline(peer));
      continue;
    }
    if (peer.last_heard + config_.interval > now) {
      wake_by(std::max(peer.last_heard + random_->jittered(config_.interval, kJitterPerMille),
                       now + kStep));
    } else if (keeps(peer)) {
      send_ping(peer, now);
    }
  }
}

std::optional<LivenessOutput> Liveness::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  LivenessOutput output = outputs_.front();
  outputs_.pop_front();
  return output;
}

TimePoint Liveness::ping_deadline(const Peer& peer) const {
  const Duration first =
      std::max(peer.health.timeout(config_.timeout_unmeasured), config_.timeout_least);
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
  outputs_.emplace_back(SendPing{peer.contact, peer.connection, ++peer.last_ping});
  wake_by(ping_deadline(peer));
}

void Liveness::on_missed(Peer& peer, TimePoint now) {
  peer.ping_sent.reset();
  peer.health.on_missed_ping();
  if (peer.health.missed_pings() >= config_.missed_most) {
    outputs_.emplace_back(PeerDead{peer.contact});
    return;
  }
  outputs_.emplace_back(PeerSuspect{peer.contact});
  send_ping(peer, now);
}

void Liveness::wake_by(TimePoint time) {
  if (!next_ || time < *next_) next_ = time;
}

}  // namespace kith::overlay
