#include "core/noise/cipher_state.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/support/for_each_seed.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::noise {
namespace {

using boost::json::value;
using crypto::Cipher;

static_assert(sizeof(CipherState) <= 48, "a session keeps two, a simulator a million of sessions");

CipherState cipher_state(ByteView key, const Cipher& cipher = crypto::chacha20_poly1305()) {
  crypto::CipherKey secret;
  std::ranges::copy(key, secret.mutable_view().begin());
  return CipherState(cipher, std::move(secret));
}

CipherState cipher_state() { return cipher_state(Bytes(32, 3)); }

Result<Bytes> sealed(CipherState& state, ByteView plaintext) {
  Bytes out(plaintext.size() + Cipher::kTagBytes);
  if (auto done = state.encrypt({}, plaintext, out); !done) return std::unexpected(done.error());
  return out;
}

Result<Bytes> opened(CipherState& state, ByteView ciphertext) {
  Bytes out(ciphertext.size() - Cipher::kTagBytes);
  if (auto done = state.decrypt({}, ciphertext, out); !done) return std::unexpected(done.error());
  return out;
}

TEST(CipherState, NumbersItsMessages) {
  CipherState sender = cipher_state();
  CipherState receiver = cipher_state();
  const Bytes first = *sealed(sender, as_bytes("again"));
  const Bytes second = *sealed(sender, as_bytes("again"));
  EXPECT_NE(first, second);
  EXPECT_EQ(sender.nonce(), 2U);
  EXPECT_EQ(as_text(*opened(receiver, first)), "again");
  EXPECT_EQ(as_text(*opened(receiver, second)), "again");
}

TEST(CipherState, RefusesAReplayAndAGap) {
  CipherState sender = cipher_state();
  const Bytes first = *sealed(sender, as_bytes("a"));
  const Bytes second = *sealed(sender, as_bytes("b"));
  CipherState receiver = cipher_state();
  EXPECT_EQ(opened(receiver, second), std::unexpected(Errc::decrypt_failed));
  EXPECT_TRUE(opened(receiver, first).has_value());
  EXPECT_EQ(opened(receiver, first), std::unexpected(Errc::decrypt_failed));
}

TEST(CipherState, StaysAtItsNumberWhenAMessageDoesNotOpen) {
  CipherState sender = cipher_state();
  CipherState receiver = cipher_state();
  const Bytes good = *sealed(sender, as_bytes("hello"));
  Bytes bad = good;
  bad.front() ^= 1;
  EXPECT_EQ(opened(receiver, bad), std::unexpected(Errc::decrypt_failed));
  EXPECT_EQ(receiver.nonce(), 0U);
  EXPECT_EQ(as_text(*opened(receiver, good)), "hello");
}

TEST(CipherState, RefusesWhatIsShorterThanATag) {
  CipherState receiver = cipher_state();
  for (std::size_t length = 0; length < Cipher::kTagBytes; ++length) {
    EXPECT_EQ(receiver.decrypt({}, Bytes(length), {}), std::unexpected(Errc::decrypt_failed));
  }
  EXPECT_EQ(receiver.nonce(), 0U);
}

TEST(CipherState, UsesTheLastNumberButNeverTheReservedOne) {
  CipherState sender = cipher_state();
  CipherState receiver = cipher_state();
  sender.set_nonce(CipherState::kReservedNonce - 1);
  receiver.set_nonce(CipherState::kReservedNonce - 1);
  const auto last = sealed(sender, as_bytes("last"));
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(as_text(opened(receiver, *last).value()), "last");
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(sealed(sender, as_bytes("more")), std::unexpected(Errc::exhausted));
    EXPECT_EQ(opened(receiver, *last), std::unexpected(Errc::exhausted));
  }
  EXPECT_EQ(sender.nonce(), CipherState::kReservedNonce);
}

TEST(CipherState, NeitherSealsNorOpensMoreThan65535Bytes) {
  CipherState sender = cipher_state();
  CipherState receiver = cipher_state();
  EXPECT_EQ(sealed(sender, Bytes(65520)), std::unexpected(Errc::too_long));
  EXPECT_EQ(opened(receiver, Bytes(65536)), std::unexpected(Errc::too_long));
  EXPECT_EQ(opened(receiver, sealed(sender, Bytes(65519, 1)).value()), Bytes(65519, 1));
}

TEST(CipherState, RekeysLikeTheKnownAnswers) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("rekey").as_array()) {
    const bool aes = test::text_at(answer, "cipher") == "AESGCM";
    if (aes && !crypto::aes256_gcm_available()) continue;
    const Cipher& cipher = aes ? crypto::aes256_gcm() : crypto::chacha20_poly1305();
    CipherState state = cipher_state(test::bytes_at(answer, "key"), cipher);
    for (const char* after : {"after_1", "after_2", "after_3"}) {
      state.rekey();
      CipherState expected = cipher_state(test::bytes_at(answer, after), cipher);
      expected.set_nonce(state.nonce());
      EXPECT_EQ(sealed(state, as_bytes("kith")), sealed(expected, as_bytes("kith")));
    }
  }
}

TEST(CipherState, KeepsItsNumberWhenItIsRekeyed) {
  CipherState sender = cipher_state();
  ASSERT_TRUE(sealed(sender, as_bytes("one")).has_value());
  sender.rekey();
  EXPECT_EQ(sender.nonce(), 1U);
}

TEST(CipherState, OpensAcrossARekeyingAtTheSameMessageOnly) {
  test::for_each_seed(20, [](Random& random) {
    const std::uint64_t count = 2 + random.below(20);
    const std::uint64_t boundary = 1 + random.below(count - 1);
    CipherState sender = cipher_state();
    CipherState receiver = cipher_state();
    CipherState late = cipher_state();
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i == boundary) sender.rekey();
      if (i == boundary) receiver.rekey();
      const Bytes message = *sealed(sender, as_bytes("message"));
      EXPECT_TRUE(opened(receiver, message).has_value());
      EXPECT_EQ(opened(late, message).has_value(), i < boundary);
    }
  });
}

}  // namespace
}  // namespace kith::noise
