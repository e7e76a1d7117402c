#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "core/crypto/primitives.hpp"
#include "core/noise/cipher_state.hpp"
#include "core/noise/hkdf.hpp"

namespace kith::noise {

/// The chaining key, the running hash and, from the first MixKey on, the cipher of a handshake
/// (Noise §5.2).
class SymmetricState {
 public:
  SymmetricState(const crypto::Cipher& cipher, const crypto::Hash& hash,
                 std::string_view protocol_name);

  void mix_key(ByteView input);
  void mix_hash(ByteView data);
  void mix_key_and_hash(ByteView input);

  /// What encrypt_and_hash adds to a length: nothing until there is a key, a tag from then on.
  [[nodiscard]] std::size_t tag_bytes() const;
  [[nodiscard]] bool has_key() const { return cipher_state_.has_value(); }

  /// @pre out.size() == plaintext.size() + tag_bytes(); the two do not overlap
  [[nodiscard]] Result<void> encrypt_and_hash(ByteView plaintext, MutableByteView out);

  /// @pre out.size() + tag_bytes() == ciphertext.size(); the two do not overlap
  [[nodiscard]] Result<void> decrypt_and_hash(ByteView ciphertext, MutableByteView out);

  /// `h`.
  [[nodiscard]] ByteView hash() const;

  /// The ciphers from initiator to responder and back.
  [[nodiscard]] std::pair<CipherState, CipherState> split() const;

  /// Forgets the keys; `h` stays.
  void wipe_keys();

  /// Forgets `h` too.
  void wipe();

 private:
  void set_key(const HkdfOutput& key);

  const crypto::Cipher* cipher_;
  const crypto::Hash* hash_;
  HkdfOutput chaining_key_;
  std::array<Byte, crypto::Hash::kMaxBytes> running_hash_{};
  std::optional<CipherState> cipher_state_;
};

}  // namespace kith::noise
