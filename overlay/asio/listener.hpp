#pragma once

#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace kith::overlay {

/// Listens on every one of these `tcp://host:port`; on all addresses and one free port if there
/// are none.  Throws `StartError`.
[[nodiscard]] std::vector<boost::asio::ip::tcp::acceptor> open_acceptors(
    const boost::asio::any_io_executor& executor, const std::vector<std::string>& listen);

}  // namespace kith::overlay
