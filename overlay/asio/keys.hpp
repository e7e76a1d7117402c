#pragma once

#include <array>

#include <kith/bytes.hpp>

#include "core/crypto/primitives.hpp"

namespace kith::overlay {

[[nodiscard]] crypto::SigningKeyPair signing_key(const std::array<Byte, 32>& seed);
[[nodiscard]] crypto::DhKeyPair dh_key(const std::array<Byte, 32>& seed);

}  // namespace kith::overlay
