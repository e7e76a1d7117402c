#include "core/noise/symmetric_state.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/support/bytes_of.hpp"

namespace kith::noise {
namespace {

using kith::test::bytes_of;

SymmetricState symmetric_state(std::string_view name,
                               const crypto::Hash& hash = crypto::blake2b()) {
  return SymmetricState(crypto::chacha20_poly1305(), hash, name);
}

Bytes hashed(const crypto::Hash& hash, std::initializer_list<ByteView> parts) {
  Bytes digest(hash.hash_bytes());
  hash.hash(parts, digest);
  return digest;
}

Bytes sealed(SymmetricState& state, ByteView plaintext) {
  Bytes out(plaintext.size() + state.tag_bytes());
  EXPECT_TRUE(state.encrypt_and_hash(plaintext, out).has_value());
  return out;
}

/// What MixKey makes of the first two outputs of HKDF; a second opinion.
struct MixedKey {
  MixedKey(ByteView chaining_key, ByteView input) {
    hkdf(crypto::blake2b(), chaining_key, input, {&next_chaining_key, &output});
    std::ranges::copy(output.view().first(32), key.mutable_view().begin());
  }

  HkdfOutput next_chaining_key;
  HkdfOutput output;
  crypto::CipherKey key;
};

TEST(SymmetricState, PadsANameThatFitsAndHashesALongerOne) {
  for (const crypto::Hash* hash : {&crypto::blake2b(), &crypto::sha256()}) {
    const std::size_t length = hash->hash_bytes();
    const std::string shorter(length - 1, 'n');
    const std::string equal(length, 'n');
    const std::string longer(length + 1, 'n');
    Bytes padded = bytes_of(as_bytes(shorter));
    padded.push_back(0);
    EXPECT_EQ(bytes_of(symmetric_state(shorter, *hash).hash()), padded);
    EXPECT_EQ(bytes_of(symmetric_state(equal, *hash).hash()), bytes_of(as_bytes(equal)));
    EXPECT_EQ(bytes_of(symmetric_state(longer, *hash).hash()), hashed(*hash, {as_bytes(longer)}));
  }
}

TEST(SymmetricState, PassesPlaintextThroughUntilTheFirstMixKey) {
  SymmetricState state = symmetric_state("name");
  EXPECT_FALSE(state.has_key());
  state.mix_hash(as_bytes("prologue"));
  EXPECT_FALSE(state.has_key());
  EXPECT_EQ(as_text(sealed(state, as_bytes("clear"))), "clear");
  state.mix_key(Bytes(32, 1));
  EXPECT_TRUE(state.has_key());
  EXPECT_EQ(sealed(state, as_bytes("secret")).size(), 6U + 16U);
}

TEST(SymmetricState, HashesWhatItSends) {
  SymmetricState state = symmetric_state("name");
  const Bytes before = bytes_of(state.hash());
  EXPECT_TRUE(sealed(state, as_bytes("clear")).size() == 5);
  EXPECT_EQ(bytes_of(state.hash()), hashed(crypto::blake2b(), {before, as_bytes("clear")}));
  state.mix_key(Bytes(32, 1));
  const Bytes keyed = bytes_of(state.hash());
  const Bytes ciphertext = sealed(state, as_bytes("secret"));
  EXPECT_EQ(bytes_of(state.hash()), hashed(crypto::blake2b(), {keyed, ciphertext}));
}

TEST(SymmetricState, MixKeyTakes32BytesOfTheOutputAndBeginsAtNumberZero) {
  SymmetricState state = symmetric_state("name");
  const MixedKey first(state.hash(), Bytes(32, 1));  // ck is h at first.
  state.mix_key(Bytes(32, 1));
  EXPECT_EQ(sealed(state, as_bytes("number zero")).size(), 27U);
  EXPECT_EQ(sealed(state, as_bytes("number one")).size(), 26U);
  const MixedKey second(first.next_chaining_key.view(), Bytes(32, 2));
  state.mix_key(Bytes(32, 2));
  Bytes expected(5 + 16);
  crypto::chacha20_poly1305().seal(second.key, 0, state.hash(), as_bytes("reset"), expected);
  EXPECT_EQ(sealed(state, as_bytes("reset")), expected);
}

TEST(SymmetricState, MixKeyAndHashMixesBoth) {
  SymmetricState state = symmetric_state("name");
  const Bytes start = bytes_of(state.hash());
  HkdfOutput chaining_key, for_hash, output;
  hkdf(crypto::blake2b(), start, Bytes(32, 1), {&chaining_key, &for_hash, &output});
  state.mix_key_and_hash(Bytes(32, 1));
  EXPECT_EQ(bytes_of(state.hash()), hashed(crypto::blake2b(), {start, for_hash.view()}));
  crypto::CipherKey key;
  std::ranges::copy(output.view().first(32), key.mutable_view().begin());
  Bytes expected(3 + 16);
  crypto::chacha20_poly1305().seal(key, 0, state.hash(), as_bytes("psk"), expected);
  EXPECT_EQ(sealed(state, as_bytes("psk")), expected);
}

TEST(SymmetricState, RefusesACiphertextThatBelongsToAnotherHash) {
  SymmetricState sender = symmetric_state("name");
  SymmetricState receiver = symmetric_state("name");
  receiver.mix_hash(as_bytes("something the sender did not see"));
  sender.mix_key(Bytes(32, 1));
  receiver.mix_key(Bytes(32, 1));
  const Bytes ciphertext = sealed(sender, as_bytes("secret"));
  Bytes out(6);
  EXPECT_EQ(receiver.decrypt_and_hash(ciphertext, out), std::unexpected(Errc::decrypt_failed));
}

TEST(SymmetricState, IsZeroAfterItWasWiped) {
  SymmetricState state = symmetric_state("name");
  state.mix_key(Bytes(32, 1));
  state.wipe();
  EXPECT_FALSE(state.has_key());
  EXPECT_EQ(bytes_of(state.hash()), Bytes(64));
}

}  // namespace
}  // namespace kith::noise
