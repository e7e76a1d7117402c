#include "tokens/extensions.hpp"

#include <algorithm>
#include <array>

#include "core/host.hpp"
#include "tokens/kind_rules.hpp"

namespace kith {
namespace {

constexpr std::size_t kAddressBytes = 16;
constexpr std::size_t kEndpointBytes = kAddressBytes + 2;
/// Far more than any kind has extensions; the rules of the kind are stricter.
constexpr std::size_t kExtensionsMax = 16;

Endpoint read_endpoint(codec::Reader& reader) {
  std::array<Byte, kEndpointBytes> bytes{};
  reader.binary_into(bytes);
  std::array<Byte, kAddressBytes> address{};
  std::copy_n(bytes.begin(), kAddressBytes, address.begin());
  const Endpoint endpoint(address, static_cast<std::uint16_t>(bytes[16] << 8 | bytes[17]));
  // Nobody can dial these.
  if (endpoint.is_unspecified() || endpoint.port() == 0) reader.fail(Errc::out_of_range);
  return endpoint;
}

TokenEndpoints read_endpoints(codec::Reader& reader) {
  TokenEndpoints endpoints;
  for (auto left = reader.array(0, kTokenEndpointsMax); left > 0; --left)
    endpoints.push_back(read_endpoint(reader));
  return endpoints;
}

/// An Ed25519 or an X25519 key.
std::array<Byte, 32> read_key(codec::Reader& reader) {
  std::array<Byte, 32> key{};
  reader.binary_into(key);
  return key;
}

DialedAddress read_dialed(codec::Reader& reader) {
  reader.array(2, 2);
  DialedAddress dialed;
  dialed.host = reader.text(kHostBytesMax);
  dialed.port = static_cast<std::uint16_t>(reader.unsigned_number(UINT16_MAX));
  if (!is_host(dialed.host)) reader.fail(Errc::bad_text);
  if (dialed.port == 0) reader.fail(Errc::out_of_range);
  return dialed;
}

TicketSecret read_secret(codec::Reader& reader) {
  TicketSecret secret;
  reader.binary_into(secret.mutable_view());
  return secret;
}

/// An enumeration whose values are `least` to `most` without a gap.
template <class Enum>
Enum read_enum(codec::Reader& reader, Enum least, Enum most) {
  const std::uint64_t number = reader.unsigned_number(static_cast<std::uint64_t>(most));
  if (number < static_cast<std::uint64_t>(least)) reader.fail(Errc::out_of_range);
  return static_cast<Enum>(number);
}

void read_extension(codec::Reader& reader, Extension number, Extensions& into) {
  switch (number) {
    case Extension::endpoints:
      into.endpoints = read_endpoints(reader);
      return;
    case Extension::static_key:
      into.static_key = read_key(reader);
      return;
    case Extension::reachability:
      into.reachability = read_enum(reader, Reachability::direct, Reachability::outbound_only);
      return;
    case Extension::node:
      into.node = reader.fingerprint();
      return;
    case Extension::role:
      into.role = read_enum(reader, IntentRole::send, IntentRole::both);
      return;
    case Extension::threshold:
      into.threshold = static_cast<std::uint32_t>(reader.unsigned_number(kIntentThresholdMax));
      return;
    case Extension::dialed:
      into.dialed = read_dialed(reader);
      return;
    case Extension::secret:
      into.secret = read_secret(reader);
      return;
    case Extension::purpose:
      into.purpose = read_enum(reader, TicketPurpose::relationship, TicketPurpose::relationship);
      return;
    case Extension::partner_key:
      into.partner_key = read_key(reader);
      return;
    case Extension::partner_node:
      into.partner_node = reader.fingerprint();
      return;
    case Extension::partner_static_key:
      into.partner_static_key = read_key(reader);
      return;
  }
}

void write_endpoints(codec::Writer& writer, const TokenEndpoints& endpoints) {
  writer.array(endpoints.size());
  for (const Endpoint& endpoint : endpoints) {
    std::array<Byte, kEndpointBytes> bytes{};
    std::ranges::copy(endpoint.address(), bytes.begin());
    bytes[16] = static_cast<Byte>(endpoint.port() >> 8);
    bytes[17] = static_cast<Byte>(endpoint.port());
    writer.binary(bytes);
  }
}

}  // namespace

Extensions read_extensions(codec::Reader& reader, TokenKind kind) {
  const KindRules& rules = rules_of(kind);
  Extensions extensions;
  ExtensionSet found{};
  std::optional<std::uint64_t> previous;
  for (auto left = reader.map(kExtensionsMax); left > 0; --left) {
    const std::uint64_t number = reader.key(previous);
    if (!rules.required.has(number) && !rules.optional.has(number))
      reader.fail(Errc::unexpected_key);
    if (reader.failed()) return {};
    read_extension(reader, static_cast<Extension>(number), extensions);
    found.add(number);
  }
  if (!found.includes(rules.required)) reader.fail(Errc::missing_key);
  if (reader.failed()) return {};
  if (extensions.reachability == Reachability::direct && extensions.endpoints->empty())
    reader.fail(Errc::out_of_range);
  return extensions;
}

void write_extensions(codec::Writer& writer, const Extensions& extensions) {
  std::size_t count = 0;
  Bytes pairs;
  pairs.reserve(kTokenBytesMax);
  const crypto::WipeAtEnd wipe(pairs);
  codec::Writer pair_writer(pairs);
  const auto pair = [&](Extension number) -> codec::Writer& {
    ++count;
    return pair_writer.unsigned_number(static_cast<std::uint64_t>(number));
  };
  if (extensions.endpoints) {
    pair(Extension::endpoints);
    write_endpoints(pair_writer, *extensions.endpoints);
  }
  if (extensions.static_key) pair(Extension::static_key).binary(*extensions.static_key);
  if (extensions.reachability)
    pair(Extension::reachability)
        .unsigned_number(static_cast<std::uint64_t>(*extensions.reachability));
  if (extensions.node) pair(Extension::node).fingerprint(*extensions.node);
  if (extensions.role)
    pair(Extension::role).unsigned_number(static_cast<std::uint64_t>(*extensions.role));
  if (extensions.threshold) pair(Extension::threshold).unsigned_number(*extensions.threshold);
  if (extensions.dialed) {
    pair(Extension::dialed)
        .array(2)
        .text(extensions.dialed->host)
        .unsigned_number(extensions.dialed->port);
  }
  if (extensions.secret) pair(Extension::secret).binary(extensions.secret->view());
  if (extensions.purpose)
    pair(Extension::purpose).unsigned_number(static_cast<std::uint64_t>(*extensions.purpose));
  if (extensions.partner_key) pair(Extension::partner_key).binary(*extensions.partner_key);
  if (extensions.partner_node) pair(Extension::partner_node).fingerprint(*extensions.partner_node);
  if (extensions.partner_static_key)
    pair(Extension::partner_static_key).binary(*extensions.partner_static_key);
  writer.map(count).raw(pairs);
}

}  // namespace kith
