#include "core/base64url.hpp"

#include <array>
#include <utility>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

TEST(Base64url, PrintsAsRfc4648Does) {
  constexpr std::array<std::pair<const char*, const char*>, 8> kVectors = {{
      {"", ""},
      {"f", "Zg"},
      {"fo", "Zm8"},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg"},
      {"fooba", "Zm9vYmE"},
      {"foobar", "Zm9vYmFy"},
      {"~~~???", "fn5-Pz8_"},
  }};
  for (const auto& [plain, encoded] : kVectors) {
    EXPECT_EQ(to_base64url(as_bytes(plain)), encoded);
    const auto decoded = from_base64url(encoded);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(as_text(*decoded), plain);
  }
}

TEST(Base64url, RefusesWhatNoBytesEncodeTo) {
  // Characters of another alphabet, padding, white space, impossible lengths, and bits left over.
  for (const char* bad : {"fn5+", "Pz8/", "Zg==", "Z g", "Zm9v\n", "Z", "Zm9vZ", "Zh", "Zm9"})
    EXPECT_EQ(from_base64url(bad), std::unexpected(Errc::bad_text)) << bad;
}

TEST(Base64url, HasOneTextForEachValue) {
  test::for_each_seed(2000, [](Random& random) {
    Bytes bytes(random.below(70));
    random.fill(bytes);
    EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);

    constexpr std::string_view kDigits = "ABCXYZabcxyz0189-_";
    std::string text(random.below(12), ' ');
    for (char& c : text) c = kDigits[random.below(kDigits.size())];
    if (const auto read = from_base64url(text)) {
      EXPECT_EQ(to_base64url(*read), text);
    }
  });
}

}  // namespace
}  // namespace kith
