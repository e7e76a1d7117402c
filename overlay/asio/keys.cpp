#include "overlay/asio/keys.hpp"

#include <algorithm>
#include <string>

#include <kith/node.hpp>

#include "core/crypto/sodium.hpp"
#include "overlay/asio/clock.hpp"
#include "tokens/issue.hpp"
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

SeedsWiped::~SeedsWiped() {
  config_->keys.reset();
  if (config_->identity_seed) crypto::wipe(*config_->identity_seed);
  for (auto& seed : config_->further_identity_seeds) crypto::wipe(seed);
}

}  // namespace overlay

NodeKeys::~NodeKeys() {
  crypto::wipe(node_seed);
  crypto::wipe(static_seed);
}

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

Fingerprint NodeKeys::identity() const { return identity_of(node_seed); }

Fingerprint identity_of(const std::array<Byte, 32>& seed) {
  return identity_fingerprint(overlay::signing_key(seed).public_key);
}

Bytes vouch(const std::array<Byte, 32>& leader_seed, const Vouching& what) {
  crypto::SystemRandom random;
  const crypto::SigningKeyPair leader = overlay::signing_key(leader_seed);
  IdentityTokenParams params;
  params.realm = identity_fingerprint(leader.public_key);
  params.issued_at = overlay::read_clocks().wall;
  params.life = what.life;
  params.node = what.node;
  params.holder = what.public_key;
  const auto token = issue_identity_token(params, leader, crypto::ed25519(), random);
  if (!token)
    throw StartError("cannot vouch for it: " + std::string(describe(token.error())) +
                     "; a life is more than nothing and at most a year");
  const ByteView raw = token->token.raw();
  return {raw.begin(), raw.end()};
}

}  // namespace kith
