#include "overlay/sim/crypto.hpp"

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "overlay/sim/digest.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

using crypto::Cipher;
using crypto::CipherKey;

Bytes random_bytes(Random& random, std::uint64_t most) {
  Bytes bytes(random.below(most + 1));
  random.fill(bytes);
  return bytes;
}

CipherKey random_key(Random& random) {
  CipherKey key;
  random.fill(key.mutable_view());
  return key;
}

void flip_a_bit(Bytes& bytes, Random& random) {
  bytes[random.below(bytes.size())] ^= static_cast<Byte>(1U << random.below(8));
}

TEST(Digest, DoesNotDependOnHowTheBytesAreCut) {
  test::for_each_seed(1000, [](Random& random) {
    const Bytes bytes = random_bytes(random, 100);
    Digest whole(1);
    whole.absorb(bytes);
    Digest cut(1);
    for (ByteView rest = bytes; !rest.empty();) {
      const std::size_t part = random.below(rest.size() + 1);
      cut.absorb(rest.first(part));
      rest = rest.subspan(part);
    }
    std::array<Byte, 64> a{};
    std::array<Byte, 64> b{};
    whole.finish(a);
    cut.finish(b);
    ASSERT_EQ(a, b);
  });
}

TEST(Digest, TellsApartBytesThatDifferInTrailingZeros) {
  Digest shorter(1);
  shorter.absorb(Bytes(3));
  Digest longer(1);
  longer.absorb(Bytes(4));
  std::array<Byte, 16> a{};
  std::array<Byte, 16> b{};
  shorter.finish(a);
  longer.finish(b);
  EXPECT_NE(a, b);
}

TEST(SimulatedDiffieHellman, AgreesForBothSidesAndNobodyElse) {
  test::for_each_seed(100, [](Random& random) {
    const auto& dh = *simulated_primitives().dh;
    const auto a = dh.generate(random);
    const auto b = dh.generate(random);
    const auto c = dh.generate(random);
    const auto ab = dh.agree(a.secret, b.public_key).value();
    const auto ba = dh.agree(b.secret, a.public_key).value();
    const auto cb = dh.agree(c.secret, b.public_key).value();
    ASSERT_TRUE(crypto::equal_constant_time(ab.view(), ba.view()));
    ASSERT_FALSE(crypto::equal_constant_time(ab.view(), cb.view()));
  });
}

TEST(SimulatedDiffieHellman, RefusesTheZeroKey) {
  SeededRandom random(1);
  const auto& dh = *simulated_primitives().dh;
  const auto pair = dh.generate(random);
  EXPECT_EQ(dh.agree(pair.secret, {}).error(), Errc::bad_key);
}

TEST(SimulatedCipher, OpensWhatItSealedInPlaceAndOut) {
  test::for_each_seed(1000, [](Random& random) {
    const Cipher& cipher = *simulated_primitives().cipher;
    const CipherKey key = random_key(random);
    const Bytes plaintext = random_bytes(random, 300);
    Bytes sealed(plaintext);
    sealed.resize(plaintext.size() + Cipher::kTagBytes);
    cipher.seal(key, 5, {}, ByteView(sealed).first(plaintext.size()), sealed);
    Bytes opened(plaintext.size());
    ASSERT_TRUE(cipher.open(key, 5, {}, sealed, opened));
    ASSERT_EQ(opened, plaintext);
  });
}

TEST(SimulatedCipher, RefusesEveryFlippedBit) {
  test::for_each_seed(1000, [](Random& random) {
    const Cipher& cipher = *simulated_primitives().cipher;
    const CipherKey key = random_key(random);
    const Bytes plaintext = random_bytes(random, 300);
    Bytes associated = random_bytes(random, 20);
    Bytes sealed(plaintext.size() + Cipher::kTagBytes);
    cipher.seal(key, 5, associated, plaintext, sealed);
    if (!associated.empty() && random.below(2) == 0) {
      flip_a_bit(associated, random);
    } else {
      flip_a_bit(sealed, random);
    }
    Bytes opened(plaintext.size());
    ASSERT_FALSE(cipher.open(key, 5, associated, sealed, opened));
  });
}

TEST(SimulatedCipher, RefusesAnotherNonceOrKey) {
  SeededRandom random(1);
  const Cipher& cipher = *simulated_primitives().cipher;
  const CipherKey key = random_key(random);
  const Bytes plaintext(40);
  Bytes sealed(plaintext.size() + Cipher::kTagBytes);
  cipher.seal(key, 5, {}, plaintext, sealed);
  Bytes opened(plaintext.size());
  EXPECT_FALSE(cipher.open(key, 6, {}, sealed, opened));
  EXPECT_FALSE(cipher.open(random_key(random), 5, {}, sealed, opened));
}

TEST(SimulatedCipher, MakesANewKeyWhenItSealsZeros) {
  SeededRandom random(1);
  const Cipher& cipher = *simulated_primitives().cipher;
  const Bytes zeros(32);
  Bytes first(48);
  Bytes second(48);
  cipher.seal(random_key(random), ~std::uint64_t{0}, {}, zeros, first);
  cipher.seal(random_key(random), ~std::uint64_t{0}, {}, zeros, second);
  first.resize(32);
  second.resize(32);
  EXPECT_NE(first, zeros);
  EXPECT_NE(first, second);
}

TEST(SimulatedSignatures, VerifyForTheSignerAndTheVeryBytes) {
  test::for_each_seed(100, [](Random& random) {
    const auto& signatures = *simulated_primitives().signatures;
    const auto key = signatures.generate(random);
    const auto other = signatures.generate(random);
    Bytes statement = random_bytes(random, 100);
    statement.push_back(0);
    auto signature = signatures.sign(key, {as_bytes("domain"), statement});
    ASSERT_TRUE(signatures.verify(key.public_key, {as_bytes("domain"), statement}, signature));
    ASSERT_FALSE(signatures.verify(other.public_key, {as_bytes("domain"), statement}, signature));
    flip_a_bit(statement, random);
    ASSERT_FALSE(signatures.verify(key.public_key, {as_bytes("domain"), statement}, signature));
  });
}

TEST(SimulatedSignatures, GiveANodeItsRealPublicKey) {
  crypto::Secret<32> seed;
  SeededRandom(1).fill(seed.mutable_view());
  EXPECT_EQ(simulated_primitives().signatures->public_key(seed),
            crypto::ed25519().public_key(seed));
}

TEST(SimulatedHash, HasTheLengthsOfTheRealOne) {
  const auto& simulated = *simulated_primitives().hash;
  const auto& real = *crypto::sodium_primitives().hash;
  EXPECT_EQ(simulated.hash_bytes(), real.hash_bytes());
  EXPECT_EQ(simulated.block_bytes(), real.block_bytes());
}

}  // namespace
}  // namespace kith::sim
