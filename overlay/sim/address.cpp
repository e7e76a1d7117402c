#include "overlay/sim/address.hpp"

#include "core/assert.hpp"

namespace kith::sim {
namespace {

constexpr std::uint16_t kPort = 3141;
constexpr std::uint32_t kFirstNetwork = 10U << 16;

}  // namespace

Endpoint endpoint_of(HostIndex host) {
  KITH_ASSERT(host < kHostsMax);
  const std::uint32_t network = kFirstNetwork + host;
  return Endpoint::v4({static_cast<Byte>(network >> 16), static_cast<Byte>(network >> 8),
                       static_cast<Byte>(network), 1},
                      kPort);
}

std::optional<HostIndex> host_at(const Endpoint& endpoint) {
  const auto& address = endpoint.address();
  const std::uint32_t network = static_cast<std::uint32_t>(address[12]) << 16 |
                                static_cast<std::uint32_t>(address[13]) << 8 | address[14];
  if (network < kFirstNetwork || network - kFirstNetwork >= kHostsMax) return std::nullopt;
  const HostIndex host = network - kFirstNetwork;
  if (endpoint_of(host) != endpoint) return std::nullopt;
  return host;
}

}  // namespace kith::sim
