// The block list on the command line.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;

class BlockCommands : public testing::Test {
 protected:
  static Finished ask(const UpNode& node, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "block");
    arguments.insert(arguments.end(), {"--control", node.control});
    return run_kith(arguments);
  }

  /// The node of an address.
  static std::string node_in(const std::string& address) { return address.substr(7, 52); }

  const Folder folder_;
};

TEST_F(BlockCommands, KeepANodeOut) {
  const std::string key = folder_ / "key";
  ASSERT_EQ(run_kith({"key", "new", key}).code, 0);
  const auto shown = boost::json::parse(run_kith({"key", "show", key, "--json"}).output);
  const std::string guest(shown.at("node").as_string());
  const UpNode node(folder_, "a");
  ASSERT_EQ(run_kith({"dial", node.address, "--key", key}).code, 0);

  const Finished blocked = ask(node, {"add", guest, "--days", "2"});
  EXPECT_EQ(blocked.code, 0) << blocked.error;
  EXPECT_EQ(blocked.output, "blocked " + guest + "\n");
  EXPECT_THAT(ask(node, {"list"}).output, HasSubstr(guest));
  EXPECT_NE(run_kith({"dial", node.address, "--key", key}).code, 0);

  const Finished unblocked = ask(node, {"remove", guest.substr(0, 8)});
  EXPECT_EQ(unblocked.code, 0) << unblocked.error;
  EXPECT_EQ(unblocked.output, "unblocked " + guest + "\n");
  EXPECT_EQ(ask(node, {"list"}).output, "nobody is blocked\n");
  EXPECT_EQ(run_kith({"dial", node.address, "--key", key}).code, 0);
}

TEST_F(BlockCommands, AreObeyedAfterARestart) {
  const std::string guest = std::string(51, 'b') + "a";
  const std::vector<std::string> settings{"--store", folder_ / "a.db"};
  {
    const UpNode node(folder_, "a", settings);
    ASSERT_EQ(ask(node, {"add", guest, "--json"}).output, "{\"blocked\":\"" + guest + "\"}\n");
  }
  const UpNode node(folder_, "a", settings);
  const auto answer = boost::json::parse(ask(node, {"list", "--json"}).output);
  ASSERT_EQ(answer.at("blocks").as_array().size(), 1U);
  EXPECT_EQ(answer.at("blocks").as_array().at(0).at("who").as_string(), guest);
  EXPECT_EQ(ask(node, {"remove", guest, "--json"}).output, "{\"unblocked\":\"" + guest + "\"}\n");
}

TEST_F(BlockCommands, SayWhatIsWrong) {
  const UpNode node(folder_, "a");
  const Finished self = ask(node, {"add", node_in(node.address)});
  EXPECT_EQ(self.code, 1);
  EXPECT_THAT(self.error, HasSubstr("this node itself"));
  EXPECT_EQ(ask(node, {"remove", "zzz"}).code, 1);
  EXPECT_EQ(ask(node, {"add", "zzz"}).code, 2);
  EXPECT_EQ(run_kith({"block", "list", "--control", folder_ / "nobody"}).code, 3);
}

}  // namespace
}  // namespace kith::test
