#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>

#include "core/crypto/secret.hpp"
#include "core/random.hpp"

/// What kith asks of cryptography, and nothing more.  The real answers are libsodium's
/// (`core/crypto/sodium.hpp`); the simulator has cheaper ones with the same lengths
/// (`overlay/sim/`), and the Noise vectors need two further ones.
namespace kith::crypto {

using DhSecretKey = Secret<32>;
using DhPublicKey = std::array<Byte, 32>;
using SharedSecret = Secret<32>;

struct DhKeyPair {
  DhSecretKey secret;
  DhPublicKey public_key{};

  [[nodiscard]] DhKeyPair clone() const { return {secret.clone(), public_key}; }
};

/// A Diffie-Hellman group with keys and results of 32 bytes.
class DiffieHellman {
 public:
  virtual ~DiffieHellman() = default;

  [[nodiscard]] virtual DhPublicKey public_key(const DhSecretKey& secret) const = 0;

  /// `Errc::bad_key` if the result would be all zeros (R19).
  [[nodiscard]] virtual Result<SharedSecret> agree(const DhSecretKey& ours,
                                                   const DhPublicKey& theirs) const = 0;

  [[nodiscard]] DhKeyPair generate(Random& random) const;
};

using CipherKey = Secret<32>;

/// An AEAD cipher with a 32-byte key, a 64-bit nonce and a 16-byte tag.
class Cipher {
 public:
  static constexpr std::size_t kTagBytes = 16;

  virtual ~Cipher() = default;

  /// Writes ciphertext and tag.  `out` may begin where `plaintext` does.
  /// @pre out.size() == plaintext.size() + kTagBytes
  virtual void seal(const CipherKey& key, std::uint64_t nonce, ByteView associated,
                    ByteView plaintext, MutableByteView out) const = 0;

  /// Writes the plaintext; `Errc::decrypt_failed` if the tag does not verify, and then `out` holds
  /// nothing of use.  `out` may begin where `ciphertext` does.
  /// @pre ciphertext.size() >= kTagBytes && out.size() == ciphertext.size() - kTagBytes
  [[nodiscard]] virtual Result<void> open(const CipherKey& key, std::uint64_t nonce,
                                          ByteView associated, ByteView ciphertext,
                                          MutableByteView out) const = 0;
};

/// A hash function as Noise uses it (§4.3).
class Hash {
 public:
  static constexpr std::size_t kMaxBytes = 64;
  static constexpr std::size_t kMaxBlockBytes = 128;

  virtual ~Hash() = default;

  [[nodiscard]] virtual std::size_t hash_bytes() const = 0;   ///< HASHLEN: 32 or 64.
  [[nodiscard]] virtual std::size_t block_bytes() const = 0;  ///< BLOCKLEN: 64 or 128.

  /// Hashes the concatenation of `parts`.  @pre out.size() == hash_bytes()
  virtual void hash(std::initializer_list<ByteView> parts, MutableByteView out) const = 0;
};

using SigningPublicKey = std::array<Byte, 32>;
using Signature = std::array<Byte, 64>;

/// The seed of a signing key and its public half.  The seed is what a key file holds.
struct SigningKeyPair {
  Secret<32> seed;
  SigningPublicKey public_key{};

  [[nodiscard]] SigningKeyPair clone() const { return {seed.clone(), public_key}; }
};

class Signatures {
 public:
  virtual ~Signatures() = default;

  [[nodiscard]] virtual SigningPublicKey public_key(const Secret<32>& seed) const = 0;

  /// Signs the concatenation of `parts`; the first must be the domain of the statement.
  [[nodiscard]] virtual Signature sign(const SigningKeyPair& key,
                                       std::initializer_list<ByteView> parts) const = 0;

  [[nodiscard]] virtual bool verify(const SigningPublicKey& key,
                                    std::initializer_list<ByteView> parts,
                                    const Signature& signature) const = 0;

  [[nodiscard]] SigningKeyPair generate(Random& random) const;
};

/// The primitives that one node runs on.  The referents live as long as the program.
struct Primitives {
  const DiffieHellman* dh = nullptr;
  const Cipher* cipher = nullptr;
  const Hash* hash = nullptr;
  const Signatures* signatures = nullptr;
  /// As it stands in the Noise protocol name, e.g. "25519_ChaChaPoly_BLAKE2b".
  std::string_view suite_name;
};

/// BLAKE2b-256 of the concatenation of `parts`: fingerprints and subject ids.
[[nodiscard]] Fingerprint blake2b_256(std::initializer_list<ByteView> parts);

}  // namespace kith::crypto
