#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "tests/apps/program.hpp"

namespace kith::test {
namespace {

using testing::HasSubstr;

/// Nodes that die without a word while clients are at work: these have other relays, and go on.
class Losses : public testing::Test {
 protected:
  Losses() {
    nodes_.push_back(std::make_unique<UpNode>(folder_, "0"));
    for (int i = 1; i < 5; ++i)
      nodes_.push_back(std::make_unique<UpNode>(
          folder_, std::to_string(i), std::vector<std::string>{"--join", nodes_[0]->address}));
    for (const auto& node : nodes_) node->wait_until_ready();
  }

  Invocation client(const std::string& command, std::size_t node,
                    std::vector<std::string> more) const {
    more.insert(more.begin(), {command, "news", "--join", nodes_[node]->address});
    return {.arguments = std::move(more), .input_ends = false};
  }

  std::size_t coordinator_of(const std::string& subject) const {
    const std::string route =
        run_kith({"route", subject, "--json", "--control", nodes_[0]->control}).output;
    const std::string name(boost::json::parse(route).at("coordinator").as_string());
    const auto found = std::ranges::find_if(
        nodes_, [&](const auto& node) { return node->address.contains(name); });
    return static_cast<std::size_t>(found - nodes_.begin());
  }

  void kill(std::size_t node) {
    nodes_[node]->program.signal(SIGKILL);
    EXPECT_EQ(nodes_[node]->program.wait(), -SIGKILL);
  }

  const Folder folder_;
  std::vector<std::unique_ptr<UpNode>> nodes_;
};

TEST_F(Losses, OfThePublishersNodeLoseNothing) {
  Program subscriber(client("sub", 1, {"--count", "2"}));
  Program publisher(client("pub", 2, {"--lines"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  kill(2);
  publisher.write_input("after\n");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "before\nafter\n");
}

TEST_F(Losses, OfTheSubscribersNodeLoseNothing) {
  Program subscriber(client("sub", 1, {"--count", "2"}));
  Program publisher(client("pub", 2, {"--lines"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  kill(1);
  publisher.write_input("after\n");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "before\nafter\n");
}

TEST_F(Losses, OfTheNodeThatBothJoinedThroughLoseNothing) {
  Program subscriber(client("sub", 1, {"--count", "2"}));
  Program publisher(client("pub", 1, {"--lines"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  kill(1);
  publisher.write_input("after\n");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "before\nafter\n");
}

TEST_F(Losses, OfTheCoordinatorLoseNothing) {
  const std::size_t coordinator = coordinator_of("news");
  const std::size_t other = (coordinator + 1) % nodes_.size();
  Program subscriber(client("sub", other, {"--count", "2"}));
  Program publisher(client("pub", other, {"--lines"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  kill(coordinator);
  publisher.write_input("after\n");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 0) << publisher.error();
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "before\nafter\n");
}

TEST_F(Losses, OfTheOnlySubscriberStopThePublisher) {
  Program subscriber(client("sub", 1, {}));
  Program publisher(client("pub", 2, {"--lines", "--json", "--match-timeout", "2"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  subscriber.signal(SIGKILL);
  EXPECT_EQ(subscriber.wait(), -SIGKILL);
  publisher.write_input("after\n");
  publisher.wait_for_error("no longer receives");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 1);
  // It may have died before it acknowledged what it had written.
  const auto report = boost::json::parse(publisher.output()).as_object();
  EXPECT_GE(report.at("expired").as_int64(), 1);
  EXPECT_EQ(report.at("delivered").as_int64() + report.at("expired").as_int64(), 2);
  EXPECT_THAT(publisher.error(), HasSubstr("of 2 deliveries failed"));
  EXPECT_THAT(publisher.error(), HasSubstr("did not come back"));
}

TEST_F(Losses, OfTheOnlySubscriberLeaveAPublisherWithNobody) {
  Program subscriber(client("sub", 1, {}));
  Program publisher(client("pub", 2, {"--lines", "--match-timeout", "1"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  subscriber.signal(SIGKILL);
  publisher.wait_for_error("no longer receives");
  publisher.write_input("after\n");
  EXPECT_EQ(publisher.wait(), 5);
  EXPECT_THAT(publisher.error(), HasSubstr("nobody came within 1.0 s"));
}

TEST_F(Losses, OfOneSubscriberDoNotHoldUpTheOther) {
  Program lost(client("sub", 1, {}));
  Program subscriber(client("sub", 3, {"--count", "2"}));
  Program publisher(
      client("pub", 2, {"--lines", "--json", "--receivers", "2", "--match-timeout", "5"}));
  publisher.write_input("before\n");
  EXPECT_EQ(lost.wait_for_output(), "before");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  lost.signal(SIGKILL);
  EXPECT_EQ(lost.wait(), -SIGKILL);
  publisher.write_input("after\n");
  EXPECT_EQ(subscriber.wait_for_output(), "after");
  publisher.end_input();
  EXPECT_EQ(publisher.wait(), 1);
  const auto report = boost::json::parse(publisher.output()).as_object();
  EXPECT_GE(report.at("delivered").as_int64(), 2);
  EXPECT_EQ(report.at("delivered").as_int64() + report.at("expired").as_int64(), 4);
}

TEST_F(Losses, OfThePublisherLetTheSubscriberGoOn) {
  Program subscriber(client("sub", 1, {"--count", "2"}));
  Program publisher(client("pub", 2, {"--lines"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  publisher.signal(SIGKILL);
  EXPECT_EQ(publisher.wait(), -SIGKILL);
  EXPECT_EQ(run_kith(client("pub", 3, {"another"})).code, 0);
  EXPECT_EQ(subscriber.wait(), 0);
  EXPECT_EQ(subscriber.output(), "before\nanother\n");
}

TEST_F(Losses, OfBothNodesStillLetSomebodyNewIn) {
  Program subscriber(client("sub", 1, {}));
  Program publisher(client("pub", 2, {"--lines"}));
  publisher.write_input("before\n");
  EXPECT_EQ(subscriber.wait_for_output(), "before");
  kill(1);
  kill(2);
  // The subscriber is known to the rest of the overlay, for one who comes now.
  const Finished late =
      run_kith({"pub", "news", "late", "--join", nodes_[3]->address, "--match-timeout", "30"});
  EXPECT_EQ(late.code, 0) << late.error;
  EXPECT_EQ(subscriber.wait_for_output("late"), "late");
}

}  // namespace
}  // namespace kith::test
