#pragma once

#include "core/crypto/primitives.hpp"

namespace kith::sim {

/// Primitives that cost nearly nothing and guard nothing, for simulations of many nodes.  Every
/// length is the real one, and everything is still checked: two sides agree on a key only if each
/// has the other's public key, a tag or signature verifies only over the very same bytes.  Signing
/// keys have their real public halves, so that node ids are those of a run with real ones.
///
/// Payloads stay readable, but for the first 32 bytes: a key that a cipher makes by sealing zeros
/// (Noise §4.2, REKEY) must be a new key.
[[nodiscard]] const crypto::Primitives& simulated_primitives();

}  // namespace kith::sim
