#pragma once

#include <cstddef>
#include <cstdint>

#include <kith/endpoint.hpp>

#include "core/siphash.hpp"
#include "routing/config.hpp"
#include "routing/distance_order.hpp"

namespace kith::routing {

/// Stands for the network of an address in 31 bits; two networks with one tag are as unlikely to
/// meet in a table as a peer is to find such a pair without the key.
using NetworkTag = std::uint32_t;

/// Of addresses that address diversity does not count.
inline constexpr NetworkTag kExemptNetwork = 0;

[[nodiscard]] NetworkTag network_tag(const Endpoint& endpoint, const Config& config,
                                     const SipKey& key);

/// How many contacts of one network there are.
struct NetworkCount {
  std::size_t in_bucket = 0;
  std::size_t in_table = 0;

  /// Whether one more would be too many.
  [[nodiscard]] bool is_full(const Config& config) const {
    return in_bucket >= config.network_per_bucket || in_table >= config.network_per_table;
  }
};

/// Counts the contacts of `network` for which `counts(position)` holds, and those of them in
/// `bucket`.
template <class Info, class Counts>
[[nodiscard]] NetworkCount count_network(const DistanceMap<Info>& contacts, NetworkTag network,
                                         int bucket, Counts counts) {
  NetworkCount count;
  for (DistanceOrder::Position at = 0; at < contacts.size(); ++at) {
    if (contacts[at].network != network || !counts(at)) continue;
    ++count.in_table;
    if (contacts.order().slot(at, 0).bucket == bucket) ++count.in_bucket;
  }
  return count;
}

}  // namespace kith::routing
