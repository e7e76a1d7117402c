#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/engine_output.hpp"
#include "tokens/intent_token.hpp"

namespace kith::overlay {

/// An intent of ours and who in this node shares it.
struct Wish {
  const crypto::SigningKeyPair* identity = nullptr;
  IntentToken intent;
  std::vector<SubscriptionId> subscriptions;
  std::optional<PublisherId> publisher;
  /// Who matches, for subscriptions that come later.
  std::map<IntentKey, PeerIntent> matches;
};

/// What an intent of ours is to say.
struct IntentParams {
  Fingerprint subject;
  Fingerprint audience;
  IntentRole role = IntentRole::both;
  std::uint32_t threshold = 0;
  WallTime issued_at;
};

}  // namespace kith::overlay
