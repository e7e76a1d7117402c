#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include <kith/endpoint.hpp>
#include <kith/time.hpp>

#include "core/crypto/sodium.hpp"
#include "core/random.hpp"
#include "overlay/contact_book.hpp"
#include "overlay/peers.hpp"
#include "routing/table.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

inline constexpr WallTime kToday{std::chrono::hours(24 * 20'000)};

/// The time `after` the start of a test.
inline Instant at(Duration after) { return {TimePoint(after), kToday + after}; }

/// A node, as far as membership and routing see it: its book, its table and its peers.  The others
/// exist as tokens only.
class Village {
 public:
  explicit Village(std::uint64_t seed = 1) : random(seed), self(issue(1)) {}

  /// A new node with a valid token, at an address of its own.
  ContactIndex issue(std::uint16_t number) {
    const crypto::SigningKeyPair key = crypto::ed25519().generate(random);
    const Endpoint endpoint =
        Endpoint::v4({10, static_cast<Byte>(number >> 8), static_cast<Byte>(number), 1}, 3141);
    const ContactIndex contact = book.keep(sign(key, endpoint, kToday));
    keys.emplace(contact, key.clone());
    return contact;
  }

  /// A newer token of a node, not yet in the book.
  NodeToken renewed(ContactIndex contact, Duration after) {
    return sign(keys.at(contact), book.endpoint(contact), kToday + after);
  }

  /// A new node that is a peer already.
  ContactIndex befriend(std::uint16_t number, Participation role = Participation::member) {
    const ContactIndex contact = issue(number);
    peers.add({.contact = contact,
               .connection = ConnectionId{number},
               .role = role,
               .identity = {},
               .exchange = {},
               .joined_at = {},
               .health = {},
               .last_heard = {},
               .ping_sent = {}});
    if (role == Participation::member)
      table.on_connected(contact, book.endpoint(contact), std::chrono::milliseconds(20));
    return contact;
  }

  [[nodiscard]] const Fingerprint& id(ContactIndex contact) const { return book.id(contact); }

  SeededRandom random;
  std::map<ContactIndex, crypto::SigningKeyPair> keys;
  ContactBook book{SipKey{}};
  ContactIndex self;
  routing::Config config;
  routing::Table table{config, book.ids(), self, SipKey{}};
  Peers peers;

 private:
  NodeToken sign(const crypto::SigningKeyPair& key, const Endpoint& endpoint, WallTime at) {
    NodeTokenParams params;
    params.issued_at = at;
    params.static_key[0] = 9;
    params.endpoints.push_back(endpoint);
    return issue_node_token(params, key, crypto::ed25519(), random).value();
  }
};

}  // namespace kith::overlay::test
