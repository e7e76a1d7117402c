#include "core/noise/cipher_state.hpp"

#include <algorithm>
#include <array>

namespace kith::noise {

using crypto::Cipher;

CipherState::CipherState(const Cipher& cipher, crypto::CipherKey key)
    : cipher_(&cipher), key_(std::move(key)) {}

Result<void> CipherState::encrypt(ByteView associated, ByteView plaintext, MutableByteView out) {
  if (nonce_ == kReservedNonce) return std::unexpected(Errc::exhausted);
  if (out.size() > kMaxMessageBytes) return std::unexpected(Errc::too_long);
  cipher_->seal(key_, nonce_, associated, plaintext, out);
  ++nonce_;
  return {};
}

Result<void> CipherState::decrypt(ByteView associated, ByteView ciphertext, MutableByteView out) {
  if (nonce_ == kReservedNonce) return std::unexpected(Errc::exhausted);
  if (ciphertext.size() > kMaxMessageBytes) return std::unexpected(Errc::too_long);
  if (ciphertext.size() < Cipher::kTagBytes) return std::unexpected(Errc::decrypt_failed);
  auto opened = cipher_->open(key_, nonce_, associated, ciphertext, out);
  if (opened) ++nonce_;
  return opened;
}

void CipherState::rekey() {
  constexpr std::array<Byte, crypto::CipherKey::kBytes> kZeros{};
  crypto::Secret<crypto::CipherKey::kBytes + Cipher::kTagBytes> sealed;
  cipher_->seal(key_, kReservedNonce, {}, kZeros, sealed.mutable_view());
  std::ranges::copy(sealed.view().first(crypto::CipherKey::kBytes), key_.mutable_view().begin());
}

}  // namespace kith::noise
