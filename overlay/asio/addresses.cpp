#include "overlay/asio/addresses.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/system/system_error.hpp>
#include <kith/node.hpp>

namespace kith::overlay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// The address of an interface, if others may reach it.
std::optional<Endpoint> interface_endpoint(const ifaddrs& interface) {
  if (interface.ifa_addr == nullptr || (interface.ifa_flags & IFF_UP) == 0) return std::nullopt;
  if (interface.ifa_addr->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, interface.ifa_addr, sizeof(v4));
    std::array<Byte, 4> address{};
    std::memcpy(address.data(), &v4.sin_addr, address.size());
    return Endpoint::v4(address, 0);
  }
  if (interface.ifa_addr->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, interface.ifa_addr, sizeof(v6));
  if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) return std::nullopt;
  std::array<Byte, 16> address{};
  std::memcpy(address.data(), &v6.sin6_addr, address.size());
  return Endpoint(address, 0);
}

/// The addresses of this machine, IPv4 first; loopback only if there are no others.
std::vector<Endpoint> interface_endpoints() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> list(first, &freeifaddrs);
  std::vector<Endpoint> found;
  for (const bool v4 : {true, false}) {
    for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
      const auto endpoint = interface_endpoint(*at);
      if (endpoint && endpoint->is_v4() == v4) found.push_back(*endpoint);
    }
  }
  if (!std::ranges::all_of(found, &Endpoint::is_loopback))
    std::erase_if(found, [](const Endpoint& endpoint) { return endpoint.is_loopback(); });
  return found;
}

/// Our end of the way to `there`, as the kernel would choose it.  Nothing is sent.
std::optional<Endpoint> source_towards(const Endpoint& there) {
  using asio::ip::udp;
  const tcp::endpoint target = to_tcp(there);
  asio::io_context context;
  udp::socket socket(context);
  boost::system::error_code error;
  socket.connect(udp::endpoint(target.address(), target.port()), error);
  if (error) return std::nullopt;
  const udp::endpoint ours = socket.local_endpoint(error);
  if (error) return std::nullopt;
  return to_endpoint({ours.address(), 0});
}

}  // namespace

tcp::endpoint to_tcp(const Endpoint& endpoint) {
  asio::ip::address_v6::bytes_type bytes{};
  std::ranges::copy(endpoint.address(), bytes.begin());
  const asio::ip::address_v6 v6(bytes);
  if (!endpoint.is_v4()) return {v6, endpoint.port()};
  return {asio::ip::make_address_v4(asio::ip::v4_mapped, v6), endpoint.port()};
}

Endpoint to_endpoint(const tcp::endpoint& endpoint) {
  const auto address = endpoint.address();
  const auto v6 = address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4())
                                  : address.to_v6();
  std::array<Byte, 16> bytes{};
  std::ranges::copy(v6.to_bytes(), bytes.begin());
  return {bytes, endpoint.port()};
}

std::optional<Endpoint> literal_endpoint(const Address& address) {
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(address.host, error);
  if (error) return std::nullopt;
  return to_endpoint({literal, address.port});
}

Address parse_address(std::string_view what, std::string_view text) {
  auto address = Address::parse(text);
  if (!address) {
    throw StartError(std::string(what) + ": '" + std::string(text) +
                     "' is not an address; write kith://<fingerprint>@host:port or "
                     "tcp://host:port, an IPv6 address in brackets");
  }
  return std::move(*address);
}

LookedUp look_up(const Address& address) {
  if (const auto literal = literal_endpoint(address)) return std::vector{*literal};
  boost::system::error_code error;
  std::vector<Endpoint> endpoints;
  try {
    asio::io_context context;
    tcp::resolver resolver(context);
    for (const auto& entry : resolver.resolve(address.host, std::to_string(address.port), error))
      endpoints.push_back(to_endpoint(entry.endpoint()));
  } catch (const boost::system::system_error& failed) {
    // A context needs files, and there may be too many open.
    return std::unexpected(failed.code());
  }
  if (error) return std::unexpected(error);
  return endpoints;
}

std::vector<Endpoint> sorted(std::vector<Endpoint> endpoints) {
  std::ranges::sort(endpoints);
  endpoints.erase(std::ranges::unique(endpoints).begin(), endpoints.end());
  return endpoints;
}

std::vector<Endpoint> resolve(std::string_view what, std::string_view text) {
  const Address address = parse_address(what, text);
  auto found = look_up(address);
  if (found) return sorted(std::move(*found));
  throw StartError(std::string(what) + ": cannot resolve the host '" + address.host + "' of '" +
                   std::string(text) + "': " + found.error().message() +
                   "; is the name right?  An address in numbers needs no resolver");
}

std::vector<Endpoint> reachable_endpoints(std::span<const Endpoint> bound,
                                          const std::optional<Endpoint>& towards) {
  std::vector<Endpoint> reachable;
  const auto add = [&](const Endpoint& host, std::uint16_t port) {
    const Endpoint endpoint(host.address(), port);
    if (std::ranges::find(reachable, endpoint) == reachable.end()) reachable.push_back(endpoint);
  };
  const auto source = towards ? source_towards(*towards) : std::nullopt;
  const bool source_serves =
      source && std::ranges::any_of(bound, [&](const Endpoint& listening) {
        return listening.is_unspecified() && listening.is_v4() == source->is_v4();
      });
  const auto hosts = source_serves ? std::vector{*source} : interface_endpoints();
  for (const Endpoint& listening : bound) {
    if (!listening.is_unspecified()) add(listening, listening.port());
  }
  for (const Endpoint& host : hosts) {
    for (const Endpoint& listening : bound) {
      if (listening.is_unspecified() && listening.is_v4() == host.is_v4())
        add(host, listening.port());
    }
  }
  return reachable;
}

}  // namespace kith::overlay
