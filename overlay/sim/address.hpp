#pragma once

#include <cstdint>
#include <optional>

#include <kith/endpoint.hpp>

namespace kith::sim {

using HostIndex = std::uint32_t;

/// Hosts are numbered through the /24 networks from 10.0.0.0 up to 127.0.0.0, so that no rule on
/// addresses of one network bites.
inline constexpr HostIndex kHostsMax = (127U - 10U) << 16;

/// @pre host < kHostsMax
[[nodiscard]] Endpoint endpoint_of(HostIndex host);

/// The number of the host that would have this endpoint, or nothing.
[[nodiscard]] std::optional<HostIndex> host_at(const Endpoint& endpoint);

}  // namespace kith::sim
