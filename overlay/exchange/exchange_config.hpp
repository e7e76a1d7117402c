#pragma once

#include <kith/fingerprint.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

/// Who we are, to the exchange.
struct ExchangeConfig {
  const crypto::Signatures* signatures = nullptr;
  Fingerprint node;
  Fingerprint identity;
  Fingerprint realm;
  Reachability reachability = Reachability::direct;
};

}  // namespace kith::overlay
