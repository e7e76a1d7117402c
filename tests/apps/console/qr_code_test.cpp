#include "apps/console/qr_code.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace kith::apps {
namespace {

using Modules = std::vector<std::vector<bool>>;

/// Which modules are dark in what was drawn, two rows a line.
Modules modules_in(std::string_view drawn) {
  Modules modules;
  std::vector<bool> upper;
  std::vector<bool> lower;
  const auto take = [&](std::string_view block) {
    if (!drawn.starts_with(block)) return false;
    drawn.remove_prefix(block.size());
    return true;
  };
  while (!drawn.empty()) {
    if (take("\n")) {
      modules.push_back(std::exchange(upper, {}));
      modules.push_back(std::exchange(lower, {}));
      continue;
    }
    const bool is_empty = take(" ");
    const bool is_lower_light = !is_empty && take("▄");
    const bool is_upper_light = !is_empty && !is_lower_light && take("▀");
    if (!is_empty && !is_lower_light && !is_upper_light && !take("█")) return {};
    upper.push_back(is_empty || is_lower_light);
    lower.push_back(is_empty || is_upper_light);
  }
  return modules;
}

/// Whether the finder pattern (ISO/IEC 18004 §6.3.3) is there: a dark ring, a light one, a dark
/// core.
bool has_finder(const Modules& modules, std::size_t row, std::size_t column) {
  for (std::size_t y = 0; y < 7; ++y) {
    for (std::size_t x = 0; x < 7; ++x) {
      const bool is_ring = y == 0 || y == 6 || x == 0 || x == 6;
      const bool is_core = y >= 2 && y <= 4 && x >= 2 && x <= 4;
      if (modules[row + y][column + x] != (is_ring || is_core)) return false;
    }
  }
  return true;
}

class QrCode : public testing::TestWithParam<std::size_t> {};

TEST_P(QrCode, HasItsPatternsAndAMargin) {
  constexpr std::size_t kMargin = 4;
  const auto drawn = qr_code("kith-ticket:" + std::string(GetParam(), 'Q'));
  ASSERT_TRUE(drawn);
  const Modules modules = modules_in(*drawn);
  ASSERT_FALSE(modules.empty());
  const std::size_t width = modules.front().size();
  // The sizes of codes are odd: the last line of blocks has a row to spare.
  ASSERT_EQ(modules.size(), width + 1);
  ASSERT_EQ((width - 2 * kMargin - 17) % 4, 0U);
  const std::size_t far = width - kMargin - 7;
  EXPECT_TRUE(has_finder(modules, kMargin, kMargin));
  EXPECT_TRUE(has_finder(modules, kMargin, far));
  EXPECT_TRUE(has_finder(modules, far, kMargin));
  for (std::size_t at = 0; at < width; ++at) {
    for (std::size_t line = 0; line < kMargin; ++line) {
      EXPECT_FALSE(modules[line][at]);
      EXPECT_FALSE(modules[width - 1 - line][at]);
      EXPECT_FALSE(modules[at][line]);
      EXPECT_FALSE(modules[at][width - 1 - line]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, QrCode, testing::Values(0, 1, 300, 500, 1000, 2036));

TEST(QrCodes, SayThatATextIsTooLong) {
  EXPECT_EQ(qr_code(std::string(3000, 'x')).error(), Errc::too_long);
  EXPECT_FALSE(qr_code(""));
}

}  // namespace
}  // namespace kith::apps
