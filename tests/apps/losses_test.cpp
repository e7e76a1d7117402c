#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
