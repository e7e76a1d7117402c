#pragma once

#include <cstdint>
#include <initializer_list>

#include <kith/bytes.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

/// Counts how many signatures are checked, so that each peer can be charged for what it makes us
/// do.
class MeteredSignatures final : public crypto::Signatures {
 public:
  /// `signatures` must outlive this.
  explicit MeteredSignatures(const crypto::Signatures& signatures) : signatures_(&signatures) {}

  [[nodiscard]] crypto::SigningPublicKey public_key(const crypto::Secret<32>& seed) const override {
    return signatures_->public_key(seed);
  }
  [[nodiscard]] crypto::Signature sign(const crypto::SigningKeyPair& key,
                                       std::initializer_list<ByteView> parts) const override {
    return signatures_->sign(key, parts);
  }
  [[nodiscard]] bool verify(const crypto::SigningPublicKey& key,
                            std::initializer_list<ByteView> parts,
                            const crypto::Signature& signature) const override {
    ++checked_;
    return signatures_->verify(key, parts, signature);
  }

  [[nodiscard]] std::uint64_t checked() const { return checked_; }

 private:
  const crypto::Signatures* signatures_;
  mutable std::uint64_t checked_ = 0;
};

}  // namespace kith::overlay
