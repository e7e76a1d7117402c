#include "routing/admission.hpp"

#include <algorithm>

#include "routing/holder.hpp"

namespace kith::routing {
namespace {

using Position = DistanceOrder::Position;

/// Healthy peers that could serve the node `id` instead of us.
std::vector<ContactIndex> alternatives_for(const Table& table, const Fingerprint& id) {
  const PeerSet& peers = table.peers();
  const DistanceOrder& order = peers.order();
  const int spread_bits = table.config().spread_bits;
  const Slot ours = slot_of(distance(id, table.self_id()), spread_bits);
  std::vector<ContactIndex> found;
  const auto collect = [&](auto suits) {
    order.visit_closest(order.target(id), [&](Position at) {
      const bool known = std::ranges::find(found, order[at]) != found.end();
      if (!known && !peers.is_suspect(at) && order.id(at) != id && suits(order.id(at)))
        found.push_back(order[at]);
      return found.size() < Admission::kAlternativesMax;
    });
  };
  collect([&](const Fingerprint& peer) {
    return peer != id && slot_of(distance(id, peer), spread_bits) == ours;
  });
  if (found.size() < Admission::kAlternativesMax) collect([](const Fingerprint&) { return true; });
  return found;
}

bool may_join(const Table& table, const Fingerprint& id, const Endpoint& endpoint, Joiner joiner) {
  const PeerSet& peers = table.peers();
  const Config& config = table.config();
  if (peers.is_neighbour(id) || table.is_neighbour_of(id, table.self_id())) return true;
  // Whoever enters too: it is only the joiner that says so.
  if (peers.would_crowd(id, table.network(endpoint))) return false;
  if (joiner == Joiner::entering)
    return peers.size() < config.sessions_max + config.sessions_for_entering;
  if (peers.size() >= config.sessions_max) return false;
  if (peers.size() < config.sessions_free) return true;
  const Slot slot = slot_of(distance(id, table.self_id()), config.spread_bits);
  if (!is_covered(peers, peers.order().slot_range(slot, config.spread_bits))) return true;
  return peers.size() < soft_cap(table);
}

}  // namespace

bool is_needed(const Table& table, ContactIndex contact) {
  const PeerSet& peers = table.peers();
  const DistanceOrder& order = peers.order();
  const auto at = order.find(contact);
  if (!at) return false;
  if (peers.is_neighbour(order.id(*at))) return true;
  const int spread_bits = table.config().spread_bits;
  return holder(peers, order.slot_range(order.slot(*at, spread_bits), spread_bits)) == at;
}

std::size_t needed_peers(const Table& table) {
  std::size_t needed = 0;
  for_each_use(table.peers(), table.config(), [&](Position, bool is_needed) {
    if (is_needed) ++needed;
  });
  return needed;
}

std::size_t soft_cap(const Table& table) {
  const Config& config = table.config();
  const std::size_t of_need = needed_peers(table) * config.sessions_per_mille_of_need / 1000;
  return std::clamp(of_need, std::min(config.sessions_free, config.sessions_max),
                    config.sessions_max);
}

Admission admit(const Table& table, const Fingerprint& id, const Endpoint& endpoint,
                Joiner joiner) {
  if (may_join(table, id, endpoint, joiner)) return {};
  return {.admitted = false, .alternatives = alternatives_for(table, id)};
}

}  // namespace kith::routing
