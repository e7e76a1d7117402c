#include <csignal>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
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

TEST(Up, TakesItsSettingsFromAFile) {
  const Folder folder;
  const std::string config = folder.file(
      "kith.toml", "listen = \"tcp://127.0.0.1:0\"\ncontrol = \"" + folder / "s" + "\"\n");
  Program program({"up", "--config", config});
  program.wait_for_output("kith://");
  EXPECT_EQ(run_kith({"status", "--config", config}).code, 0);
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

}  // namespace
}  // namespace kith::test
