// A node on an executor of the application, with callbacks and coroutines.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <kith/asio.hpp>

#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

namespace asio = boost::asio;
using test::Heard;
using test::kPatience;
using test::on_loopback;

TEST(NodeOnAnExecutor, IsAwaitedInACoroutine) {
  asio::io_context context;
  std::vector<std::string> heard;
  bool finished = false;
  const auto session = [&]() -> asio::awaitable<void> {
    Node founder = make_node(context.get_executor(), on_loopback());
    Node joiner = make_node(context.get_executor(), on_loopback(founder.addresses()));
    const auto subscription = joiner.subscribe(
        "news", [&](const Message& message) { heard.emplace_back(message.text()); });
    auto publisher = founder.publisher("news");
    EXPECT_TRUE(co_await async_wait_until_ready(joiner, kPatience, asio::use_awaitable));
    EXPECT_TRUE(co_await async_wait_for_match(publisher, kPatience, asio::use_awaitable));
    for (int i = 0; i < 100; ++i) {
      const std::string text = std::to_string(i);
      EXPECT_TRUE(co_await async_publish(publisher, as_bytes(text), asio::use_awaitable));
    }
    EXPECT_TRUE(co_await async_drain(publisher, kPatience, asio::use_awaitable));
    const auto trace = co_await async_trace(joiner, "news", kPatience, asio::use_awaitable);
    EXPECT_EQ(trace->hops.front(), joiner.id());
    EXPECT_TRUE(co_await async_stop(joiner, asio::use_awaitable));
    EXPECT_TRUE(co_await async_stop(founder, asio::use_awaitable));
    const auto late = co_await async_publish(publisher, as_bytes("late"), asio::use_awaitable);
    EXPECT_EQ(late.error(), Errc::shutting_down);
    finished = true;
  };
  asio::co_spawn(context, session(), asio::detached);
  // It runs out of work, so nothing of the nodes is left behind.
  context.run();
  EXPECT_TRUE(finished);
  ASSERT_EQ(heard.size(), 100U);
  EXPECT_EQ(heard.back(), "99");
}

TEST(NodeOnAnExecutor, CallsOneCallbackAtATime) {
  asio::thread_pool pool(4);
  {
    Node node = make_node(pool.get_executor(), on_loopback());
    std::atomic<int> inside = 0;
    std::atomic<int> received = 0;
    std::atomic<bool> alone = true;
    const auto on_message = [&](const Message&) {
      if (++inside > 1) alone = false;
      ++received;
      --inside;
    };
    const auto first = node.subscribe("a", on_message);
    const auto second = node.subscribe("b", on_message);
    auto to_first = node.publisher("a");
    auto to_second = node.publisher("b");
    ASSERT_TRUE(to_first.wait_for_match(kPatience));
    ASSERT_TRUE(to_second.wait_for_match(kPatience));
    for (int i = 0; i < 1000; ++i) {
      ASSERT_TRUE(to_first.publish("x"));
      ASSERT_TRUE(to_second.publish("y"));
    }
    ASSERT_TRUE(to_first.drain(kPatience));
    ASSERT_TRUE(to_second.drain(kPatience));
    EXPECT_EQ(received, 2000);
    EXPECT_TRUE(alone);
    node.stop();
  }
  pool.join();
}

TEST(NodeOnAnExecutor, AnswersToFutures) {
  asio::thread_pool pool(1);
  {
    Node node = make_node(pool.get_executor(), on_loopback());
    EXPECT_TRUE(async_wait_until_ready(node, kPatience, asio::use_future).get());
    auto publisher = node.publisher("nobody wants it");
    EXPECT_EQ(async_wait_for_match(publisher, std::chrono::milliseconds(1), asio::use_future)
                  .get()
                  .error(),
              Errc::timed_out);
    EXPECT_EQ(async_trace(node, "", kPatience, asio::use_future).get().error(), Errc::bad_text);
    EXPECT_TRUE(async_stop(node, asio::use_future).get());
  }
  pool.join();
}

TEST(NodeOnAnExecutor, MayEndBeforeItEverRan) {
  asio::io_context context;
  {
    Node node = make_node(context.get_executor(), on_loopback());
    auto publisher = node.publisher("news");
    EXPECT_TRUE(publisher.publish("into the blue"));
    EXPECT_FALSE(node.is_ready());
  }
  // What it left behind comes to its end by itself.
  context.run();
}

TEST(NodeOnAnExecutor, IsHarmlessForAPublisherThatOutlivesIt) {
  asio::io_context context;
  std::optional<Node> node = make_node(context.get_executor(), on_loopback());
  auto publisher = node->publisher("news");
  const auto subscription = node->subscribe("news", [](const Message&) {});
  bool matched = false;
  async_wait_for_match(publisher, kPatience, [&](Result<void> result) {
    matched = result.has_value();
    EXPECT_TRUE(publisher.publish("one"));
    node.reset();
  });
  context.run();
  EXPECT_TRUE(matched);
  EXPECT_EQ(publisher.status().published, 1U);
  EXPECT_EQ(publisher.publish("two").error(), Errc::shutting_down);
}

TEST(NodeOnAnExecutor, MayEndWithAnExecutorThatNeverRuns) {
  auto context = std::make_unique<asio::io_context>();
  std::optional<Node> node = make_node(context->get_executor(), on_loopback());
  auto subscription = std::optional(node->subscribe("news", [](const Message&) {}));
  node.reset();
  context.reset();
  EXPECT_EQ(subscription->wait_for_match(kPatience).error(), Errc::shutting_down);
}

TEST(NodeOnAnExecutor, AnswersThereWhenItIsGone) {
  asio::io_context context;
  std::optional<Node> node = make_node(context.get_executor(), on_loopback());
  const BlockList blocks = node->block_list();
  const Contacts contacts = node->contacts();
  auto publisher = node->publisher("news");
  node.reset();
  context.run();
  context.restart();
  std::vector<std::thread::id> answered;
  const auto note = [&](const auto& result) {
    EXPECT_EQ(result.error(), Errc::shutting_down);
    answered.push_back(std::this_thread::get_id());
  };
  async_list(blocks, kPatience, note);
  async_list(contacts, kPatience, note);
  async_wait_for_match(publisher, kPatience, note);
  context.run();
  EXPECT_EQ(answered, std::vector<std::thread::id>(3, std::this_thread::get_id()));
}

TEST(NodeOnAnExecutor, TakesPublicationsThatWaitInTheirOrder) {
  asio::io_context context;
  std::vector<std::string> heard;
  std::vector<std::string> accepted;
  Node node = make_node(context.get_executor(), on_loopback());
  auto publisher = node.publisher("news", {.queue_messages = 2});
  const auto subscription = node.subscribe("news", [&](const Message& message) {
    heard.emplace_back(message.text());
    if (heard.size() == 10) async_stop(node, asio::detached);
  });
  const auto publish_all = [&](Result<void> matched) {
    ASSERT_TRUE(matched);
    for (int i = 0; i < 10; ++i) {
      const std::string text = std::to_string(i);
      async_publish(publisher, as_bytes(text), [&accepted, text](Result<void> published) {
        if (published) accepted.push_back(text);
      });
    }
  };
  async_wait_for_match(publisher, kPatience, publish_all);
  context.run();
  const std::vector<std::string> all = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  EXPECT_EQ(heard, all);
  EXPECT_EQ(accepted, all);
}

}  // namespace
}  // namespace kith
