#pragma once

#include <array>

#include <kith/bytes.hpp>
#include <kith/node.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

[[nodiscard]] crypto::SigningKeyPair signing_key(const std::array<Byte, 32>& seed);
[[nodiscard]] crypto::DhKeyPair dh_key(const std::array<Byte, 32>& seed);

/// Wipes the seeds in a configuration when this goes out of scope.
class SeedsWiped {
 public:
  explicit SeedsWiped(NodeConfig& config) : config_(&config) {}
  SeedsWiped(const SeedsWiped&) = delete;
  SeedsWiped& operator=(const SeedsWiped&) = delete;
  ~SeedsWiped();

 private:
  NodeConfig* config_;
};

}  // namespace kith::overlay
