#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

namespace kith {

/// An IP address and a TCP port.  IPv4 is kept in its mapped form (::ffff:a.b.c.d), so that one
/// address has one value.
class Endpoint {
 public:
  constexpr Endpoint() = default;
  constexpr Endpoint(const std::array<Byte, 16>& address, std::uint16_t port)
      : address_(address), port_(port) {}

  [[nodiscard]] static Endpoint v4(std::array<Byte, 4> address, std::uint16_t port);

  /// Reads `127.0.0.1:3141` or `[::1]:3141`; no names.  `Errc::bad_text` otherwise.
  [[nodiscard]] static Result<Endpoint> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const;

  [[nodiscard]] constexpr const std::array<Byte, 16>& address() const { return address_; }
  [[nodiscard]] constexpr std::uint16_t port() const { return port_; }
  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_unspecified() const;

  /// The network that one operator surely holds: the address cut to /24 (IPv4) or /56 (IPv6).
  /// What address diversity counts.
  [[nodiscard]] std::array<Byte, 16> network() const;

  friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;

 private:
  std::array<Byte, 16> address_{};
  std::uint16_t port_ = 0;
};

}  // namespace kith
