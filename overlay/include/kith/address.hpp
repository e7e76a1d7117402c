#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

namespace kith {

/// The port that is meant where none is named.
inline constexpr std::uint16_t kDefaultPort = 3141;

/// Where a node is reached: `kith://<fingerprint>@host:port`, `tcp://host:port` or `host:port`,
/// where host is a name, an IPv4 address, or an IPv6 address in brackets.
struct Address {
  /// The node that must answer; nothing: whoever does is believed on first use.
  std::optional<Fingerprint> node;
  std::string host;
  std::uint16_t port = kDefaultPort;

  /// `Errc::bad_text` if it is none.
  [[nodiscard]] static Result<Address> parse(std::string_view text);

  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Address&, const Address&) = default;
};

}  // namespace kith
