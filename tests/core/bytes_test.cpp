#include <kith/bytes.hpp>

#include <gtest/gtest.h>

#include <array>
#include <utility>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

TEST(Bytes, PrintsAndReadsHexadecimal) {
  EXPECT_EQ(to_hex(Bytes{0x00, 0x9f, 0xff}), "009fff");
  EXPECT_EQ(from_hex("009FfF"), (Bytes{0x00, 0x9f, 0xff}));
  EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Bytes, RefusesWhatIsNotHexadecimal) {
  for (const char* bad : {"0", "0g", "0x00", " 00", "00 ", "-1"})
    EXPECT_EQ(from_hex(bad), std::unexpected(Errc::bad_text)) << bad;
}

TEST(Bytes, PrintsBase32AsRfc4648Does) {
  constexpr std::array<std::pair<const char*, const char*>, 7> kVectors = {{
      {"", ""},
      {"f", "my"},
      {"fo", "mzxq"},
      {"foo", "mzxw6"},
      {"foob", "mzxw6yq"},
      {"fooba", "mzxw6ytb"},
      {"foobar", "mzxw6ytboi"},
  }};
  for (const auto& [plain, encoded] : kVectors) {
    EXPECT_EQ(to_base32(as_bytes(plain)), encoded);
    const auto decoded = from_base32(encoded);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(as_text(*decoded), plain);
  }
  EXPECT_EQ(from_base32("MZXW6"), from_base32("mzxw6"));
}

TEST(Bytes, RefusesBase32ThatNoBytesEncodeTo) {
  // Characters outside the alphabet, impossible lengths, and bits left over.
  for (const char* bad : {"m1", "m8", "my======", "m y", "m", "mzx", "mzxw6y", "mz", "mzxr"})
    EXPECT_EQ(from_base32(bad), std::unexpected(Errc::bad_text)) << bad;
}

TEST(Bytes, ReadsBackWhatItPrints) {
  test::for_each_seed(500, [](Random& random) {
    Bytes bytes(random.below(70));
    random.fill(bytes);
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
    EXPECT_EQ(from_base32(to_base32(bytes)), bytes);
  });
}

TEST(Bytes, HasOneBase32TextForEachValue) {
  test::for_each_seed(2000, [](Random& random) {
    constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
    std::string text(random.below(12), ' ');
    for (char& c : text) c = kDigits[random.below(kDigits.size())];
    const auto bytes = from_base32(text);
    if (bytes) {
      EXPECT_EQ(to_base32(*bytes), text);
    }
  });
}

TEST(Bytes, AppendsToTheEnd) {
  Bytes bytes = {1};
  append(bytes, Bytes{2, 3});
  EXPECT_EQ(bytes, (Bytes{1, 2, 3}));
}

}  // namespace
}  // namespace kith
