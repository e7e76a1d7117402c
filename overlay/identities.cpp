#include "overlay/identities.hpp"

#include "tokens/verify.hpp"

namespace kith::overlay {

Identities::Identities(const crypto::SigningKeyPair& joining,
                       std::span<const crypto::SigningKeyPair> further)
    : joining_(&joining) {
  keys_.emplace(identity_fingerprint(joining.public_key), &joining);
  for (const crypto::SigningKeyPair& key : further)
    keys_.emplace(identity_fingerprint(key.public_key), &key);
}

const crypto::SigningKeyPair* Identities::find(const Fingerprint& identity) const {
  const auto found = keys_.find(identity);
  return found == keys_.end() ? nullptr : found->second;
}

Result<const crypto::SigningKeyPair*> Identities::key_for(
    const std::optional<Fingerprint>& identity) const {
  if (!identity) return joining_;
  const crypto::SigningKeyPair* key = find(*identity);
  if (!key) return std::unexpected(Errc::not_found);
  return key;
}

}  // namespace kith::overlay
