#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <kith/address.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST(Up, PrintsItsAddressFirst) {
  const Folder folder;
  Program program({"up", "--listen", "tcp://127.0.0.1:0", "--control", folder / "s"});
  const std::string line = program.wait_for_output();
  EXPECT_EQ(program.output(), line + "\n");
  const auto address = Address::parse(line);
  ASSERT_TRUE(address) << line;
  EXPECT_TRUE(address->node.has_value());
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_NE(address->port, 0);
}

TEST(Up, HasNoCoreWrittenOfItself) {
  const Folder folder;
  rlimit ours{};
  ASSERT_EQ(::getrlimit(RLIMIT_CORE, &ours), 0);
  const rlimit most{.rlim_cur = ours.rlim_max, .rlim_max = ours.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_CORE, &most), 0);
  Program program({"up", "--listen", "tcp://127.0.0.1:0", "--control", folder / "s"});
  ASSERT_EQ(::setrlimit(RLIMIT_CORE, &ours), 0);
  EXPECT_NE(program.wait_for_output(), "");
  EXPECT_EQ(program.core_bytes_most(), 0U);
}

TEST(Up, ListensOnIpv6Too) {
  const Folder folder;
  UpNode first(folder, "a", {"--listen", "tcp://[::1]:0"});
  const std::string both = first.program.wait_for_output("[::1]");
  EXPECT_THAT(both, HasSubstr("@[::1]:"));
}

TEST(Up, SaysThatAPortIsTaken) {
  const Folder folder;
  const UpNode first(folder, "a");
  const std::string endpoint = first.address.substr(first.address.find('@') + 1);
  const Finished second =
      run_kith({"up", "--listen", "tcp://" + endpoint, "--control", folder / "b"});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.output, IsEmpty());
  EXPECT_THAT(second.error, HasSubstr(endpoint));
}

TEST(Up, GoesOnWhenNobodyReadsItsOutput) {
  const Folder folder;
  UpNode node(folder, "a");
  node.program.close_output();
  EXPECT_EQ(run_kith({"status", "--control", node.control}).code, 0);
  node.program.signal(SIGINT);
  EXPECT_EQ(node.program.wait(), 0);
}

TEST(Up, SaysThatItHasNoOutputInsteadOfWritingElsewhere) {
  const Folder folder;
  const Finished finished = run_kith(
      Invocation{.arguments = {"up", "--listen", "tcp://127.0.0.1:0", "--control", folder / "s"},
                 .closed = {STDIN_FILENO, STDOUT_FILENO}});
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.error, HasSubstr("cannot write to standard output"));
}

TEST(Up, LeavesInOrderWhenInterrupted) {
  const Folder folder;
  UpNode first(folder, "a", {"--log-level", "info"});
  UpNode second(folder, "b", {"--join", first.address, "--log-level", "info"});
  second.wait_until_ready();
  first.program.wait_for_error("joined");
  second.program.signal(SIGINT);
  EXPECT_EQ(second.program.wait(), 0);
  EXPECT_THAT(second.program.error(), HasSubstr("left the overlay"));
  EXPECT_THAT(first.program.wait_for_error("lost"), HasSubstr("closed"));
  EXPECT_THAT(run_kith({"peers", "--control", first.control}).output, HasSubstr("no peers"));
  // Nothing of it is left behind.
  EXPECT_EQ(run_kith({"status", "--control", second.control}).code, 3);
}

TEST(Up, LeavesInOrderWhenSignalsComeTogether) {
  const Folder folder;
  UpNode node(folder, "a", {"--log-level", "info"});
  // As `timeout` sends them, but never joined into one.
  node.program.signal(SIGTERM);
  node.program.signal(SIGINT);
  EXPECT_EQ(node.program.wait(), 0);
  EXPECT_THAT(node.program.error(), HasSubstr("left the overlay"));
}

TEST(Up, KeepsRealmsApart) {
  const Folder folder;
  ASSERT_EQ(run_kith({"key", "new", folder / "leader"}).code, 0);
  const auto leader =
      boost::json::parse(run_kith({"key", "show", folder / "leader", "--json"}).output).as_object();
  const std::string key(leader.at("public_key").as_string());
  UpNode inside(folder, "inside", {"--realm-leader", key});
  UpNode outside(folder, "outside", {"--join", inside.address});
  outside.program.wait_for_error("cannot join");
  const Finished stranger =
      run_kith({"sub", "news", "--join", inside.address, "--join-timeout", "2"});
  EXPECT_THAT(stranger.code, testing::AnyOf(3, 4)) << stranger.error;
  EXPECT_THAT(stranger.error, HasSubstr(inside.address));
  Program subscriber(std::vector<std::string>{"sub", "news", "--join", inside.address,
                                              "--realm-leader", key, "--count", "1"});
  EXPECT_EQ(run_kith({"pub", "news", "x", "--join", inside.address, "--realm-leader", key}).code,
            0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_THAT(run_kith({"peers", "--control", outside.control}).output, HasSubstr("no peers"));
}

TEST(Up, TakesItsSettingsFromAFile) {
  const Folder folder;
  const std::string config = folder.file(
      "kith.toml", "listen = \"tcp://127.0.0.1:0\"\ncontrol = \"" + folder / "s" + "\"\n");
  Program program({"up", "--config", config});
  program.wait_for_output("kith://");
  EXPECT_EQ(run_kith({"status", "--config", config}).code, 0);
  const Invocation by_variable{.arguments = {"status"}, .environment = {{"KITH_CONFIG", config}}};
  EXPECT_EQ(run_kith(by_variable).code, 0);
}

TEST(Up, IsAskedWhoCoordinatesASubject) {
  const Folder folder;
  UpNode first(folder, "a");
  UpNode second(folder, "b", {"--join", first.address});
  second.wait_until_ready();
  const auto coordinator = [](const Finished& finished) {
    const auto at = finished.output.find("\"coordinator\":\"");
    return finished.output.substr(at + 15, 52);
  };
  const auto route = [&](const UpNode& node) {
    return run_kith({"route", "news/weather", "--json", "--control", node.control});
  };
  EXPECT_EQ(coordinator(route(first)), coordinator(route(second)));
  EXPECT_TRUE(first.address.contains(coordinator(route(first))) ||
              second.address.contains(coordinator(route(first))));
  const Finished trace = run_kith({"trace", "news/weather", "--control", first.control});
  EXPECT_EQ(trace.code, 0);
  EXPECT_THAT(trace.output, HasSubstr("round trip"));
  const Finished peers = run_kith({"peers", "--control", first.control});
  EXPECT_THAT(peers.output, HasSubstr(second.address.substr(7, 52)));
}

TEST(Up, IsAskedForJson) {
  const Folder folder;
  UpNode first(folder, "a");
  UpNode second(folder, "b", {"--join", first.address});
  second.wait_until_ready();
  for (std::vector<std::string> asking :
       {std::vector<std::string>{"status"}, {"peers"}, {"trace", "news/weather"}}) {
    asking.insert(asking.end(), {"--json", "--control", first.control});
    const Finished finished = run_kith(asking);
    EXPECT_EQ(finished.code, 0) << finished.error;
    EXPECT_TRUE(boost::json::parse(finished.output).is_object()) << finished.output;
  }
}

}  // namespace
}  // namespace kith::test
