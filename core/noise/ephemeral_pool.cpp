#include "core/noise/ephemeral_pool.hpp"

#include <utility>

namespace kith::noise {

void EphemeralPool::fill(const crypto::DiffieHellman& dh, Random& random, std::size_t pairs) {
  // Growing would move secrets about.
  pairs_.reserve(kPairsMax);
  for (std::size_t i = 0; i < pairs && !is_full(); ++i) pairs_.push_back(dh.generate(random));
}

crypto::DhKeyPair EphemeralPool::take(const crypto::DiffieHellman& dh, Random& random) {
  if (pairs_.empty()) return dh.generate(random);
  crypto::DhKeyPair pair = std::move(pairs_.back());
  pairs_.pop_back();
  return pair;
}

}  // namespace kith::noise
