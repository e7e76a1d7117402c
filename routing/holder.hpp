#pragma once

#include <cstddef>
#include <optional>

#include "routing/config.hpp"
#include "routing/distance_order.hpp"
#include "routing/peer_set.hpp"

namespace kith::routing {

/// Of the peers in `slot` the one that serves it: of the healthy ones, or if there are none of the
/// suspect ones, the nearest in latency, then in distance.  Crowded peers serve none.
[[nodiscard]] std::optional<DistanceOrder::Position> holder(const PeerSet& peers,
                                                            DistanceOrder::Range slot);

/// Whether a healthy peer holds `slot`.
[[nodiscard]] bool is_covered(const PeerSet& peers, DistanceOrder::Range slot);

/// Calls `use(position, is_needed)` for every peer, the nearest first: neighbours and holders of
/// their slots are needed.
template <class Use>
void for_each_use(const PeerSet& peers, const Config& config, Use use) {
  const DistanceOrder& order = peers.order();
  std::size_t healthy_nearer = 0;
  for (DistanceOrder::Position first = 0; first < peers.size();) {
    const auto last = order.slot_end(first, config.spread_bits);
    const auto held_by = holder(peers, {first, last});
    for (; first < last; ++first) {
      use(first, healthy_nearer < config.neighbourhood || held_by == first);
      if (!peers.is_suspect(first)) ++healthy_nearer;
    }
  }
}

}  // namespace kith::routing
