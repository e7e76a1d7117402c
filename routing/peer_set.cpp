#include "routing/peer_set.hpp"

#include "core/assert.hpp"

namespace kith::routing {

PeerSet::PeerSet(const Config& config, const FingerprintBook& book, ContactIndex self)
    : config_(&config), peers_(book, self) {}

Duration PeerSet::one_way(Position at) const {
  return peers_[at].health.rtt().value_or(config_->unmeasured_rtt) / 2;
}

bool PeerSet::is_neighbour(const Fingerprint& id) const {
  const Position rank = order().rank(id);
  std::size_t healthy = 0;
  for (Position at = 0; at < rank && healthy < config_->neighbourhood; ++at)
    if (!is_suspect(at)) ++healthy;
  return healthy < config_->neighbourhood;
}

bool PeerSet::would_crowd(const Fingerprint& id, NetworkTag network) const {
  if (network == kExemptNetwork) return false;
  const int bucket = shared_prefix_bits(id, order().origin_id());
  return count_network(peers_, network, bucket, [this](Position at) { return is_ordinary(at); })
      .is_full(*config_);
}

void PeerSet::insert(ContactIndex contact, NetworkTag network, const Health& health) {
  Peer peer;
  peer.network = network & 0x7fff'ffffU;
  peer.health = health;
  const Position at = peers_.insert(contact, peer);
  settle(network);
  // The newcomer may have pushed another one out of the neighbourhood.
  if (at < config_->neighbourhood && size() > config_->neighbourhood)
    settle(peers_[config_->neighbourhood].network);
}

void PeerSet::erase(Position at) {
  const NetworkTag network = peers_[at].network;
  peers_.erase(at);
  settle(network);
  if (at < config_->neighbourhood && size() >= config_->neighbourhood)
    settle(peers_[config_->neighbourhood - 1].network);
}

void PeerSet::settle(NetworkTag network) {
  if (network == kExemptNetwork) return;
  NetworkCount ordinary;
  int bucket = -1;
  for (Position at = 0; at < size(); ++at) {
    if (peers_[at].network != network) continue;
    peers_[at].crowded = 0;
    if (at < config_->neighbourhood) continue;
    const int its_bucket = order().slot(at, 0).bucket;
    if (its_bucket != bucket) ordinary.in_bucket = 0;
    bucket = its_bucket;
    if (ordinary.is_full(*config_)) {
      peers_[at].crowded = 1;
    } else {
      ++ordinary.in_bucket;
      ++ordinary.in_table;
    }
  }
}

void PeerSet::sanity_check() const {
  PeerSet again = *this;
  for (Position at = 0; at < size(); ++at) {
    again.settle(peers_[at].network);
    KITH_ASSERT(again.peers_[at].crowded == peers_[at].crowded);
    KITH_ASSERT(peers_[at].health.missed_pings() < config_->missed_pings_max);
    KITH_ASSERT(order().find(order()[at]) == at);
    KITH_ASSERT(at == 0 || order().distance_top64(at - 1) <= order().distance_top64(at));
  }
}

}  // namespace kith::routing
