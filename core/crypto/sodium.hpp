#pragma once

#include "core/crypto/primitives.hpp"
#include "core/random.hpp"

/// The real primitives, by libsodium.  Every accessor initialises libsodium once, and ends the
/// program if that fails.
namespace kith::crypto {

[[nodiscard]] const DiffieHellman& x25519();
[[nodiscard]] const Cipher& chacha20_poly1305();
[[nodiscard]] const Hash& blake2b();
[[nodiscard]] const Signatures& ed25519();

/// What goes over the wire: 25519_ChaChaPoly_BLAKE2b and Ed25519.
[[nodiscard]] const Primitives& sodium_primitives();

/// For vectors and interoperation only; nothing on the wire selects them.
[[nodiscard]] const Hash& sha256();
/// @pre aes256_gcm_available()
[[nodiscard]] const Cipher& aes256_gcm();
[[nodiscard]] bool aes256_gcm_available();

/// The system's entropy.  Given to a node by its driver; nothing in the protocol names it.
class SystemRandom final : public Random {
 public:
  SystemRandom();
  void fill(MutableByteView out) override;
};

/// Appends ISO 7816-4 padding (80 00*) so that the length becomes the next multiple of `block`;
/// always at least one byte.
void pad(Bytes& bytes, std::size_t block);

/// The length of `bytes` without its padding (80 00* at the end, of any length), found in constant
/// time; `Errc::bad_padding` if there is none.
[[nodiscard]] Result<std::size_t> unpadded_bytes(ByteView bytes);

/// The length that Padmé pads `bytes` to (Nikitin et al., PETS 2019): it lets out no more than
/// O(log log bytes) bits of the length, for at most 12 % more.
[[nodiscard]] std::size_t padme(std::size_t bytes);

}  // namespace kith::crypto
