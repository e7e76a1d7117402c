#include "apps/config/environment.hpp"

#include <array>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::apps {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Environment, SetsListsDividedByCommas) {
  const std::array<std::string_view, 3> entries{"PATH=x", "KITH_JOIN=tcp://a,tcp://b",
                                                "KITH_LOG_LEVEL=off"};
  const auto parsed = parse_environment(entries);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->size(), 2U);
  EXPECT_EQ((*parsed)[0].setting->name, "join");
  EXPECT_THAT((*parsed)[0].values, ElementsAre("tcp://a", "tcp://b"));
  EXPECT_EQ((*parsed)[1].origin, "KITH_LOG_LEVEL");
}

TEST(Environment, NamesEverySettingInItsOwnWay) {
  for (const Setting& setting : all_settings()) {
    const std::string entry = variable_of(setting.name) + "=x";
    const std::array<std::string_view, 1> entries{entry};
    const auto parsed = parse_environment(entries);
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->size(), 1U) << entry;
    EXPECT_EQ(parsed->front().setting->name, setting.name);
  }
}

TEST(Environment, RefusesATypingError) {
  const std::array<std::string_view, 1> entries{"KITH_LISTN=tcp://a"};
  const auto parsed = parse_environment(entries);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), "unknown variable KITH_LISTN: did you mean KITH_LISTEN?");
}

TEST(Environment, RefusesATypingErrorInTheNameOfTheFilesVariable) {
  const std::array<std::string_view, 1> entries{"KITH_CONFG=kith.toml"};
  const auto parsed = parse_environment(entries);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), "unknown variable KITH_CONFG: did you mean KITH_CONFIG?");
}

TEST(Environment, LeavesOtherVariablesAlone) {
  const std::array<std::string_view, 5> entries{
      "KITH_TEST_SEED=1", "KITH_JOBS=2", "KITH_BUILD_DIR=x", "KITH_CONFIG=y", "KITH_LISTEN="};
  const auto parsed = parse_environment(entries);
  ASSERT_TRUE(parsed) << parsed.error();
  EXPECT_THAT(*parsed, IsEmpty());
}

}  // namespace
}  // namespace kith::apps
