#include "overlay/sim/crypto.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/sim/digest.hpp"

namespace kith::sim {
namespace {

using crypto::CipherKey;
using crypto::DhPublicKey;
using crypto::DhSecretKey;
using crypto::SharedSecret;
using crypto::Signature;
using crypto::SigningKeyPair;
using crypto::SigningPublicKey;

// What a digest is for, so that one is never taken for another.
constexpr std::uint64_t kPublicKey = 1;
constexpr std::uint64_t kAgreement = 2;
constexpr std::uint64_t kTag = 3;
constexpr std::uint64_t kMask = 4;
constexpr std::uint64_t kHash = 5;
constexpr std::uint64_t kSignature = 6;

class SimulatedDiffieHellman final : public crypto::DiffieHellman {
 public:
  DhPublicKey public_key(const DhSecretKey& secret) const override {
    Digest digest(kPublicKey);
    digest.absorb(secret.view());
    DhPublicKey key{};
    digest.finish(key);
    return key;
  }

  Result<SharedSecret> agree(const DhSecretKey& ours, const DhPublicKey& theirs) const override {
    if (theirs == DhPublicKey{}) return std::unexpected(Errc::bad_key);
    const DhPublicKey own = public_key(ours);
    const auto [lesser, greater] = std::minmax(own, theirs);
    Digest digest(kAgreement);
    digest.absorb(lesser);
    digest.absorb(greater);
    SharedSecret shared;
    digest.finish(shared.mutable_view());
    return shared;
  }
};

class SimulatedCipher final : public crypto::Cipher {
 public:
  void seal(const CipherKey& key, std::uint64_t nonce, ByteView associated, ByteView plaintext,
            MutableByteView out) const override {
    KITH_ASSERT(out.size() == plaintext.size() + kTagBytes);
    const MutableByteView ciphertext = out.first(plaintext.size());
    if (!plaintext.empty()) std::memmove(out.data(), plaintext.data(), plaintext.size());
    mask(key, nonce, ciphertext);
    const Tag tag = tag_of(key, nonce, associated, ciphertext);
    std::ranges::copy(tag, out.last(kTagBytes).begin());
  }

  Result<void> open(const CipherKey& key, std::uint64_t nonce, ByteView associated,
                    ByteView ciphertext, MutableByteView out) const override {
    KITH_ASSERT(ciphertext.size() >= kTagBytes);
    KITH_ASSERT(out.size() == ciphertext.size() - kTagBytes);
    const ByteView body = ciphertext.first(out.size());
    const Tag tag = tag_of(key, nonce, associated, body);
    if (!std::ranges::equal(tag, ciphertext.last(kTagBytes))) {
      return std::unexpected(Errc::decrypt_failed);
    }
    if (!body.empty()) std::memmove(out.data(), body.data(), body.size());
    mask(key, nonce, out);
    return {};
  }

 private:
  using Tag = std::array<Byte, kTagBytes>;
  static constexpr std::size_t kMaskBytes = 32;

  static void mask(const CipherKey& key, std::uint64_t nonce, MutableByteView bytes) {
    Digest digest(kMask);
    digest.absorb(key.view());
    digest.absorb(nonce);
    std::array<Byte, kMaskBytes> mask{};
    digest.finish(mask);
    for (std::size_t i = 0; i < std::min(bytes.size(), mask.size()); ++i) bytes[i] ^= mask[i];
  }

  static Tag tag_of(const CipherKey& key, std::uint64_t nonce, ByteView associated,
                    ByteView ciphertext) {
    Digest digest(kTag);
    digest.absorb(key.view());
    digest.absorb(nonce);
    digest.absorb(associated.size());
    digest.absorb(associated);
    digest.absorb(ciphertext);
    Tag tag{};
    digest.finish(tag);
    return tag;
  }
};

/// With the lengths of BLAKE2b.
class SimulatedHash final : public crypto::Hash {
 public:
  std::size_t hash_bytes() const override { return 64; }
  std::size_t block_bytes() const override { return 128; }

  void hash(std::initializer_list<ByteView> parts, MutableByteView out) const override {
    KITH_ASSERT(out.size() == hash_bytes());
    Digest digest(kHash);
    for (const ByteView part : parts) digest.absorb(part);
    digest.finish(out);
  }
};

class SimulatedSignatures final : public crypto::Signatures {
 public:
  SigningPublicKey public_key(const crypto::Secret<32>& seed) const override {
    return crypto::ed25519().public_key(seed);
  }

  Signature sign(const SigningKeyPair& key, std::initializer_list<ByteView> parts) const override {
    return signature_of(key.public_key, parts);
  }

  bool verify(const SigningPublicKey& key, std::initializer_list<ByteView> parts,
              const Signature& signature) const override {
    return signature_of(key, parts) == signature;
  }

 private:
  static Signature signature_of(const SigningPublicKey& key,
                                std::initializer_list<ByteView> parts) {
    Digest digest(kSignature);
    digest.absorb(key);
    for (const ByteView part : parts) digest.absorb(part);
    Signature signature{};
    digest.finish(signature);
    return signature;
  }
};

}  // namespace

const crypto::Primitives& simulated_primitives() {
  static const SimulatedDiffieHellman dh;
  static const SimulatedCipher cipher;
  static const SimulatedHash hash;
  static const SimulatedSignatures signatures;
  static const crypto::Primitives primitives{.dh = &dh,
                                             .cipher = &cipher,
                                             .hash = &hash,
                                             .signatures = &signatures,
                                             .suite_name = crypto::sodium_primitives().suite_name};
  return primitives;
}

}  // namespace kith::sim
