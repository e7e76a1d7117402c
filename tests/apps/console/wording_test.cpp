#include "apps/console/wording.hpp"

#include <gtest/gtest.h>

namespace kith::apps {
namespace {

TEST(ForPeople, ChoosesTheUnit) {
  using namespace std::chrono_literals;
  EXPECT_EQ(for_people(183us), "183 µs");
  EXPECT_EQ(for_people(1500us), "1.5 ms");
  EXPECT_EQ(for_people(2500ms), "2.5 s");
  EXPECT_EQ(for_people(125s), "2 min 5 s");
  EXPECT_EQ(for_people(2h + 5min), "2 h 5 min");
}

TEST(DateOf, IsUtc) {
  EXPECT_EQ(date_of(WallTime()), "1970-01-01T00:00:00Z");
  EXPECT_EQ(date_of(WallTime(std::chrono::seconds(951'827'696))), "2000-02-29T12:34:56Z");
  EXPECT_EQ(date_of(WallTime(Duration(253'402'300'799'999'999))), "9999-12-31T23:59:59Z");
}

TEST(Counted, AddsAnSToAllButOne) {
  EXPECT_EQ(counted(0, "message"), "0 messages");
  EXPECT_EQ(counted(1, "message"), "1 message");
  EXPECT_EQ(counted(2, "message"), "2 messages");
}

}  // namespace
}  // namespace kith::apps
