#pragma once

#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

/// Which node we are, to the exchange; on whose behalf it sends and receives, its intents say.
struct ExchangeConfig {
  const crypto::Signatures* signatures = nullptr;
  Fingerprint node;
  Fingerprint realm;
  Reachability reachability = Reachability::direct;
};

}  // namespace kith::overlay
