#pragma once

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>

#include "core/crypto/primitives.hpp"
#include "core/noise/ephemeral_pool.hpp"
#include "overlay/session/buffer_pool.hpp"

namespace kith::overlay {

/// Who we are, to a session.  Must outlive every session made with it.
struct LocalNode {
  const crypto::Primitives* primitives = nullptr;
  const crypto::DhKeyPair* static_key = nullptr;
  /// What signs the proofs of flow `S`.
  const crypto::SigningKeyPair* node_key = nullptr;
  /// Our node token as it goes over the wire; may be renewed between sessions.
  Bytes token;
  Fingerprint id;
  /// The network id of the prologue: the realm, zeros for the public one.
  Fingerprint network;
  /// What sessions share of memory; without it each asks for its own.
  BufferPool* buffers = nullptr;
  /// Ephemeral keys for responders; without it each makes its own.
  noise::EphemeralPool* ephemerals = nullptr;
};

}  // namespace kith::overlay
