#include "core/crypto/primitives.hpp"

namespace kith::crypto {

DhKeyPair DiffieHellman::generate(Random& random) const {
  DhKeyPair pair;
  random.fill(pair.secret.mutable_view());
  pair.public_key = public_key(pair.secret);
  return pair;
}

SigningKeyPair Signatures::generate(Random& random) const {
  SigningKeyPair pair;
  random.fill(pair.seed.mutable_view());
  pair.public_key = public_key(pair.seed);
  return pair;
}

}  // namespace kith::crypto
