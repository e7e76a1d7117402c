#include "routing/update.hpp"

namespace kith::routing {

std::vector<ContactIndex> peers_to_tell(const Table& table, const Fingerprint& newcomer) {
  const PeerSet& peers = table.peers();
  const DistanceOrder& order = peers.order();
  const auto target = order.target(newcomer);
  const std::uint64_t expected_max = 2 * table.config().neighbourhood;
  std::vector<ContactIndex> told;
  order.visit_closest(target, [&](DistanceOrder::Position at) {
    // From here on they are only farther from the newcomer.
    if (table.expected_nodes_within(order.top64(target, at)) > expected_max) return false;
    const Fingerprint& peer = order.id(at);
    if (peer != newcomer && !peers.is_suspect(at) && table.is_neighbour_of(peer, newcomer))
      told.push_back(order[at]);
    return true;
  });
  return told;
}

}  // namespace kith::routing
