#pragma once

#include <map>
#include <optional>
#include <span>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

/// Whose keys a node holds, and on whose behalf it acts: the identity that it joins with, and
/// further ones.
class Identities {
 public:
  /// The keys outlive this.
  explicit Identities(const crypto::SigningKeyPair& joining,
                      std::span<const crypto::SigningKeyPair> further = {});

  [[nodiscard]] const crypto::SigningKeyPair& joining() const { return *joining_; }
  /// Nothing if it is none of them.
  [[nodiscard]] const crypto::SigningKeyPair* find(const Fingerprint& identity) const;
  /// Of this one, or if that is nothing of the one that the node joins with.  `Errc::not_found`.
  [[nodiscard]] Result<const crypto::SigningKeyPair*> key_for(
      const std::optional<Fingerprint>& identity) const;

 private:
  const crypto::SigningKeyPair* joining_;
  std::map<Fingerprint, const crypto::SigningKeyPair*> keys_;
};

}  // namespace kith::overlay
