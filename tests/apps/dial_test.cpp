// `kith dial`: which step was reached, and why the next one was not.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;

struct Dialed {
  int code = 0;
  std::string reached;
  std::string error;
};

/// How far one came at the one endpoint of `address`.
Dialed dial(const std::string& address, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"dial", address, "--json"});
  const Finished finished = run_kith(more);
  const auto answer = boost::json::parse(finished.output).as_object();
  const auto& attempt = answer.at("attempts").as_array().at(0).as_object();
  const auto* error = attempt.if_contains("error");
  return {.code = finished.code,
          .reached = std::string(attempt.at("reached").as_string()),
          .error = error == nullptr ? "" : std::string(error->as_string())};
}

TEST(Dial, JoinsByEachFlowThatANodeAnswers) {
  const Folder folder;
  const UpNode node(folder, "a", {"--profile", "public"});
  for (const char* flow : {"H", "S", "O"}) {
    const Dialed dialed = dial(node.address, {"--flow", flow});
    EXPECT_EQ(dialed.code, 0) << flow << dialed.error;
    EXPECT_EQ(dialed.reached, "joined") << flow;
  }
  EXPECT_THAT(run_kith({"dial", node.address}).output, HasSubstr("joined"));
}

TEST(Dial, SaysThatNobodyListens) {
  const Folder folder;
  std::string address;
  {
    const UpNode node(folder, "a");
    address = node.address;
  }
  const Dialed dialed = dial(address);
  EXPECT_EQ(dialed.code, 3);
  EXPECT_EQ(dialed.reached, "resolved");
  EXPECT_EQ(dialed.error, "connection_refused");
}

TEST(Dial, SaysThatAFlowIsNotAnswered) {
  const Folder folder;
  const UpNode node(folder, "a", {"--accept", "C,S"});
  const Dialed hidden = dial(node.address, {"--flow", "H"});
  EXPECT_EQ(hidden.reached, "connected");
  EXPECT_NE(hidden.code, 0);
  EXPECT_EQ(dial(node.address, {"--flow", "S"}).reached, "joined");
  const UpNode stealth(folder, "b", {"--profile", "stealth"});
  const Dialed unheard = dial(stealth.address);
  EXPECT_EQ(unheard.reached, "connected");
  EXPECT_NE(unheard.code, 0);
}

TEST(Dial, SaysThatAnotherNodeAnswers) {
  const Folder folder;
  const UpNode node(folder, "a");
  const std::string elsewhere =
      "kith://" + std::string(52, 'a') + node.address.substr(node.address.find('@'));
  const Dialed dialed = dial(elsewhere);
  EXPECT_EQ(dialed.code, 3);
  EXPECT_EQ(dialed.reached, "connected");
  EXPECT_EQ(dialed.error, "wrong_key");
}

TEST(Dial, SaysThatAPolicyRefuses) {
  const Folder folder;
  const UpNode node(folder, "a", {"--policy", "known", "--known", std::string(52, 'a')});
  const Dialed dialed = dial(node.address);
  EXPECT_EQ(dialed.code, 4);
  EXPECT_EQ(dialed.reached, "proven");
}

TEST(Dial, SaysThatANameIsUnknown) {
  const Finished finished = run_kith({"dial", "tcp://nobody.invalid:1"});
  EXPECT_EQ(finished.code, 3);
  EXPECT_THAT(finished.error, HasSubstr("nobody.invalid"));
}

}  // namespace
}  // namespace kith::test
