#include "apps/console/qr_code.hpp"

#include <algorithm>
#include <optional>
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

/// Whether all that surrounds a code is light.
bool has_margin(const Modules& modules, std::size_t margin) {
  const std::size_t width = modules.front().size();
  for (std::size_t at = 0; at < width; ++at) {
    for (std::size_t line = 0; line < margin; ++line) {
      if (modules[line][at] || modules[width - 1 - line][at]) return false;
      if (modules[at][line] || modules[at][width - 1 - line]) return false;
    }
  }
  return true;
}

class QrCodeOf : public testing::TestWithParam<std::size_t> {
 protected:
  const std::string text_ = "kith-ticket:" + std::string(GetParam(), 'Q');

  void expect_drawn(std::optional<int> columns, std::size_t margin) const {
    const auto code = qr_code(text_, columns);
    ASSERT_TRUE(code);
    const Modules modules = modules_in(code->lines);
    ASSERT_FALSE(modules.empty());
    const std::size_t width = modules.front().size();
    // The sizes of codes are odd: the last line of blocks has a row to spare.
    ASSERT_EQ(modules.size(), width + 1);
    ASSERT_EQ((width - 2 * margin - 17) % 4, 0U);
    const std::size_t far = width - margin - 7;
    EXPECT_TRUE(has_finder(modules, margin, margin));
    EXPECT_TRUE(has_finder(modules, margin, far));
    EXPECT_TRUE(has_finder(modules, far, margin));
    EXPECT_TRUE(has_margin(modules, margin));
    EXPECT_LE(width, static_cast<std::size_t>(columns.value_or(1000)));
  }
};

TEST_P(QrCodeOf, HasItsPatternsAndAMargin) { expect_drawn(std::nullopt, 4); }

TEST_P(QrCodeOf, HasLessAroundItWhereThereIsLessRoom) {
  const int least = qr_code(text_, std::nullopt)->columns_min;
  for (const int more : {0, 1, 2, 3, 4, 5, 6, 7, 100})
    expect_drawn(least + more, std::min<std::size_t>(4, 1 + static_cast<std::size_t>(more) / 2));
}

TEST_P(QrCodeOf, IsNotDrawnWhereThereIsNoRoom) {
  const int least = qr_code(text_, std::nullopt)->columns_min;
  for (const int columns : {0, 1, least - 1}) {
    const auto code = qr_code(text_, columns);
    ASSERT_TRUE(code);
    EXPECT_EQ(code->lines, "");
    EXPECT_EQ(code->columns_min, least);
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, QrCodeOf, testing::Values(0, 1, 300, 500, 1000, 2036));

TEST(QrCodes, SayThatATextIsTooLong) {
  EXPECT_EQ(qr_code(std::string(3000, 'x'), {}).error(), Errc::too_long);
  EXPECT_FALSE(qr_code("", {}));
}

}  // namespace
}  // namespace kith::apps
