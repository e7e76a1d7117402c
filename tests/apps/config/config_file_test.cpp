#include "apps/config/config_file.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::apps {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What is wrong with `text`.
std::string complaint(std::string_view text) {
  const auto parsed = parse_config(text, "kith.toml");
  if (!parsed) return parsed.error();
  Settings settings;
  for (const Assignment& assignment : *parsed)
    if (const auto applied = apply(assignment, settings); !applied) return applied.error();
  return "";
}

TEST(ConfigFile, SetsWhatItNames) {
  const auto parsed = parse_config(R"(
listen = ["tcp://127.0.0.1:3141", "tcp://[::1]:3141"]
join = "tcp://192.0.2.7"
join-timeout = 2.5
log-level = "off"
)",
                                   "kith.toml");
  ASSERT_TRUE(parsed) << parsed.error();
  Settings settings;
  for (const Assignment& assignment : *parsed) ASSERT_TRUE(apply(assignment, settings));
  EXPECT_THAT(settings.listen, ElementsAre("tcp://127.0.0.1:3141", "tcp://[::1]:3141"));
  EXPECT_THAT(settings.join, ElementsAre("tcp://192.0.2.7"));
  EXPECT_EQ(settings.join_timeout, std::chrono::milliseconds(2500));
  EXPECT_EQ(settings.log_level, std::nullopt);
}

TEST(ConfigFile, AcceptsAnEmptyOne) { EXPECT_EQ(complaint("# nothing\n"), ""); }

TEST(ConfigFile, NamesTheNearestKey) {
  EXPECT_EQ(complaint("\n\nlisten = []\nlog_levl = \"x\"\n"),
            "kith.toml:4: unknown key 'log_levl': did you mean 'log-level'?");
  EXPECT_THAT(complaint("zzzzzzzzzz = 1"), HasSubstr("known are join, listen"));
  EXPECT_THAT(complaint("[up]\nlisten = \"x\""), HasSubstr("kith.toml:1: unknown key 'up'"));
}

TEST(ConfigFile, ChecksTypes) {
  EXPECT_THAT(complaint("\nkey = 3"), HasSubstr("kith.toml:2: key must be text in quotes"));
  EXPECT_THAT(complaint("key = [\"a\"]"), HasSubstr("must be text in quotes"));
  EXPECT_THAT(complaint("join = [\"tcp://a\", 3]"), HasSubstr("kith.toml:1: join must be"));
  EXPECT_THAT(complaint("join = [[\"tcp://a\"]]"), HasSubstr("join must be"));
  EXPECT_THAT(complaint("join-timeout = true"), HasSubstr("number of seconds"));
}

TEST(ConfigFile, ChecksRanges) {
  EXPECT_THAT(complaint("join-timeout = 0"), HasSubstr("kith.toml:1: join-timeout must be"));
  EXPECT_THAT(complaint("join-timeout = nan"), HasSubstr("join-timeout must be"));
  EXPECT_THAT(complaint("join-timeout = -inf"), HasSubstr("join-timeout must be"));
  EXPECT_THAT(complaint("join-timeout = 9223372036854775807"), HasSubstr("join-timeout must be"));
  EXPECT_THAT(complaint("listen = \"tcp://127.0.0.1:99999\""), HasSubstr("listen must be"));
}

TEST(ConfigFile, SaysWhereTheSyntaxIsBroken) {
  EXPECT_THAT(complaint("listen = \"a\"\nlisten = \"b\"\n"), HasSubstr("kith.toml:2: "));
  EXPECT_THAT(complaint("\n\nlisten = \"no end\n"), HasSubstr("kith.toml:3: "));
  EXPECT_THAT(complaint("key = \"\xFF\""), HasSubstr("kith.toml:1: "));
}

TEST(ConfigFile, StaysInOneLineWhateverTheFileHolds) {
  const std::string wrong =
      complaint("\"\\u0007\\n\\u001B[2J" + std::string(5'000, 'x') + "\" = 1");
  EXPECT_EQ(wrong.find_first_of("\n\x07\x1B"), std::string::npos) << wrong;
  EXPECT_LT(wrong.size(), 400U);
}

TEST(ConfigFile, RefusesWhatIsTooLongForOne) {
  EXPECT_THAT(complaint(std::string(kConfigBytesMax + 1, '\n')), HasSubstr("longer than 1 MiB"));
}

}  // namespace
}  // namespace kith::apps
