#include "routing/table.hpp"

#include <algorithm>
#include <iterator>

#include "core/assert.hpp"
#include "routing/scaled_product.hpp"

namespace kith::routing {
namespace {

using Position = DistanceOrder::Position;

/// What remains of `peer` when its session is over.
Spare spare_of(const Peer& peer) {
  Spare spare;
  spare.network = peer.network;
  if (auto rtt = peer.health.rtt())
    spare.rtt_us = static_cast<std::uint32_t>(rtt->count()) & 0xff'ffffU;
  return spare;
}

}  // namespace

Table::Table(const Config& config, const FingerprintBook& book, ContactIndex self,
             const SipKey& key)
    : config_(&config),
      book_(&book),
      self_(self),
      key_(key),
      peers_(config, book, self),
      spares_(config, book, self) {
  // What the packed records can hold.
  KITH_ASSERT(config.spread_bits >= 0 && config.spread_bits <= 8);
  KITH_ASSERT(config.missed_pings_max >= 1 && config.missed_pings_max <= 0xff);
  KITH_ASSERT(config.failed_dials_max >= 1 && config.failed_dials_max <= 0x7f);
}

void Table::add_spare(ContactIndex contact, const Endpoint& endpoint) {
  if (contact == self_ || is_peer(contact) || is_spare(contact)) return;
  Spare spare;
  spare.network = network(endpoint);
  spares_.insert(contact, spare, released_);
}

void Table::forget(ContactIndex contact) {
  if (auto at = peers_.order().find(contact)) {
    peers_.erase(*at);
    release(contact);
  } else if (auto spare = spares_.order().find(contact)) {
    spares_.erase(*spare);
    release(contact);
  }
}

void Table::on_dial_started(ContactIndex contact) {
  if (auto at = spares_.order().find(contact)) spares_.on_dial_started(*at);
}

void Table::on_dial_failed(ContactIndex contact, TimePoint now) {
  auto at = spares_.order().find(contact);
  if (at && !spares_.on_dial_failed(*at, now)) release(contact);
}

void Table::on_connected(ContactIndex contact, const Endpoint& endpoint,
                         std::optional<Duration> rtt) {
  KITH_ASSERT(contact != self_);
  if (!is_peer(contact)) {
    Health health;
    if (auto at = spares_.order().find(contact)) {
      if (auto measured = spares_[*at].rtt()) health.on_rtt(*measured);
      spares_.erase(*at);
    }
    peers_.insert(contact, network(endpoint), health);
  }
  if (rtt) on_rtt(contact, *rtt);
}

void Table::on_disconnected(ContactIndex contact, Parting parting, TimePoint now) {
  const auto at = peers_.order().find(contact);
  if (!at) return;
  std::optional<Spare> spare;
  if (parting != Parting::left) spare = spare_of(peers_[*at]);
  if (parting == Parting::lost) spare = spares_.after_failure(*spare, now);
  peers_.erase(*at);
  if (spare) {
    spares_.insert(contact, *spare, released_);
  } else {
    release(contact);
  }
}

void Table::on_rtt(ContactIndex contact, Duration sample) {
  if (auto at = peers_.order().find(contact)) peers_.health(*at).on_rtt(sample);
}

void Table::on_alive(ContactIndex contact) {
  if (auto at = peers_.order().find(contact)) peers_.health(*at).on_alive();
}

Pulse Table::on_missed_ping(ContactIndex contact) {
  const auto at = peers_.order().find(contact);
  if (!at) return Pulse::dead;
  peers_.health(*at).on_missed_ping();
  if (peers_[*at].health.missed_pings() < config_->missed_pings_max) return Pulse::suspect;
  forget(contact);
  return Pulse::dead;
}

std::optional<ContactIndex> Table::poll_released() {
  if (released_.empty()) return std::nullopt;
  const ContactIndex contact = released_.back();
  released_.pop_back();
  return contact;
}

bool Table::is_peer(ContactIndex contact) const { return peers_.order().find(contact).has_value(); }

bool Table::is_spare(ContactIndex contact) const {
  return spares_.order().find(contact).has_value();
}

std::optional<Health> Table::health(ContactIndex contact) const {
  const auto at = peers_.order().find(contact);
  if (!at) return std::nullopt;
  return peers_[*at].health;
}

NetworkTag Table::network(const Endpoint& endpoint) const {
  return network_tag(endpoint, *config_, key_);
}

std::span<ContactIndex> Table::closest(const Fingerprint& key, std::span<ContactIndex> out,
                                       Suspects suspects) const {
  const DistanceOrder& order = peers_.order();
  const auto target = order.target(key);
  std::size_t count = 0;
  bool self_placed = false;
  const auto place_self = [&] {
    if (!self_placed && count < out.size()) out[count++] = self_;
    self_placed = true;
  };
  if (!out.empty()) {
    order.visit_closest(target, [&](Position at) {
      if (suspects == Suspects::skip && peers_.is_suspect(at)) return true;
      if (!order.is_closer_than_origin(target, at)) place_self();
      if (count < out.size()) out[count++] = order[at];
      return count < out.size();
    });
  }
  place_self();
  return out.first(count);
}

std::span<ContactIndex> Table::closest_known(const Fingerprint& key,
                                             std::span<ContactIndex> out) const {
  std::vector<ContactIndex> spares;
  spares.reserve(std::min(out.size(), spares_.size()));
  const DistanceOrder& order = spares_.order();
  if (!out.empty()) {
    order.visit_closest(order.target(key), [&](Position at) {
      spares.push_back(order[at]);
      return spares.size() < out.size();
    });
  }
  std::vector<ContactIndex> peers(out.size());
  const auto peers_found = closest(key, peers);
  std::vector<ContactIndex> merged;
  merged.reserve(peers_found.size() + spares.size());
  std::ranges::merge(
      peers_found, spares, std::back_inserter(merged),
      [&](ContactIndex a, ContactIndex b) { return is_closer(key, (*book_)[a], (*book_)[b]); });
  const std::size_t count = std::min(out.size(), merged.size());
  std::ranges::copy_n(merged.begin(), static_cast<std::ptrdiff_t>(count), out.begin());
  return out.first(count);
}

bool Table::is_closest(const Fingerprint& key, Suspects suspects) const {
  ContactIndex first = self_;
  closest(key, {&first, 1}, suspects);
  return first == self_;
}

std::vector<ContactIndex> Table::neighbourhood() const {
  std::vector<ContactIndex> neighbours;
  const std::size_t count = std::min(peers_.size(), config_->neighbourhood);
  neighbours.reserve(count);
  for (Position at = 0; at < count; ++at) neighbours.push_back(peers_.order()[at]);
  return neighbours;
}

bool Table::is_neighbour_of(const Fingerprint& node, const Fingerprint& who) const {
  const DistanceOrder& order = peers_.order();
  std::size_t closer = is_closer(node, self_id(), who) && self_id() != node ? 1 : 0;
  order.visit_closest(order.target(node), [&](Position at) {
    if (!is_closer(node, order.id(at), who)) return false;
    if (!peers_.is_suspect(at) && order.id(at) != node) ++closer;
    return closer < config_->neighbourhood;
  });
  return closer < config_->neighbourhood;
}

std::uint64_t Table::estimated_nodes() const {
  if (peers_.size() < config_->neighbourhood || config_->neighbourhood < 2)
    return peers_.size() + 1;
  // Of k points in a Poisson process, the first k - 1 within the distance of the k-th estimate its
  // density without bias.
  const std::size_t others = config_->neighbourhood - 1;
  const std::uint64_t distance = peers_.order().distance_top64(others);
  return std::max<std::uint64_t>(scaled_quotient(others, distance), others) + 1;
}

std::uint64_t Table::expected_nodes_within(std::uint64_t distance_top64) const {
  return scaled_product(estimated_nodes(), distance_top64, 64);
}

void Table::sanity_check() const {
  peers_.sanity_check();
  spares_.sanity_check();
  for (Position at = 0; at < peers_.size(); ++at) KITH_ASSERT(!is_spare(peers_.order()[at]));
  KITH_ASSERT(!is_peer(self_) && !is_spare(self_));
  for (ContactIndex contact : released_) KITH_ASSERT(!is_peer(contact) && !is_spare(contact));
}

}  // namespace kith::routing
