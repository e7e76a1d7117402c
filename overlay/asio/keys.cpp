#include "overlay/asio/keys.hpp"

#include <algorithm>

#include <kith/node.hpp>

#include "core/crypto/sodium.hpp"
#include "tokens/verify.hpp"

namespace kith {
namespace overlay {

crypto::SigningKeyPair signing_key(const std::array<Byte, 32>& seed) {
  crypto::SigningKeyPair key;
  std::ranges::copy(seed, key.seed.mutable_view().begin());
  key.public_key = crypto::ed25519().public_key(key.seed);
  return key;
}

crypto::DhKeyPair dh_key(const std::array<Byte, 32>& seed) {
  crypto::DhKeyPair key;
  std::ranges::copy(seed, key.secret.mutable_view().begin());
  key.public_key = crypto::x25519().public_key(key.secret);
  return key;
}

}  // namespace overlay

NodeKeys NodeKeys::generate() {
  crypto::SystemRandom random;
  NodeKeys keys;
  random.fill(keys.node_seed);
  random.fill(keys.static_seed);
  return keys;
}

Fingerprint NodeKeys::node() const {
  return node_fingerprint(overlay::signing_key(node_seed).public_key);
}

Fingerprint NodeKeys::identity() const {
  return identity_fingerprint(overlay::signing_key(node_seed).public_key);
}

}  // namespace kith
