#include "routing/holder.hpp"

#include <tuple>

namespace kith::routing {

std::optional<DistanceOrder::Position> holder(const PeerSet& peers, DistanceOrder::Range slot) {
  const auto burden = [&](DistanceOrder::Position at) {
    return std::tuple(peers.is_suspect(at), peers.one_way(at), at);
  };
  std::optional<DistanceOrder::Position> best;
  for (auto at = slot.first; at < slot.last; ++at) {
    if (peers[at].crowded != 0) continue;
    if (!best || burden(at) < burden(*best)) best = at;
  }
  return best;
}

bool is_covered(const PeerSet& peers, DistanceOrder::Range slot) {
  const auto held_by = holder(peers, slot);
  return held_by && !peers.is_suspect(*held_by);
}

}  // namespace kith::routing
