#include "routing/network_tag.hpp"

#include <algorithm>

namespace kith::routing {
namespace {

bool contains(const AddressRange& range, const Endpoint& endpoint) {
  for (int i = 0; i < range.prefix_bits; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto differing = range.address[at / 8] ^ endpoint.address()[at / 8];
    if ((differing >> (7 - at % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

NetworkTag network_tag(const Endpoint& endpoint, const Config& config, const SipKey& key) {
  const auto exempts = [&](const AddressRange& range) { return contains(range, endpoint); };
  if (endpoint.is_loopback() || std::ranges::any_of(config.networks_exempt, exempts))
    return kExemptNetwork;
  const auto tag = static_cast<NetworkTag>(siphash(key, endpoint.network()) >> 33);
  return std::max(tag, kExemptNetwork + 1);
}

}  // namespace kith::routing
