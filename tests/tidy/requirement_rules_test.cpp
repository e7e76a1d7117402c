#include "tests/tidy/requirement_rules.hpp"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MATCHER_P(Says, part, "") { return arg.what.find(part) != std::string::npos; }

/// A tree with a row and a test for each requirement.
struct House {
  House() {
    for (int i = 1; i <= kRequirements; ++i) {
      const std::string number = std::to_string(i);
      page += "| R" + number + " | what | 4.2 | `core/x.cpp` | Suite.Test" + number + " |\n";
      tests += "TEST(Suite, R" + number + "_Test" + number + ") {}\n";
    }
  }

  [[nodiscard]] Findings findings() const {
    const Tree tree{.files = {{"core/x.cpp", "\n"},
                              {"docs/protocol.md", page},
                              {"tests/interop/x_test.py", python},
                              {"tests/x_test.cpp", tests}},
                    .top_level = {}};
    Findings found;
    check_requirements(tree, found);
    return found;
  }

  /// Replaces the one place where `text` holds `old`.
  static void change(std::string& text, std::string_view old, std::string_view now) {
    const auto at = text.find(old);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, old.size(), now);
  }

  std::string page = "| | what | § | done in | shown by |\n| --- | --- | --- | --- | --- |\n";
  std::string tests;
  std::string python;
};

TEST(Requirements, AreSoundWithARowAndATestEach) { EXPECT_THAT(House().findings(), IsEmpty()); }

TEST(Requirements, AreMissedOnePlaceAtATime) {
  for (int i = 1; i <= kRequirements; ++i) {
    House house;
    const auto at = house.page.find("| R" + std::to_string(i) + " |");
    house.page.erase(at, house.page.find('\n', at) + 1 - at);
    EXPECT_THAT(house.findings(), ElementsAre(Says("0 rows for R" + std::to_string(i)))) << i;
  }
}

TEST(Requirements, HaveOneRowEach) {
  House house;
  house.page += "| R7 | what | 4.2 | `core/x.cpp` | Suite.Test7 |\n";
  EXPECT_THAT(house.findings(), ElementsAre(Says("2 rows for R7")));
}

TEST(Requirements, EndAtTheLast) {
  House house;
  house.page += "| R79 | what | 4.2 | `core/x.cpp` | Suite.Test79 |\n";
  house.tests += "TEST(Suite, R79_Test79) {}\n";
  EXPECT_THAT(house.findings(), ElementsAre(Says("beyond the last")));
}

TEST(Requirements, NameTestsThatAreThere) {
  House house;
  House::change(house.tests, "R5_Test5", "R5_Other");
  EXPECT_THAT(house.findings(),
              ElementsAre(Says("Suite.Test5, which is not there"), Says("bears the number")));
}

TEST(Requirements, HaveATestNamedAfterThem) {
  House house;
  House::change(house.tests, "R5_Test5", "R6_Test5");
  EXPECT_THAT(house.findings(), ElementsAre(Says("bears the number")));
}

TEST(Requirements, NameFilesThatAreThere) {
  House house;
  House::change(house.page, "`core/x.cpp` | Suite.Test9 ", "`core/y.cpp` | Suite.Test9 ");
  EXPECT_THAT(house.findings(), ElementsAre(Says("core/y.cpp, which is not there")));
}

TEST(Requirements, LeaveNoColumnOut) {
  House house;
  House::change(house.page, "| 4.2 | `core/x.cpp` | Suite.Test9 |",
                "| | `core/x.cpp` | Suite.Test9 |");
  EXPECT_THAT(house.findings(), ElementsAre(Says("empty column")));
  House::change(house.page, "| | `core/x.cpp` | Suite.Test9 |", "| Suite.Test9 |");
  EXPECT_THAT(house.findings(), ElementsAre(Says("five columns")));
}

TEST(Requirements, MayShareATestAndNameSuitesAndPython) {
  House house;
  House::change(house.tests, "TEST(Suite, R5_Test5)", "TEST_P(Shared,\n       R5_R6_Test)");
  House::change(house.page, "Suite.Test5 ", "Shared.Test ");
  House::change(house.page, "Suite.Test6 ", "Shared, Interop.test_1_knocks ");
  house.python = "class Interop(ProgramTest):\n    async def test_1_knocks(self) -> None:\n";
  EXPECT_THAT(house.findings(), IsEmpty());
}

}  // namespace
}  // namespace kith::tidy
