#include <kith/address.hpp>

#include <charconv>

#include "core/host.hpp"

namespace kith {
namespace {

constexpr std::string_view kKithScheme = "kith://";
constexpr std::string_view kTcpScheme = "tcp://";

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::unexpected(Errc::bad_text);
  return port;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  Address address;
  if (text.starts_with(kKithScheme)) {
    text.remove_prefix(kKithScheme.size());
    const auto at = text.find('@');
    if (at == std::string_view::npos) return std::unexpected(Errc::bad_text);
    const auto node = Fingerprint::parse(text.substr(0, at));
    if (!node) return std::unexpected(node.error());
    address.node = *node;
    text.remove_prefix(at + 1);
  } else if (text.starts_with(kTcpScheme)) {
    text.remove_prefix(kTcpScheme.size());
  }
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::unexpected(Errc::bad_text);
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (!rest.empty()) {
    if (!rest.starts_with(':')) return std::unexpected(Errc::bad_text);
    const auto port = parse_port(rest.substr(1));
    if (!port) return std::unexpected(port.error());
    address.port = *port;
  }
  // Without brackets it ends before the first colon.
  if (!is_host(host)) return std::unexpected(Errc::bad_text);
  address.host = host;
  return address;
}

std::string Address::to_string() const {
  std::string text(node ? kKithScheme : kTcpScheme);
  if (node) text += node->to_string() + "@";
  text += host.contains(':') ? "[" + host + "]" : host;
  return text + ":" + std::to_string(port);
}

}  // namespace kith
