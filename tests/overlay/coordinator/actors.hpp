#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/fingerprint_book.hpp"
#include "core/random.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/sim/crypto.hpp"
#include "routing/table.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

/// The first moment of every test.
inline constexpr Instant kStart{TimePoint(std::chrono::hours(1)),
                                WallTime(std::chrono::seconds(1'767'225'600))};

[[nodiscard]] inline Instant after(Duration span) {
  return {kStart.time + span, kStart.wall + span};
}

[[nodiscard]] inline const crypto::Signatures& signatures() {
  return *sim::simulated_primitives().signatures;
}

[[nodiscard]] Fingerprint random_fingerprint(Random& random);

/// A node and the identity that uses it, and what they can sign.
struct Actor {
  explicit Actor(Random& random, bool own_identity = false);

  [[nodiscard]] NodeToken node_token(WallTime at = kStart.wall,
                                     Duration life = std::chrono::hours(24)) const;

  struct Wish {
    Fingerprint subject{};
    IntentRole role = IntentRole::receive;
    WallTime at = kStart.wall;
    Duration life = std::chrono::minutes(10);
    Fingerprint audience{};
    Fingerprint realm{};
  };
  [[nodiscard]] IntentToken intent(const Wish& wish) const;
  /// An intent with all that belongs to it, through `relays` if there are any.
  [[nodiscard]] PeerIntent peer_intent(const Wish& wish, const Relays& relays = {}) const;
  [[nodiscard]] Withdrawal withdrawal(const IntentToken& last) const;

  [[nodiscard]] Fingerprint id() const { return node; }

  Random* random;
  crypto::SigningKeyPair node_key;
  crypto::SigningKeyPair identity_key;
  Fingerprint node;
  Fingerprint identity;
  Fingerprint realm{};
};

/// The routing table of one node, with sessions to whoever is named.
class Neighbours {
 public:
  explicit Neighbours(const Fingerprint& self);

  void join(const Fingerprint& node);
  void leave(const Fingerprint& node);
  void suspect(const Fingerprint& node);
  void recover(const Fingerprint& node);
  [[nodiscard]] bool has(const Fingerprint& node) const;

  [[nodiscard]] const routing::Table& table() const { return table_; }

 private:
  routing::Config config_;
  FingerprintBook book_{SipKey{}};
  routing::ContactIndex self_;
  routing::Table table_;
  std::map<Fingerprint, routing::ContactIndex> contacts_;
};

/// `nodes` by distance to `subject`, closest first, at most `count`.
[[nodiscard]] std::vector<Fingerprint> closest_of(std::vector<Fingerprint> nodes,
                                                  const Fingerprint& subject, std::size_t count);

}  // namespace kith::overlay::test
