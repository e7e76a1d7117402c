#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Arguments = std::vector<std::string>;

/// Wrong usage: what was said, and what the one line about it must name.
struct Mistake {
  Arguments arguments;
  std::string named;
};

class WrongUsage : public testing::TestWithParam<Mistake> {};

TEST_P(WrongUsage, EndsWithOneLineAndCodeTwo) {
  const auto [arguments, named] = GetParam();
  const Finished finished = run_kith(arguments);
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.output, IsEmpty());
  EXPECT_THAT(finished.error, HasSubstr(named));
  EXPECT_THAT(finished.error, testing::StartsWith("kith: "));
  EXPECT_EQ(std::ranges::count(finished.error, '\n'), 1) << finished.error;
}

const std::string kLong(300, 'x');

INSTANTIATE_TEST_SUITE_P(
    CommandLine, WrongUsage,
    testing::Values(
        Mistake{{}, "kith up"}, Mistake{{"upp"}, "did you mean up?"}, Mistake{{"zzzz"}, "zzzz"},
        Mistake{{"--nonsense"}, "--nonsense"}, Mistake{{"key"}, "kith key --help"},
        Mistake{{"key"}, "say what to do with it: new, show"},
        Mistake{{"key", "neww"}, "did you mean new?"}, Mistake{{"key", "new"}, "FILE"},
        Mistake{{"key", "new", ""}, "name a file"}, Mistake{{"token", "show", ""}, "name a file"},
        Mistake{{"sim"}, "kith sim --help"}, Mistake{{"version", "x"}, "'x'"},
        Mistake{{"up", "--lisen", "tcp://127.0.0.1:0"}, "did you mean --listen?"},
        Mistake{{"up", "--listen"}, "--listen"}, Mistake{{"up", "--listen", "a b"}, "'a b'"},
        Mistake{{"up", "--listen", "tcp://127.0.0.1:70000"}, "--listen must be"},
        Mistake{{"up", "--listen", "127.0.0.1:1:2"}, "--listen must be"},
        Mistake{{"up", "--advertise", "["}, "--advertise must be"},
        Mistake{{"up", "--join", "kith://short@127.0.0.1:1"}, "--join must be"},
        Mistake{{"up", "--join", "tcp://127.0.0.1:0"}, "--join must be"},
        Mistake{{"up", "--join", ""}, "--join"},
        Mistake{{"up", "--realm", "abc"}, "--realm must be"},
        Mistake{{"up", "--realm-leader", "abc"}, "--realm-leader must be"},
        Mistake{{"up", "--policy", "closed"}, "open, known, realm or realm-ask"},
        Mistake{{"up", "--policy", "known"}, "--known"},
        Mistake{{"up", "--policy", "realm"}, "--realm-leader"},
        Mistake{{"up", "--known", "abc"}, "--known must be"},
        Mistake{{"up", "--exempt", "!"}, "--exempt must be"},
        Mistake{{"up", "--log-level", "loud"}, "debug, info, warning, error or off"},
        Mistake{{"up", "--log-level", "loud", "--log-level", "info", "--policy", "x"}, "--policy"},
        Mistake{{"up", "--config", ""}, "--config must be"},
        Mistake{{"up", "--key"}, "--key needs a value: --key FILE"},
        Mistake{{"up", "--config", "does-not-exist.toml"}, "does-not-exist.toml"},
        Mistake{{"up", "--config", "."}, "configuration"}, Mistake{{"up", "stray"}, "stray"},
        Mistake{{"up", "version"}, "'version' is one argument too many"},
        Mistake{{"key", "show", "k", "version"}, "'version' is one argument too many"},
        Mistake{{"version", "--", "x"}, "'x' is one argument too many"},
        Mistake{{"version", "--", "--json"}, "--json"},
        Mistake{{"--nonsense", "version"}, "--nonsense"},
        Mistake{{"stray", "version"}, "'stray'"}));

INSTANTIATE_TEST_SUITE_P(
    Clients, WrongUsage,
    testing::Values(Mistake{{"sub"}, "SUBJECT"}, Mistake{{"sub", ""}, "subject"},
                    Mistake{{"sub", kLong}, "1 to 255 bytes"}, Mistake{{"sub", "\xFF"}, "UTF-8"},
                    Mistake{{"sub", "a", "--count", "0"}, "--count"},
                    Mistake{{"sub", "a", "--count", "-1"}, "--count"},
                    Mistake{{"sub", "a", "--count", "many"}, "--count"},
                    Mistake{{"sub", "a", "--timeout", "0"}, "--timeout"},
                    Mistake{{"sub", "a", "--timeout", "soon"}, "'soon'"},
                    Mistake{{"sub", "a", "--first-match-timeout", "nan"}, "--first-match-timeout"},
                    Mistake{{"sub", "a", "--raw", "--json"}, "--raw"},
                    Mistake{{"sub", "a", "--join-timeout", "1e99"}, "--join-timeout"},
                    Mistake{{"pub"}, "SUBJECT"}, Mistake{{"pub", "", "x"}, "subject"},
                    Mistake{{"pub", "a", "b", "c"}, "one argument too many"},
                    Mistake{{"pub", "a", "b", "--lines"}, "--lines"},
                    Mistake{{"pub", "a", "b", "--receivers", "0"}, "--receivers"},
                    Mistake{{"pub", "a", "b", "--match-timeout", "-5"}, "--match-timeout"},
                    Mistake{{"pub", "a", "b", "--ttl", "10 s"}, "--ttl"},
                    Mistake{{"pub", "a", "b", "--ttl", "25h"}, "at most 86400 seconds"},
                    Mistake{{"route"}, "SUBJECT"}, Mistake{{"trace", ""}, "subject"},
                    Mistake{{"route", "a", "--timeout", "x"}, "--timeout"},
                    Mistake{{"trace", "a", "--timeout", "2m"}, "at most 60 seconds"},
                    Mistake{{"ticket", "redeem", "x", "--timeout", "61"}, "at most 60 seconds"},
                    Mistake{{"status", "--control", ""}, "--control"},
                    Mistake{{"peers", "x"}, "'x'"},
                    Mistake{{"sim", "route", "--nodes", "1"}, "--nodes"},
                    Mistake{{"sim", "route", "--nodes", "x"}, "--nodes"},
                    Mistake{{"sim", "route", "--probes", "0"}, "--probes"},
                    Mistake{{"sim", "route", "--seed", "-1"}, "--seed: must be a whole number"},
                    Mistake{{"sim", "route", "--underlay", "moon"}, "wonder-home"},
                    Mistake{{"sim", "route", "--underlay", ""}, "not ''"},
                    Mistake{{"sim", "route", "--rest", "never"}, "--rest"}));

TEST(CommandLine, TeachesInEveryHelpText) {
  for (const Arguments& command : {Arguments{},
                                   {"up"},
                                   {"sub"},
                                   {"pub"},
                                   {"peers"},
                                   {"route"},
                                   {"trace"},
                                   {"status"},
                                   {"key"},
                                   {"key", "new"},
                                   {"token"},
                                   {"ticket"},
                                   {"contact"},
                                   {"block"},
                                   {"dial"},
                                   {"sim"},
                                   {"sim", "route"},
                                   {"version"}}) {
    Arguments asking = command;
    asking.emplace_back("--help");
    const Finished finished = run_kith(asking);
    EXPECT_EQ(finished.code, 0);
    EXPECT_THAT(finished.error, IsEmpty());
    EXPECT_THAT(finished.output, HasSubstr("Usage: kith"));
    const bool is_of_all = command.empty();
    EXPECT_THAT(finished.output,
                HasSubstr(is_of_all ? "The first five minutes:\n  kith " : "Examples:\n  kith "))
        << testing::PrintToString(command);
  }
}

TEST(CommandLine, TellsItsVersion) {
  EXPECT_EQ(run_kith({"--version"}).output, run_kith({"version"}).output);
  EXPECT_THAT(run_kith({"version"}).output, HasSubstr("kith/1"));
  const std::string json = run_kith({"version", "--json"}).output;
  for (const char* key : {"version", "protocol", "compiler", "libsodium"})
    EXPECT_THAT(json, HasSubstr(std::string("\"") + key + "\":\""));
}

TEST(CommandLine, EndsQuietlyWhenNobodyReads) {
  Program program({"pub", "--help"});
  program.close_output();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(program.error(), "");
}

TEST(CommandLine, SaysThatTheDiskIsFull) {
  const Finished finished =
      run_kith(Invocation{.arguments = {"version"}, .output_file = "/dev/full"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.error, HasSubstr("No space left"));
}

TEST(CommandLine, FindsNoNodeWhereNoneRuns) {
  const Folder folder;
  const std::map<std::string, std::string> here{{"XDG_RUNTIME_DIR", folder / ""}};
  for (const Arguments& command : {Arguments{"status"},
                                   {"peers"},
                                   {"route", "a"},
                                   {"trace", "a"},
                                   {"sub", "a"},
                                   {"pub", "a", "b"}}) {
    const Finished finished = run_kith(Invocation{.arguments = command, .environment = here});
    EXPECT_EQ(finished.code, 3) << command.front();
    EXPECT_THAT(finished.error, HasSubstr("kith up"));
  }
  EXPECT_EQ(run_kith({"status", "--control", folder / "none"}).code, 3);
}

TEST(CommandLine, TakesArgumentsThatLookLikeCommandsAndOptions) {
  const Folder folder;
  const std::map<std::string, std::string> here{{"XDG_RUNTIME_DIR", folder / ""}};
  for (const Arguments& command : {Arguments{"pub", "a", "version"},
                                   {"sub", "a", "version"},
                                   {"pub", "a", "--", "--version"},
                                   {"pub", "--", "a", "-1"},
                                   {"sub", "--", "-a"},
                                   {"route", "--", "--json"}}) {
    const Finished finished = run_kith(Invocation{.arguments = command, .environment = here});
    EXPECT_EQ(finished.code, 3) << testing::PrintToString(command) << finished.error;
    EXPECT_THAT(finished.output, IsEmpty());
  }
}

TEST(CommandLine, PutsFlagsOverEnvironmentOverFile) {
  const Folder folder;
  const std::string config =
      folder.file("kith.toml", "policy = \"known\"\nlog-level = \"wrong\"\n");
  const auto complaint = [&](Arguments flags, std::map<std::string, std::string> environment) {
    flags.insert(flags.begin(), "up");
    environment["KITH_CONFIG"] = config;
    return run_kith(
               Invocation{.arguments = std::move(flags), .environment = std::move(environment)})
        .error;
  };
  EXPECT_THAT(complaint({}, {}), HasSubstr("kith.toml:2: log-level must be"));
  const std::string other = folder.file("other.toml", "policy = 1\n");
  EXPECT_THAT(complaint({"--config", other}, {}), HasSubstr("other.toml:1: policy must be"));
  const std::string repaired = folder.file("kith.toml", "policy = \"known\"\n");
  EXPECT_THAT(complaint({}, {}), HasSubstr("policy known deals with nobody"));
  EXPECT_THAT(complaint({}, {{"KITH_POLICY", "x"}}), HasSubstr("KITH_POLICY must be"));
  EXPECT_THAT(complaint({}, {{"KITH_POLICY", "realm"}}),
              HasSubstr("realm-ask need to know who leads"));
  EXPECT_THAT(complaint({"--policy", "known"}, {{"KITH_POLICY", "realm"}}),
              HasSubstr("policy known deals with nobody"));
  EXPECT_THAT(complaint({}, {{"KITH_POLICI", "open"}}), HasSubstr("did you mean KITH_POLICY?"));
}

}  // namespace
}  // namespace kith::test
