#include <kith/endpoint.hpp>

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace kith {
namespace {

constexpr std::array<Byte, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::array<Byte, 16> mapped(const std::array<Byte, 4>& address) {
  std::array<Byte, 16> whole{};
  std::ranges::copy(address, std::ranges::copy(kMappedPrefix, whole.begin()).out);
  return whole;
}

/// Decimal without sign or leading zeros, so that one endpoint has one text.
Result<std::uint16_t> parse_port(std::string_view text) {
  if (text.size() > 1 && text.front() == '0') return std::unexpected(Errc::bad_text);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size())
    return std::unexpected(Errc::bad_text);
  return port;
}

Result<std::array<Byte, 16>> parse_v4(std::string_view text) {
  std::array<Byte, 4> address{};
  if (text.contains('\0') || inet_pton(AF_INET, std::string(text).c_str(), address.data()) != 1)
    return std::unexpected(Errc::bad_text);
  return mapped(address);
}

Result<std::array<Byte, 16>> parse_v6(std::string_view text) {
  std::array<Byte, 16> address{};
  if (text.contains('\0') || inet_pton(AF_INET6, std::string(text).c_str(), address.data()) != 1)
    return std::unexpected(Errc::bad_text);
  return address;
}

}  // namespace

Endpoint Endpoint::v4(std::array<Byte, 4> address, std::uint16_t port) {
  return {mapped(address), port};
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::unexpected(Errc::bad_text);
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::unexpected(port.error());

  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  const auto address = bracketed ? parse_v6(host.substr(1, host.size() - 2)) : parse_v4(host);
  if (!address) return std::unexpected(address.error());
  return Endpoint(*address, *port);
}

std::string Endpoint::to_string() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  std::string text;
  if (is_v4()) {
    inet_ntop(AF_INET, address_.data() + kMappedPrefix.size(), host.data(), host.size());
    text.append(host.data());
  } else {
    inet_ntop(AF_INET6, address_.data(), host.data(), host.size());
    text.append("[").append(host.data()).append("]");
  }
  return text.append(":").append(std::to_string(port_));
}

bool Endpoint::is_v4() const {
  return std::ranges::equal(kMappedPrefix, ByteView(address_).first(kMappedPrefix.size()));
}

bool Endpoint::is_loopback() const {
  if (is_v4()) return address_[12] == 127;
  constexpr std::array<Byte, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address_ == kLoopback;
}

bool Endpoint::is_unspecified() const {
  const ByteView host = is_v4() ? ByteView(address_).subspan(12) : ByteView(address_);
  return std::ranges::all_of(host, [](Byte byte) { return byte == 0; });
}

std::array<Byte, 16> Endpoint::network() const {
  const std::ptrdiff_t kept = is_v4() ? 12 + 3 : 7;
  std::array<Byte, 16> cut{};
  std::copy_n(address_.begin(), kept, cut.begin());
  return cut;
}

}  // namespace kith
