#include "overlay/asio/listener.hpp"

#include <optional>
#include <string_view>

#include <boost/asio/ip/v6_only.hpp>
#include <kith/endpoint.hpp>
#include <kith/node.hpp>

#include "overlay/asio/addresses.hpp"

namespace kith::overlay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// How often a port that is free in IPv4 may turn out to be taken in IPv6.
constexpr int kPortAttempts = 16;

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) acceptor.set_option(asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return error;
}

std::string_view advice(const error_code& error) {
  if (error == asio::error::address_in_use)
    return "; another program listens there: stop it, or choose another port (0 for any)";
  if (error == asio::error::access_denied)
    return "; ports under 1024 need a privilege: choose another port";
  if (error == boost::system::errc::address_not_available)
    return "; this machine has no such address";
  if (error == boost::system::errc::address_family_not_supported)
    return "; this machine has no such protocol";
  return "";
}

[[noreturn]] void refuse(std::string_view where, const error_code& error) {
  throw StartError("listen: cannot listen on " + std::string(where) + ": " + error.message() +
                   std::string(advice(error)));
}

/// One free port on all addresses, of both families if the machine has them.
std::vector<tcp::acceptor> open_everywhere(const asio::any_io_executor& executor) {
  for (int attempt = 1;; ++attempt) {
    std::vector<tcp::acceptor> acceptors;
    tcp::acceptor v4(executor);
    const error_code without_v4 = open(v4, {tcp::v4(), 0});
    const auto port = without_v4 ? asio::ip::port_type{0} : v4.local_endpoint().port();
    if (!without_v4) acceptors.push_back(std::move(v4));
    tcp::acceptor v6(executor);
    const error_code without_v6 = open(v6, {tcp::v6(), port});
    if (without_v6 == asio::error::address_in_use && attempt < kPortAttempts) continue;
    if (!without_v6) acceptors.push_back(std::move(v6));
    if (acceptors.empty()) refuse("any address", without_v4);
    return acceptors;
  }
}

}  // namespace

std::vector<tcp::acceptor> open_acceptors(const asio::any_io_executor& executor,
                                          const std::vector<std::string>& listen) {
  if (listen.empty()) return open_everywhere(executor);
  std::vector<tcp::acceptor> acceptors;
  for (const std::string& text : listen) {
    std::optional<error_code> refusal;
    const std::size_t before = acceptors.size();
    for (const Endpoint& endpoint : resolve("listen", text)) {
      tcp::acceptor acceptor(executor);
      if (const error_code error = open(acceptor, to_tcp(endpoint))) {
        refusal = error;
      } else {
        acceptors.push_back(std::move(acceptor));
      }
    }
    // A name may stand for an address of a family that the machine does not speak.
    if (acceptors.size() == before) refuse(text, *refusal);
  }
  return acceptors;
}

}  // namespace kith::overlay
