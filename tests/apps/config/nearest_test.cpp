#include "apps/config/nearest.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace kith::apps {
namespace {

constexpr std::array<std::string_view, 4> kKnown{"listen", "join", "log-level", "key"};

TEST(EditDistance, CountsWhatMustBeChanged) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("listen", "lisen"), 1U);
  EXPECT_EQ(edit_distance("join", "jion"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistance, IsSymmetric) {
  for (const std::string_view a : kKnown)
    for (const std::string_view b : kKnown) EXPECT_EQ(edit_distance(a, b), edit_distance(b, a));
}

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("lisen", kKnown), "listen");
  EXPECT_EQ(nearest("jion", kKnown), "join");
  EXPECT_EQ(nearest("loglevel", kKnown), "log-level");
}

TEST(Nearest, TakesSwappedLettersForTheSlip) {
  constexpr std::array<std::string_view, 3> kNames{"--json", "--join", "--jobs"};
  EXPECT_EQ(nearest("--jion", kNames), "--join");
  EXPECT_EQ(nearest("--jsno", kNames), "--json");
  EXPECT_EQ(nearest("--jison", kNames), "--json");
}

TEST(Nearest, FindsNothingLikeNonsense) {
  EXPECT_EQ(nearest("zzzzzzzz", kKnown), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'l'), kKnown), std::nullopt);
  EXPECT_EQ(nearest("listen", {}), std::nullopt);
}

}  // namespace
}  // namespace kith::apps
