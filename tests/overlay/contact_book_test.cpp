#include "overlay/contact_book.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/village.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using kith::test::for_each_seed;
using test::at;

/// Counts how often a signature is looked at.
class CountingSignatures final : public crypto::Signatures {
 public:
  crypto::SigningPublicKey public_key(const crypto::Secret<32>& seed) const override {
    return crypto::ed25519().public_key(seed);
  }
  crypto::Signature sign(const crypto::SigningKeyPair& key,
                         std::initializer_list<ByteView> parts) const override {
    return crypto::ed25519().sign(key, parts);
  }
  bool verify(const crypto::SigningPublicKey& key, std::initializer_list<ByteView> parts,
              const crypto::Signature& signature) const override {
    ++verified;
    return crypto::ed25519().verify(key, parts, signature);
  }

  mutable int verified = 0;
};

Bytes bytes_of(const NodeToken& token) {
  return {token.token.raw().begin(), token.token.raw().end()};
}

class ContactBookTest : public testing::Test {
 protected:
  Result<ContactIndex> learn(ByteView token, Duration after = 0s) {
    return book.learn(token, Fingerprint{}, signatures, at(after).wall);
  }

  test::Village village;
  CountingSignatures signatures;
  ContactBook book{SipKey{}};
};

TEST_F(ContactBookTest, VerifiesEachTokenOnce) {
  std::vector<Bytes> tokens;
  for (std::uint16_t i = 2; i < 30; ++i)
    tokens.push_back(bytes_of(village.book.token(village.issue(i))));
  std::vector<ContactIndex> contacts;
  for (const Bytes& token : tokens) contacts.push_back(learn(token).value());
  EXPECT_EQ(signatures.verified, 28);
  for (std::size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(learn(tokens[i]), contacts[i]);
  // Of a few the place is taken by others, by whose hash they are looked for.
  EXPECT_LT(signatures.verified, 28 + 14);
}

TEST_F(ContactBookTest, TakesTheNewerOfTwoTokensInEitherOrder) {
  const ContactIndex there = village.issue(5);
  const Bytes older = bytes_of(village.book.token(there));
  const Bytes newer = bytes_of(village.renewed(there, 1h));
  const ContactIndex contact = learn(older).value();
  for (const Bytes& token : {newer, older, newer}) {
    EXPECT_EQ(learn(token, 1h), contact);
    EXPECT_EQ(bytes_of(book.token(contact)), newer);
  }
}

TEST_F(ContactBookTest, DoesNotTakeWhatItKnowsForAnotherRealmOrTooLate) {
  const Bytes token = bytes_of(village.book.token(village.issue(5)));
  ASSERT_TRUE(learn(token));
  const Fingerprint realm(std::array<Byte, Fingerprint::kBytes>{7});
  EXPECT_EQ(book.learn(token, realm, signatures, at(0s).wall), std::unexpected(Errc::wrong_realm));
  EXPECT_FALSE(learn(token, 24h * 366));
}

TEST_F(ContactBookTest, VerifiesAgainWhatItForgot) {
  const Bytes token = bytes_of(village.book.token(village.issue(5)));
  ASSERT_TRUE(learn(token));
  book.retain({});
  EXPECT_EQ(book.size(), 0U);
  ASSERT_TRUE(learn(token));
  EXPECT_EQ(signatures.verified, 2);
}

TEST_F(ContactBookTest, KnowsNoTokenByWhatIsChangedInIt) {
  Bytes token = bytes_of(village.book.token(village.issue(5)));
  ASSERT_TRUE(learn(token));
  token.back() ^= 1;
  EXPECT_FALSE(learn(token));
}

TEST(ContactBook, ForgetsEverybodyButThoseInUse) {
  for_each_seed(20, [](Random& random) {
    test::Village village;
    ContactBook& book = village.book;
    std::vector<ContactIndex> used{village.self};
    std::vector<Fingerprint> kept{village.id(village.self)};
    std::vector<Fingerprint> forgotten;
    for (std::uint16_t i = 2; i < 60; ++i) {
      const ContactIndex contact = village.issue(i);
      const bool is_used = random.below(2) == 0;
      if (is_used) used.push_back(contact);
      (is_used ? kept : forgotten).push_back(book.id(contact));
    }
    std::ranges::sort(used);
    book.retain(used);
    EXPECT_EQ(book.size(), used.size());
    for (const Fingerprint& node : forgotten) EXPECT_FALSE(book.find(node));
    for (const Fingerprint& node : kept) {
      ASSERT_TRUE(book.find(node));
      EXPECT_EQ(book.token(*book.find(node)).fingerprint(), node);
    }
  });
}

TEST(ContactBook, IsNotWorthSweepingAgainAsLongAsMostOfItIsInUse) {
  test::Village village;
  ContactBook& book = village.book;
  std::vector<ContactIndex> used{village.self};
  while (!book.is_worth_sweeping())
    used.push_back(village.issue(static_cast<std::uint16_t>(used.size() + 1)));
  std::ranges::sort(used);
  book.retain(used);
  EXPECT_EQ(book.size(), used.size());
  EXPECT_FALSE(book.is_worth_sweeping());
  village.issue(static_cast<std::uint16_t>(used.size() + 1));
  EXPECT_FALSE(book.is_worth_sweeping());
}

TEST(ContactBook, GivesTheNumbersOfTheForgottenToOthers) {
  test::Village village;
  const ContactIndex gone = village.issue(2);
  village.book.retain(std::vector{village.self});
  const ContactIndex newcomer = village.issue(3);
  EXPECT_EQ(newcomer, gone);
  EXPECT_EQ(village.book.token(newcomer).fingerprint(), village.id(newcomer));
  EXPECT_EQ(village.book.endpoint(newcomer), Endpoint::v4({10, 0, 3, 1}, 3141));
}

}  // namespace
}  // namespace kith::overlay
