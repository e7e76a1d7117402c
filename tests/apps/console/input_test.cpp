#include "apps/console/input.hpp"

#include <string>

#include <gtest/gtest.h>

#include "apps/failure.hpp"
#include "tests/apps/program.hpp"

namespace kith::apps {
namespace {

TEST(ReadInput, TakesAFileAsItIs) {
  const test::Folder folder;
  const std::string content("\0 a\nb\xFF\n", 7);
  EXPECT_EQ(read_input(folder.file("f", content), 7), content);
}

TEST(ReadInput, RefusesMoreThanItMayTake) {
  const test::Folder folder;
  EXPECT_THROW(static_cast<void>(read_input(folder.file("f", "12345678"), 7)), Failure);
  EXPECT_THROW(static_cast<void>(read_input(folder / "nothing", 7)), Failure);
}

TEST(Trimmed, LeavesWhatIsBetween) {
  EXPECT_EQ(trimmed(" a b\r\n"), "a b");
  EXPECT_EQ(trimmed("\n\t"), "");
  EXPECT_EQ(trimmed("a"), "a");
}

}  // namespace
}  // namespace kith::apps
