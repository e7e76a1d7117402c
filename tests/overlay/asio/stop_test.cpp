// A node may be stopped at any moment, from anywhere.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <kith/node.hpp>

#include "overlay/asio/runtime.hpp"
#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

using test::Flag;
using test::Heard;
using test::into;
using test::kPatience;
using test::on_loopback;

TEST(StopOfANode, MayComeAtOnce) {
  Node node(on_loopback());
  node.stop();
  EXPECT_EQ(node.wait_until_ready(kPatience).error(), Errc::shutting_down);
}

TEST(StopOfANode, HasNothingToComplainOf) {
  Heard log;
  NodeConfig config = on_loopback();
  config.log = [&](LogLevel level, std::string_view line) {
    if (level >= LogLevel::warning) log.add(std::string(line));
  };
  Node node(std::move(config));
  ASSERT_TRUE(node.wait_until_ready(kPatience));
  node.stop();
  EXPECT_EQ(log.all(), std::vector<std::string>());
}

TEST(StopOfANode, MayComeWhileItCannotJoin) {
  Node node(on_loopback({"tcp://127.0.0.1:1"}));
  node.stop();
  EXPECT_FALSE(node.is_ready());
}

TEST(StopOfANode, MayComeWhileANameIsResolved) {
  Node node(on_loopback({"tcp://no-such-host.invalid:1"}));
  node.stop();
  EXPECT_FALSE(node.is_ready());
}

TEST(StopOfANode, MayComeTwice) {
  Node node(on_loopback());
  node.stop();
  node.stop();
  EXPECT_EQ(node.trace("news", kPatience).error(), Errc::shutting_down);
}

TEST(StopOfANode, MayComeFromTwoThreads) {
  Node node(on_loopback());
  const std::jthread other([&] { node.stop(); });
  node.stop();
  EXPECT_EQ(node.wait_until_ready(kPatience).error(), Errc::shutting_down);
}

TEST(StopOfANode, MayComeFromACallback) {
  Flag stopped;
  Node node(on_loopback());
  const auto subscription = node.subscribe("news", [&](const Message&) {
    node.stop();
    stopped.raise();
  });
  auto publisher = node.publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("stop"));
  ASSERT_TRUE(stopped.wait());
  node.stop();
  EXPECT_EQ(publisher.publish("more").error(), Errc::shutting_down);
}

TEST(StopOfANode, IsItsEndEvenInACallback) {
  Flag gone;
  auto node = std::make_unique<Node>(on_loopback());
  auto subscription = std::make_shared<std::optional<Subscription>>();
  *subscription = node->subscribe("news", [&, subscription](const Message&) {
    node.reset();
    subscription->reset();
    gone.raise();
  });
  auto publisher = node->publisher("news");
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("end"));
  ASSERT_TRUE(gone.wait());
  EXPECT_EQ(publisher.drain(kPatience).error(), Errc::shutting_down);
}

TEST(StopOfANode, FreesWhoeverPublishes) {
  Flag in_callback;
  Flag go_on;
  std::optional<Node> node(std::in_place, on_loopback());
  const auto subscription = node->subscribe("news", [&](const Message&) {
    in_callback.raise();
    static_cast<void>(go_on.wait());
  });
  auto publisher = node->publisher("news", {.queue_messages = 4});
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  std::atomic<std::size_t> accepted = 0;
  Errc why{};
  std::jthread publishing([&] {
    while (true) {
      const auto published = publisher.publish("again and again");
      if (!published) {
        why = published.error();
        return;
      }
      ++accepted;
    }
  });
  ASSERT_TRUE(in_callback.wait());
  std::jthread stopping([&] { node.reset(); });
  publishing.join();
  go_on.raise();
  stopping.join();
  EXPECT_EQ(why, Errc::shutting_down);
  EXPECT_GT(accepted, 0U);
}

TEST(StopOfANode, FreesWhoeverWaits) {
  Node node(on_loopback());
  auto publisher = node.publisher("nobody wants it");
  Flag waiting;
  Result<void> waited;
  std::jthread waiter([&] {
    waiting.raise();
    waited = publisher.wait_for_match(kPatience);
  });
  ASSERT_TRUE(waiting.wait());
  node.stop();
  waiter.join();
  EXPECT_EQ(waited.error(), Errc::shutting_down);
}

TEST(StopOfANode, IsHarmlessForWhatOutlivesIt) {
  std::optional<Node> node(std::in_place, on_loopback());
  auto publisher = node->publisher("news");
  auto subscription = node->subscribe("news", [](const Message&) {});
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  node.reset();
  EXPECT_EQ(publisher.publish("late").error(), Errc::shutting_down);
  EXPECT_EQ(publisher.try_publish("late").error(), Errc::shutting_down);
  EXPECT_EQ(publisher.wait_for_match(kPatience).error(), Errc::shutting_down);
  EXPECT_EQ(publisher.drain(kPatience).error(), Errc::shutting_down);
  EXPECT_EQ(subscription.wait_for_match(kPatience).error(), Errc::shutting_down);
  EXPECT_EQ(publisher.status().queued_messages, 0U);
}

/// As another thread may ask for it, after the node has looked whom it has to end.
TEST(StopOfANode, EndsAPublisherThatIsAskedForMeanwhile) {
  boost::asio::io_context context;
  const auto runtime =
      Node::Runtime::start(on_loopback(), boost::asio::any_io_executor(context.get_executor()));
  const auto full = runtime->publisher("full", {.queue_messages = 1});
  full->publish_later(as_bytes("fits"), full, [](const Result<void>&) {});
  std::shared_ptr<Publisher::State> late;
  full->publish_later(as_bytes("waits"), full,
                      [&](const Result<void>&) { late = runtime->publisher("late", {}); });
  runtime->begin_stop();
  ASSERT_TRUE(late);
  context.run();
  EXPECT_EQ(late->status().published, 0U);
  EXPECT_EQ(late->try_publish(as_bytes("later"), late).error(), Errc::shutting_down);
}

TEST(StopOfANode, DeclaresNothingMore) {
  boost::asio::io_context context;
  const auto runtime =
      Node::Runtime::start(on_loopback(), boost::asio::any_io_executor(context.get_executor()));
  runtime->begin_stop();
  const auto subscription = runtime->subscribe("news", [](const Message&) {}, {});
  const auto publisher = runtime->publisher("news", {});
  context.run();
  EXPECT_EQ(runtime->status().subscriptions, 0U);
  EXPECT_EQ(runtime->status().publishers, 0U);
}

TEST(StopOfANode, TellsItsPeers) {
  Heard log;
  NodeConfig config = on_loopback();
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node founder(std::move(config));
  std::optional<Node> joiner(std::in_place, on_loopback(founder.addresses()));
  ASSERT_TRUE(joiner->wait_until_ready(kPatience));
  const std::string name = joiner->id().abbreviated();
  joiner.reset();
  EXPECT_TRUE(log.wait_for("lost " + name));
}

TEST(StopOfANode, LeavesAnotherMovedInItsPlace) {
  Node node(on_loopback());
  const Fingerprint first = node.id();
  node = Node(on_loopback());
  EXPECT_NE(node.id(), first);
  EXPECT_TRUE(node.wait_until_ready(kPatience));
}

TEST(EndOfASubscription, IsTheEndOfItsCallbacks) {
  Node node(on_loopback());
  Heard matched;
  auto publisher =
      node.publisher("news", {.on_match = [&](const Match&) { matched.add("match"); },
                              .on_unmatch = [&](const Match&) { matched.add("end"); }});
  {
    auto alive = std::make_unique<std::atomic<bool>>(true);
    Flag called;
    const auto subscription = node.subscribe("news", [&](const Message&) {
      EXPECT_TRUE(*alive);
      called.raise();
    });
    ASSERT_TRUE(matched.wait_for(1));
    ASSERT_TRUE(publisher.publish("first"));
    ASSERT_TRUE(called.wait());
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(publisher.publish("more"));
  }
  EXPECT_TRUE(matched.wait_for("end"));
}

}  // namespace
}  // namespace kith
