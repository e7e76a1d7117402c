#pragma once

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/session/flow.hpp"

namespace kith::overlay {

/// What a side of flow `S` signs: that this handshake is its own.  It is about `h`, which covers
/// everything that both have said in clear (R7, R14), and the responder's names the dialer, so that
/// no third party can stand in for either (docs/protocol.md §4.7).
struct ProofStatement {
  Side side = Side::dialer;
  ByteView handshake_hash;
  Fingerprint prover;
  /// Zeros in the dialer's, who does not know it yet.
  Fingerprint reader;
};

[[nodiscard]] crypto::Signature sign_proof(const ProofStatement& statement,
                                           const crypto::SigningKeyPair& key,
                                           const crypto::Signatures& signatures);

[[nodiscard]] bool verify_proof(const ProofStatement& statement,
                                const crypto::SigningPublicKey& key,
                                const crypto::Signature& signature,
                                const crypto::Signatures& signatures);

}  // namespace kith::overlay
