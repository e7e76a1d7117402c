#pragma once

#include <cstddef>
#include <vector>

#include "core/crypto/primitives.hpp"
#include "core/random.hpp"

namespace kith::noise {

/// Ephemeral key pairs made before they are needed: to make one costs more than to agree on a
/// secret, and whoever knocks at a listener makes it pay for one.  Each pair is given away once and
/// kept by nobody else.  It makes none by itself: its owner fills it when there is nothing else to
/// do, from the randomness that it would otherwise have given to the handshake.
class EphemeralPool {
 public:
  static constexpr std::size_t kPairsMax = 64;

  /// Makes up to `pairs` more, as long as there is room.
  void fill(const crypto::DiffieHellman& dh, Random& random, std::size_t pairs = kPairsMax);

  /// A pair that was made before, or a new one if there is none.
  [[nodiscard]] crypto::DhKeyPair take(const crypto::DiffieHellman& dh, Random& random);

  [[nodiscard]] std::size_t size() const { return pairs_.size(); }
  [[nodiscard]] bool is_full() const { return pairs_.size() == kPairsMax; }

 private:
  std::vector<crypto::DhKeyPair> pairs_;
};

}  // namespace kith::noise
