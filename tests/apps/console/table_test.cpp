#include "apps/console/table.hpp"

#include <gtest/gtest.h>

namespace kith::apps {
namespace {

TEST(Table, MakesColumnsAsWideAsTheyMustBe) {
  Table table({"A", "B"});
  table.add({"long one", "x"});
  table.add({"µ", ""});
  EXPECT_EQ(table.to_string(), "A         B\nlong one  x\nµ\n");
}

TEST(Table, ShowsNothingThatATerminalObeys) {
  Table table({"A"});
  table.add({"\x1B[2J\n"});
  EXPECT_EQ(table.to_string(), "A\n?[2J?\n");
}

TEST(InTwoColumns, AlignsValues) {
  EXPECT_EQ(in_two_columns({{"a", "1"}, {"long", "2\n"}}), "a     1\nlong  2?\n");
}

}  // namespace
}  // namespace kith::apps
