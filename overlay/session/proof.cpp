#include "overlay/session/proof.hpp"

#include <array>
#include <string_view>

namespace kith::overlay {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kProofDomain = "kith/1 sealed proof\0"sv;

std::array<Byte, 1> letter_of(Side side) {
  return {static_cast<Byte>(side == Side::dialer ? 'I' : 'R')};
}

}  // namespace

crypto::Signature sign_proof(const ProofStatement& statement, const crypto::SigningKeyPair& key,
                             const crypto::Signatures& signatures) {
  return signatures.sign(
      key, {as_bytes(kProofDomain), letter_of(statement.side), statement.handshake_hash,
            statement.prover.view(), statement.reader.view()});
}

bool verify_proof(const ProofStatement& statement, const crypto::SigningPublicKey& key,
                  const crypto::Signature& signature, const crypto::Signatures& signatures) {
  return signatures.verify(
      key,
      {as_bytes(kProofDomain), letter_of(statement.side), statement.handshake_hash,
       statement.prover.view(), statement.reader.view()},
      signature);
}

}  // namespace kith::overlay
