#include "core/crypto/sodium.hpp"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::crypto {
namespace {

using boost::json::value;
using test::bytes_at;

template <class Array>
Array array_of(ByteView bytes) {
  Array array{};
  EXPECT_EQ(bytes.size(), array.size());
  std::ranges::copy(bytes, array.begin());
  return array;
}

Secret<32> secret_of(ByteView bytes) {
  Secret<32> secret;
  EXPECT_EQ(bytes.size(), 32U);
  std::ranges::copy(bytes, secret.mutable_view().begin());
  return secret;
}

Bytes from_hex_text(std::string_view text) { return from_hex(text).value(); }

Bytes hashed(const Hash& hash, std::initializer_list<ByteView> parts) {
  Bytes digest(hash.hash_bytes());
  hash.hash(parts, digest);
  return digest;
}

const Cipher& cipher_named(std::string_view name) {
  return name == "AESGCM" ? aes256_gcm() : chacha20_poly1305();
}

std::vector<const Cipher*> available_ciphers() {
  std::vector<const Cipher*> ciphers = {&chacha20_poly1305()};
  if (aes256_gcm_available()) ciphers.push_back(&aes256_gcm());
  return ciphers;
}

TEST(X25519, R78_MatchesTheKnownAnswersOfRfc7748) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("x25519").as_array()) {
    const auto shared = x25519().agree(secret_of(bytes_at(answer, "scalar")),
                                       array_of<DhPublicKey>(bytes_at(answer, "u")));
    ASSERT_TRUE(shared.has_value());
    EXPECT_EQ(to_hex(shared->view()), test::text_at(answer, "out"));
  }
}

TEST(X25519, DerivesThePublicKey) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("ed25519_to_x25519").as_array()) {
    EXPECT_EQ(to_hex(x25519().public_key(secret_of(bytes_at(answer, "x25519_sk")))),
              test::text_at(answer, "x25519_pk"));
  }
}

TEST(X25519, R34_AgreesFromBothSides) {
  test::for_each_seed(20, [](Random& random) {
    const DhKeyPair a = x25519().generate(random);
    const DhKeyPair b = x25519().generate(random);
    const auto ab = x25519().agree(a.secret, b.public_key);
    const auto ba = x25519().agree(b.secret, a.public_key);
    ASSERT_TRUE(ab && ba);
    EXPECT_TRUE(equal_constant_time(ab->view(), ba->view()));
  });
}

TEST(X25519, RefusesPointsOfLowOrder) {
  SeededRandom random(1);
  const DhKeyPair ours = x25519().generate(random);
  const value file = test::read_vectors("crypto-kat.json");
  const auto& points = file.at("x25519_low_order").as_array();
  EXPECT_EQ(points.size(), 7U);
  for (const value& point : points) {
    auto theirs = array_of<DhPublicKey>(from_hex_text(point.as_string().c_str()));
    for (const Byte top_bit : {Byte{0}, Byte{0x80}}) {
      theirs.back() ^= top_bit;
      const auto shared = x25519().agree(ours.secret, theirs);
      ASSERT_FALSE(shared.has_value()) << to_hex(theirs);
      EXPECT_EQ(shared.error(), Errc::bad_key);
    }
  }
}

TEST(Cipher, PlacesTheNumberInTheNonceAsNoiseSays) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("aead_nonce").as_array()) {
    const std::string_view name = test::text_at(answer, "cipher");
    if (name == "AESGCM" && !aes256_gcm_available()) continue;
    const Cipher& cipher = cipher_named(name);
    const CipherKey key = secret_of(bytes_at(answer, "key"));
    const std::uint64_t nonce = std::stoull(std::string(test::text_at(answer, "n")));
    const Bytes associated = bytes_at(answer, "ad");
    const Bytes plaintext = bytes_at(answer, "plaintext");
    Bytes sealed(plaintext.size() + Cipher::kTagBytes);
    cipher.seal(key, nonce, associated, plaintext, sealed);
    EXPECT_EQ(to_hex(sealed), test::text_at(answer, "ciphertext")) << name << " " << nonce;
    Bytes opened(plaintext.size());
    ASSERT_TRUE(cipher.open(key, nonce, associated, sealed, opened).has_value());
    EXPECT_EQ(opened, plaintext);
  }
}

TEST(Cipher, RefusesAnyChangedBitOtherNumberOrOtherKey) {
  for (const Cipher* cipher : available_ciphers()) {
    const CipherKey key = secret_of(Bytes(32, 1));
    const Bytes associated = {1, 2, 3};
    Bytes sealed(5 + Cipher::kTagBytes);
    cipher->seal(key, 7, associated, Bytes{5, 4, 3, 2, 1}, sealed);
    Bytes out(5);
    const auto refused = std::unexpected(Errc::decrypt_failed);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
      Bytes changed = sealed;
      changed[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
      EXPECT_EQ(cipher->open(key, 7, associated, changed, out), refused);
    }
    EXPECT_EQ(cipher->open(key, 8, associated, sealed, out), refused);
    EXPECT_EQ(cipher->open(key, 7, Bytes{1, 2, 2}, sealed, out), refused);
    EXPECT_EQ(cipher->open(key, 7, {}, sealed, out), refused);
    EXPECT_EQ(cipher->open(secret_of(Bytes(32, 2)), 7, associated, sealed, out), refused);
    EXPECT_TRUE(cipher->open(key, 7, associated, sealed, out).has_value());
  }
}

TEST(Cipher, WorksInPlace) {
  test::for_each_seed(50, [](Random& random) {
    for (const Cipher* cipher : available_ciphers()) {
      CipherKey key;
      random.fill(key.mutable_view());
      Bytes plaintext(random.below(1000));
      random.fill(plaintext);
      Bytes apart(plaintext.size() + Cipher::kTagBytes);
      cipher->seal(key, 1, {}, plaintext, apart);
      Bytes buffer = plaintext;
      buffer.resize(apart.size());
      cipher->seal(key, 1, {}, ByteView(buffer).first(plaintext.size()), buffer);
      EXPECT_EQ(buffer, apart);
      const MutableByteView out = MutableByteView(buffer).first(plaintext.size());
      ASSERT_TRUE(cipher->open(key, 1, {}, buffer, out).has_value());
      EXPECT_TRUE(std::ranges::equal(out, plaintext));
    }
  });
}

TEST(Hash, MatchesKnownAnswers) {
  // RFC 7693 appendix A, FIPS 180-2 appendix B.1.
  EXPECT_EQ(to_hex(hashed(blake2b(), {as_bytes("abc")})),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
  EXPECT_EQ(to_hex(hashed(sha256(), {as_bytes("abc")})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(blake2b_256({as_bytes("abc")}).view()),
            "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

TEST(Hash, HashesPartsAsTheirConcatenation) {
  test::for_each_seed(50, [](Random& random) {
    Bytes whole(random.below(700));
    random.fill(whole);
    const auto first = ByteView(whole).first(random.below(whole.size() + 1));
    const auto second = ByteView(whole).subspan(first.size());
    for (const Hash* hash : {&blake2b(), &sha256()}) {
      EXPECT_EQ(hashed(*hash, {first, {}, second}), hashed(*hash, {whole}));
    }
    EXPECT_EQ(blake2b_256({first, {}, second}), blake2b_256({whole}));
  });
}

struct SignatureAnswer {
  std::string_view seed;
  std::string_view public_key;
  std::string_view message;
  std::string_view signature;
};

// RFC 8032 §7.1, tests 1 to 3.
constexpr std::array kSignatures = {
    SignatureAnswer{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    SignatureAnswer{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    SignatureAnswer{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Ed25519, MatchesTheKnownAnswersOfRfc8032) {
  for (const SignatureAnswer& answer : kSignatures) {
    SigningKeyPair key;
    key.seed = secret_of(from_hex_text(answer.seed));
    key.public_key = ed25519().public_key(key.seed);
    EXPECT_EQ(to_hex(key.public_key), answer.public_key);
    const Bytes message = from_hex_text(answer.message);
    const Signature signature = ed25519().sign(key, {message});
    EXPECT_EQ(to_hex(signature), answer.signature);
    EXPECT_TRUE(ed25519().verify(key.public_key, {message}, signature));
  }
}

TEST(Ed25519, DerivesThePublicKeyFromTheSeed) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("ed25519_to_x25519").as_array()) {
    EXPECT_EQ(to_hex(ed25519().public_key(secret_of(bytes_at(answer, "seed")))),
              test::text_at(answer, "ed25519_pk"));
  }
}

TEST(Ed25519, SignsPartsAsTheirConcatenation) {
  test::for_each_seed(20, [](Random& random) {
    const SigningKeyPair key = ed25519().generate(random);
    Bytes whole(random.below(700));
    random.fill(whole);
    const auto first = ByteView(whole).first(random.below(whole.size() + 1));
    const auto second = ByteView(whole).subspan(first.size());
    const Signature signature = ed25519().sign(key, {first, second});
    EXPECT_EQ(signature, ed25519().sign(key, {whole}));
    EXPECT_TRUE(ed25519().verify(key.public_key, {{}, whole}, signature));
  });
}

TEST(Ed25519, RefusesAnyChangedBit) {
  SeededRandom random(1);
  const SigningKeyPair key = ed25519().generate(random);
  const Bytes message = {1, 2, 3};
  const Signature signature = ed25519().sign(key, {message});
  for (std::size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature changed = signature;
    changed[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
    EXPECT_FALSE(ed25519().verify(key.public_key, {message}, changed));
  }
  for (std::size_t bit = 0; bit < 8 * key.public_key.size(); ++bit) {
    SigningPublicKey changed = key.public_key;
    changed[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
    EXPECT_FALSE(ed25519().verify(changed, {message}, signature));
  }
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    Bytes changed = message;
    changed[bit / 8] ^= static_cast<Byte>(1 << bit % 8);
    EXPECT_FALSE(ed25519().verify(key.public_key, {changed}, signature));
  }
}

TEST(KeyPairs, ComeFromTheGivenRandomnessAlone) {
  SeededRandom one(42);
  SeededRandom two(42);
  EXPECT_EQ(x25519().generate(one).public_key, x25519().generate(two).public_key);
  EXPECT_EQ(ed25519().generate(one).public_key, ed25519().generate(two).public_key);
  EXPECT_EQ(one.next_u64(), two.next_u64());
}

TEST(SystemRandom, FillsEveryByteAnewEachTime) {
  SystemRandom random;
  Bytes seen(64);
  Bytes bytes(64);
  for (int i = 0; i < 64; ++i) {
    random.fill(bytes);
    for (std::size_t at = 0; at < bytes.size(); ++at) seen[at] |= bytes[at];
  }
  // Each bit stays zero with a chance of 2^-64.
  EXPECT_EQ(std::ranges::count(seen, Byte{0xff}), std::ssize(seen));
}

TEST(Sodium, MayBeAskedByManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::array<const Primitives*, 8> seen{};
  for (auto& place : seen) threads.emplace_back([&place] { place = &sodium_primitives(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::ranges::count(seen, &sodium_primitives()), std::ssize(seen));
}

}  // namespace
}  // namespace kith::crypto
