#include "core/crypto/sodium.hpp"

#include <algorithm>

#include <sodium.h>

#include "core/assert.hpp"

namespace kith::crypto {
namespace {

/// Lets libsodium choose its implementations, once, whichever thread comes first.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  KITH_ASSERT(ready);
}

class X25519 final : public DiffieHellman {
 public:
  DhPublicKey public_key(const DhSecretKey& secret) const override {
    DhPublicKey key{};
    crypto_scalarmult_base(key.data(), secret.view().data());
    return key;
  }

  Result<SharedSecret> agree(const DhSecretKey& ours, const DhPublicKey& theirs) const override {
    SharedSecret shared;
    if (crypto_scalarmult(shared.mutable_view().data(), ours.view().data(), theirs.data()) != 0) {
      return std::unexpected(Errc::bad_key);
    }
    return shared;
  }
};

/// The 96-bit nonce of both ciphers: four zero bytes, then `number` (Noise §12).
using Nonce = std::array<Byte, 12>;

Nonce little_endian_nonce(std::uint64_t number) {
  Nonce nonce{};
  for (unsigned i = 0; i < 8; ++i) nonce[4 + i] = static_cast<Byte>(number >> (8 * i));
  return nonce;
}

Nonce big_endian_nonce(std::uint64_t number) {
  Nonce nonce = little_endian_nonce(number);
  std::reverse(nonce.begin() + 4, nonce.end());
  return nonce;
}

void check_seal_sizes(ByteView plaintext, MutableByteView out) {
  KITH_ASSERT(out.size() == plaintext.size() + Cipher::kTagBytes);
}

void check_open_sizes(ByteView ciphertext, MutableByteView out) {
  KITH_ASSERT(ciphertext.size() >= Cipher::kTagBytes);
  KITH_ASSERT(out.size() == ciphertext.size() - Cipher::kTagBytes);
}

class ChaCha20Poly1305 final : public Cipher {
 public:
  void seal(const CipherKey& key, std::uint64_t nonce, ByteView associated, ByteView plaintext,
            MutableByteView out) const override {
    check_seal_sizes(plaintext, out);
    crypto_aead_chacha20poly1305_ietf_encrypt(
        out.data(), nullptr, plaintext.data(), plaintext.size(), associated.data(),
        associated.size(), nullptr, little_endian_nonce(nonce).data(), key.view().data());
  }

  Result<void> open(const CipherKey& key, std::uint64_t nonce, ByteView associated,
                    ByteView ciphertext, MutableByteView out) const override {
    check_open_sizes(ciphertext, out);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(
            out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(), associated.data(),
            associated.size(), little_endian_nonce(nonce).data(), key.view().data()) != 0) {
      return std::unexpected(Errc::decrypt_failed);
    }
    return {};
  }
};

class Aes256Gcm final : public Cipher {
 public:
  void seal(const CipherKey& key, std::uint64_t nonce, ByteView associated, ByteView plaintext,
            MutableByteView out) const override {
    check_seal_sizes(plaintext, out);
    crypto_aead_aes256gcm_encrypt(out.data(), nullptr, plaintext.data(), plaintext.size(),
                                  associated.data(), associated.size(), nullptr,
                                  big_endian_nonce(nonce).data(), key.view().data());
  }

  Result<void> open(const CipherKey& key, std::uint64_t nonce, ByteView associated,
                    ByteView ciphertext, MutableByteView out) const override {
    check_open_sizes(ciphertext, out);
    if (crypto_aead_aes256gcm_decrypt(out.data(), nullptr, nullptr, ciphertext.data(),
                                      ciphertext.size(), associated.data(), associated.size(),
                                      big_endian_nonce(nonce).data(), key.view().data()) != 0) {
      return std::unexpected(Errc::decrypt_failed);
    }
    return {};
  }
};

void blake2b_into(std::initializer_list<ByteView> parts, MutableByteView out) {
  crypto_generichash_blake2b_state state;
  crypto_generichash_blake2b_init(&state, nullptr, 0, out.size());
  for (ByteView part : parts) {
    crypto_generichash_blake2b_update(&state, part.data(), part.size());
  }
  crypto_generichash_blake2b_final(&state, out.data(), out.size());
  sodium_memzero(&state, sizeof(state));
}

class Blake2b final : public Hash {
 public:
  std::size_t hash_bytes() const override { return 64; }
  std::size_t block_bytes() const override { return 128; }

  void hash(std::initializer_list<ByteView> parts, MutableByteView out) const override {
    KITH_ASSERT(out.size() == hash_bytes());
    blake2b_into(parts, out);
  }
};

class Sha256 final : public Hash {
 public:
  std::size_t hash_bytes() const override { return 32; }
  std::size_t block_bytes() const override { return 64; }

  void hash(std::initializer_list<ByteView> parts, MutableByteView out) const override {
    KITH_ASSERT(out.size() == hash_bytes());
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (ByteView part : parts) crypto_hash_sha256_update(&state, part.data(), part.size());
    crypto_hash_sha256_final(&state, out.data());
    sodium_memzero(&state, sizeof(state));
  }
};

/// Ed25519 signs one message, not a stream: the pure variant reads it twice.
Bytes concatenation(std::initializer_list<ByteView> parts) {
  std::size_t total = 0;
  for (ByteView part : parts) total += part.size();
  Bytes bytes;
  bytes.reserve(total);
  for (ByteView part : parts) append(bytes, part);
  return bytes;
}

class Ed25519 final : public Signatures {
 public:
  SigningPublicKey public_key(const Secret<32>& seed) const override {
    SigningPublicKey key{};
    ExpandedKey expanded;
    crypto_sign_seed_keypair(key.data(), expanded.mutable_view().data(), seed.view().data());
    return key;
  }

  Signature sign(const SigningKeyPair& key, std::initializer_list<ByteView> parts) const override {
    // What libsodium calls the secret key is the seed and the public key side by side.
    ExpandedKey expanded;
    const MutableByteView bytes = expanded.mutable_view();
    std::ranges::copy(key.seed.view(), bytes.begin());
    std::ranges::copy(key.public_key, bytes.begin() + 32);
    const Bytes message = concatenation(parts);
    Signature signature{};
    crypto_sign_detached(signature.data(), nullptr, message.data(), message.size(), bytes.data());
    return signature;
  }

  bool verify(const SigningPublicKey& key, std::initializer_list<ByteView> parts,
              const Signature& signature) const override {
    const Bytes message = concatenation(parts);
    return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                       key.data()) == 0;
  }

 private:
  using ExpandedKey = Secret<crypto_sign_SECRETKEYBYTES>;
};

/// The only one of its kind, and libsodium ready for it.
template <class Primitive>
const Primitive& ready() {
  require_sodium();
  static const Primitive primitive;
  return primitive;
}

}  // namespace

const DiffieHellman& x25519() { return ready<X25519>(); }
const Cipher& chacha20_poly1305() { return ready<ChaCha20Poly1305>(); }
const Hash& blake2b() { return ready<Blake2b>(); }
const Signatures& ed25519() { return ready<Ed25519>(); }
const Hash& sha256() { return ready<Sha256>(); }

bool aes256_gcm_available() {
  require_sodium();
  return crypto_aead_aes256gcm_is_available() != 0;
}

const Cipher& aes256_gcm() {
  KITH_ASSERT(aes256_gcm_available());
  return ready<Aes256Gcm>();
}

const Primitives& sodium_primitives() {
  static const Primitives primitives{
      .dh = &x25519(),
      .cipher = &chacha20_poly1305(),
      .hash = &blake2b(),
      .signatures = &ed25519(),
      .suite_name = "25519_ChaChaPoly_BLAKE2b",
  };
  return primitives;
}

SystemRandom::SystemRandom() { require_sodium(); }

void SystemRandom::fill(MutableByteView out) {
  if (!out.empty()) randombytes_buf(out.data(), out.size());
}

Fingerprint blake2b_256(std::initializer_list<ByteView> parts) {
  require_sodium();
  std::array<Byte, Fingerprint::kBytes> digest{};
  blake2b_into(parts, digest);
  return Fingerprint(digest);
}

}  // namespace kith::crypto
