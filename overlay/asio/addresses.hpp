#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <kith/address.hpp>
#include <kith/endpoint.hpp>

namespace kith::overlay {

[[nodiscard]] boost::asio::ip::tcp::endpoint to_tcp(const Endpoint& endpoint);
[[nodiscard]] Endpoint to_endpoint(const boost::asio::ip::tcp::endpoint& endpoint);

/// The endpoint of an address that names no host but gives its number.
[[nodiscard]] std::optional<Endpoint> literal_endpoint(const Address& address);

/// What the system's resolver says, best first, or why it says nothing.
using LookedUp = std::expected<std::vector<Endpoint>, boost::system::error_code>;

/// Waits for the system's resolver, however long that takes, unless there is nothing to be asked.
[[nodiscard]] LookedUp look_up(const Address& address);

/// By their numbers, each once.
[[nodiscard]] std::vector<Endpoint> sorted(std::vector<Endpoint> endpoints);

/// What `look_up` says, sorted.  Throws `StartError`; `what` says what the address is for.
[[nodiscard]] std::vector<Endpoint> resolve(std::string_view what, std::string_view text);

/// Reads an address that a person wrote.  Throws `StartError`.
[[nodiscard]] Address parse_address(std::string_view what, std::string_view text);

/// Where others reach whoever listens on `bound`.  What stands for every address of the machine is
/// replaced by the one that the kernel would use on the way to `towards`; without it, or without
/// a way, by those of the machine's interfaces.
[[nodiscard]] std::vector<Endpoint> reachable_endpoints(std::span<const Endpoint> bound,
                                                        const std::optional<Endpoint>& towards);

}  // namespace kith::overlay
