#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "core/crypto/sodium.hpp"
#include "tests/support/for_each_seed.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::crypto {
namespace {

using boost::json::value;
using test::size_at;

Bytes random_bytes(Random& random, std::size_t count) {
  Bytes bytes(count);
  random.fill(bytes);
  return bytes;
}

TEST(Padding, MatchesTheKnownAnswers) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& answer : file.at("iso7816_4").as_array()) {
    const Bytes data(size_at(answer, "unpadded_len"), 0x33);
    Bytes padded = data;
    pad(padded, size_at(answer, "block"));
    ASSERT_EQ(padded.size(), size_at(answer, "padded_len"));
    ASSERT_EQ(padded.size() - data.size(), size_at(answer, "pad_len"));
    const Bytes padding(padded.begin() + static_cast<std::ptrdiff_t>(data.size()), padded.end());
    if (!answer.at("pad_hex").is_null()) {
      EXPECT_EQ(to_hex(padding), test::text_at(answer, "pad_hex"));
    }
    EXPECT_EQ(padding.front(), 0x80);
    EXPECT_EQ(std::ranges::count(padding, Byte{0}), std::ssize(padding) - 1);
    EXPECT_EQ(unpadded_bytes(padded), data.size());
  }
}

TEST(Padding, IsFoundAgainWhateverItsBlockAndTheDataWere) {
  test::for_each_seed(500, [](Random& random) {
    const std::size_t block = 1 + random.below(600);
    Bytes bytes = random_bytes(random, random.below(1200));
    // Data that looks like padding must not confuse the search.
    if (random.below(2) == 0 && !bytes.empty()) bytes.back() = 0x80;
    if (random.below(2) == 0) bytes.insert(bytes.end(), random.below(300), 0);
    const std::size_t length = bytes.size();
    const Bytes data = bytes;
    pad(bytes, block);
    EXPECT_EQ(bytes.size() % block, 0U);
    EXPECT_GT(bytes.size(), length);
    EXPECT_LE(bytes.size(), length + block);
    EXPECT_EQ(unpadded_bytes(bytes), length);
    bytes.resize(length);
    EXPECT_EQ(bytes, data);
  });
}

/// The plainest search there is.
Result<std::size_t> unpadded_naively(ByteView bytes) {
  std::size_t end = bytes.size();
  while (end > 0 && bytes[end - 1] == 0) --end;
  if (end == 0 || bytes[end - 1] != 0x80) return std::unexpected(Errc::bad_padding);
  return end - 1;
}

TEST(Padding, IsFoundWhereTheNaiveSearchFindsIt) {
  test::for_each_seed(2000, [](Random& random) {
    constexpr std::array<Byte, 4> kBytes = {0x00, 0x80, 0x01, 0xff};
    Bytes bytes(random.below(40));
    for (Byte& byte : bytes) byte = kBytes[random.below(kBytes.size())];
    std::fill_n(bytes.rbegin(), random.below(bytes.size() + 1), Byte{0});
    EXPECT_EQ(unpadded_bytes(bytes), unpadded_naively(bytes)) << to_hex(bytes);
  });
}

TEST(Padding, IsRefusedWhereThereIsNone) {
  const std::initializer_list<Bytes> unpadded = {
      {}, {0}, {1}, {0, 0, 0, 0}, {0x80, 1}, {0x80, 0, 0, 1, 0}, {0x81}, {0x80, 0x40, 0, 0},
  };
  for (const Bytes& bytes : unpadded) {
    SCOPED_TRACE(to_hex(bytes));
    EXPECT_EQ(unpadded_bytes(bytes), std::unexpected(Errc::bad_padding));
  }
  EXPECT_EQ(unpadded_bytes(Bytes(65280, 0)), std::unexpected(Errc::bad_padding));
}

TEST(Padding, MayBeTheWholeInput) {
  Bytes bytes;
  pad(bytes, 256);
  EXPECT_EQ(bytes.size(), 256U);
  EXPECT_EQ(unpadded_bytes(bytes), 0U);
}

TEST(Padding, IsOneMarkAndZerosAndNothingElse) {
  Bytes padded = {1, 2, 3};
  pad(padded, 64);
  for (std::size_t i = 3; i < padded.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = padded;
      changed[i] ^= static_cast<Byte>(1 << bit);
      // A second mark further on only moves the end of the data.
      const bool is_mark = i > 3 && changed[i] == 0x80;
      const auto expected = is_mark ? Result<std::size_t>(i) : std::unexpected(Errc::bad_padding);
      EXPECT_EQ(unpadded_bytes(changed), expected);
    }
  }
}

TEST(Padme, MatchesTheKnownAnswers) {
  const value file = test::read_vectors("crypto-kat.json");
  for (const value& pair : file.at("padme").as_array()) {
    EXPECT_EQ(padme(pair.at(0).to_number<std::size_t>()), pair.at(1).to_number<std::size_t>());
  }
}

TEST(Padme, AddsAtMostTwelvePerCentAndKeepsTheOrder) {
  for (std::size_t bytes = 1; bytes < 100'000; ++bytes) {
    ASSERT_GE(padme(bytes), bytes);
    ASSERT_LE(padme(bytes) * 100, bytes * 112);
    ASSERT_GE(padme(bytes), padme(bytes - 1));
    ASSERT_EQ(padme(padme(bytes)), padme(bytes));
  }
}

}  // namespace
}  // namespace kith::crypto
