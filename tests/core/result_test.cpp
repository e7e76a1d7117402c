#include <kith/result.hpp>

#include <gtest/gtest.h>

#include <set>

namespace kith {
namespace {

TEST(Errc, EachHasItsOwnNameAndWords) {
  std::set<std::string_view> names;
  std::set<std::string_view> words;
  constexpr auto kCount = static_cast<unsigned>(Errc::shutting_down) + 1;
  for (unsigned code = 0; code < kCount; ++code) {
    names.insert(name(static_cast<Errc>(code)));
    words.insert(describe(static_cast<Errc>(code)));
  }
  EXPECT_EQ(names.size(), kCount);
  EXPECT_EQ(words.size(), kCount);
}

TEST(Errc, NamesReadAsScriptsExpect) {
  EXPECT_EQ(name(Errc::bad_text), "bad_text");
  EXPECT_EQ(name(Errc::shutting_down), "shutting_down");
  EXPECT_EQ(describe(Errc::bad_signature), "bad signature");
}

TEST(ErrcDeathTest, AForgedCodeEndsTheProgram) {
  EXPECT_DEATH(static_cast<void>(name(static_cast<Errc>(250))), "broken rule");
}

}  // namespace
}  // namespace kith
