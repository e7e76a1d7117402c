#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "core/crypto/primitives.hpp"

namespace kith::noise {

/// No Noise message is longer (Noise §3).
constexpr std::size_t kMaxMessageBytes = 65535;

/// One direction of a session (Noise §5.1): a key and the number of the next message.  The number
/// does not advance when a message fails to open, and the last number is never used for data.
class CipherState {
 public:
  static constexpr std::uint64_t kReservedNonce = std::numeric_limits<std::uint64_t>::max();

  CipherState(const crypto::Cipher& cipher, crypto::CipherKey key);

  /// Seals `plaintext` into `out`, which may begin where `plaintext` does.  `Errc::exhausted` when
  /// no number is left, `Errc::too_long` when `out` is over 65535 bytes.
  /// @pre out.size() == plaintext.size() + 16
  [[nodiscard]] Result<void> encrypt(ByteView associated, ByteView plaintext, MutableByteView out);

  /// Opens `ciphertext` into `out`, which may begin where `ciphertext` does.
  /// `Errc::decrypt_failed` if it is shorter than a tag or does not verify, `Errc::exhausted` and
  /// `Errc::too_long` as above.
  /// @pre out.size() + 16 == ciphertext.size(), where ciphertext.size() >= 16
  [[nodiscard]] Result<void> decrypt(ByteView associated, ByteView ciphertext, MutableByteView out);

  /// k := REKEY(k) (Noise §11.3); the number goes on.
  void rekey();

  [[nodiscard]] std::uint64_t nonce() const { return nonce_; }

  /// For tests of the last numbers.
  void set_nonce(std::uint64_t nonce) { nonce_ = nonce; }

 private:
  const crypto::Cipher* cipher_;
  crypto::CipherKey key_;
  std::uint64_t nonce_ = 0;
};

}  // namespace kith::noise
