#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apps/program.hpp"

/// Every flag of every subcommand, as the help text names them, used wrongly.
namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Arguments = std::vector<std::string>;

struct Flag {
  std::string name;
  std::string placeholder;  ///< Empty: it takes no value.
};

/// A subcommand with the arguments that it cannot do without.
class EveryFlag : public testing::TestWithParam<Arguments> {
 protected:
  std::vector<Flag> flags() const {
    Arguments asking = GetParam();
    asking.emplace_back("--help");
    const std::string help = run_kith(asking).output;
    const std::regex line("\n  (?:-., ?)?(--[a-z-]+)(?: ([A-Z]+)(?=\\s))?");
    std::vector<Flag> found;
    for (std::sregex_iterator match(help.begin(), help.end(), line), end; match != end; ++match)
      if ((*match)[1] != "--help") found.push_back({(*match)[1], (*match)[2]});
    return found;
  }

  /// Each is asked about in a process of its own: where that takes long to begin, two speak for
  /// all.
  std::vector<Flag> flags_to_misspell() const {
    auto some = flags();
    if (KITH_SANITIZED && some.size() > 2) some.resize(2);
    return some;
  }

  void expect_complaint(Arguments wrong, const std::string& named) const {
    wrong.insert(wrong.begin(), GetParam().begin(), GetParam().end());
    const Finished finished = run_kith(wrong);
    EXPECT_EQ(finished.code, 2) << testing::PrintToString(wrong) << finished.error;
    EXPECT_THAT(finished.output, IsEmpty());
    EXPECT_THAT(finished.error, StartsWith("kith: "));
    EXPECT_THAT(finished.error, HasSubstr(named));
    EXPECT_EQ(std::ranges::count(finished.error, '\n'), 1) << finished.error;
  }
};

const std::map<std::string, Arguments> kWrongValues{
    {"N", {"", "-1", "+1", "1e99", "0x10", "1.5", " 1", "18446744073709551616", "many"}},
    {"SECONDS", {"", "-1", "0", "1e99", "inf", "nan", "10 s", "9999999999", "soon"}},
    {"ADDRESS", {"", "a b", "tcp://127.0.0.1:70000", "tcp://[::1", "kith://abc@127.0.0.1:1"}},
    {"FINGERPRINT", {"", "abc", std::string(52, '!'), std::string(53, 'a')}},
    {"TOKEN", {"", "abc!", std::string(52, 'a'), std::string(512, 'a')}},
    {"KEY", {"", "abc", std::string(52, '1'), std::string(51, 'a')}},
    {"NAME", {"", "nonsense"}},
    {"FLOWS", {"", "X", "H,", ",H", "H,,S", "HS", "H,H", "h", "H S", "H,S,O,C,I,N,H"}},
    {"FLOW", {"", "X", "HS", "h", "I"}},
    {"LEVEL", {"", "loud", "INFO"}},
    {"FILE", {""}},
    {"PATH", {""}},
};

TEST_P(EveryFlag, IsTaughtByAHelpTextWithAnExample) {
  Arguments asking = GetParam();
  asking.emplace_back("--help");
  const Finished finished = run_kith(asking);
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.error, IsEmpty());
  EXPECT_THAT(finished.output, HasSubstr("Usage: kith"));
  EXPECT_THAT(finished.output, HasSubstr("Examples:\n  kith "));
  EXPECT_THAT(finished.output, HasSubstr("\n  --json "));
}

TEST_P(EveryFlag, SaysWhichValueIsWrong) {
  const auto all = flags();
  ASSERT_FALSE(all.empty());
  for (const Flag& flag : all) {
    if (flag.placeholder.empty()) continue;
    ASSERT_TRUE(kWrongValues.contains(flag.placeholder)) << flag.name << " " << flag.placeholder;
    for (const std::string& value : kWrongValues.at(flag.placeholder))
      expect_complaint({flag.name, value}, flag.name);
  }
}

TEST_P(EveryFlag, SaysThatAValueIsMissing) {
  for (const Flag& flag : flags_to_misspell()) {
    if (flag.placeholder.empty()) continue;
    expect_complaint({flag.name}, flag.name + " needs a value: " + flag.name + " ");
  }
}

TEST_P(EveryFlag, SaysWhatWasMeant) {
  for (const Flag& flag : flags_to_misspell())
    expect_complaint({flag.name + "x"}, "did you mean " + flag.name + "?");
}

INSTANTIATE_TEST_SUITE_P(
    CommandLine, EveryFlag,
    testing::Values(Arguments{"up"}, Arguments{"sub", "a"}, Arguments{"pub", "a", "b"},
                    Arguments{"peers"}, Arguments{"route", "a"}, Arguments{"trace", "a"},
                    Arguments{"status"}, Arguments{"key", "new", "f"},
                    Arguments{"key", "show", "f"},
                    Arguments{"key", "vouch", "f", std::string(52, 'a')},
                    Arguments{"token", "show", "f"}, Arguments{"ticket", "issue"},
                    Arguments{"ticket", "show", "t"}, Arguments{"ticket", "redeem", "t"},
                    Arguments{"ticket", "list"}, Arguments{"ticket", "revoke", "a"},
                    Arguments{"contact", "list"}, Arguments{"contact", "show", "a"},
                    Arguments{"contact", "end", "a"},
                    Arguments{"block", "add", std::string(52, 'a')}, Arguments{"block", "list"},
                    Arguments{"block", "remove", "a"}, Arguments{"dial", "tcp://127.0.0.1:1"},
                    Arguments{"sim", "route"}, Arguments{"version"}));

}  // namespace
}  // namespace kith::test
