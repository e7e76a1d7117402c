// Publishing from threads, with and without room.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <kith/node.hpp>

#include "tests/overlay/asio/support.hpp"

namespace kith {
namespace {

using test::Flag;
using test::Heard;
using test::into;
using test::kPatience;
using test::on_loopback;

/// Two nodes on one subject.
struct Pair {
  explicit Pair(std::function<void(const Message&)> on_message, PublisherOptions options = {},
                std::uint32_t credit = 1024)
      : sender(on_loopback()),
        receiver(on_loopback(sender.addresses())),
        subscription(receiver.subscribe("news", std::move(on_message), {.credit = credit})),
        publisher(sender.publisher("news", std::move(options))) {}

  Node sender;
  Node receiver;
  Subscription subscription;
  Publisher publisher;
};

TEST(Publisher, KeepsTheOrderOfEachThread) {
  constexpr std::size_t kThreads = 4;
  constexpr std::uint32_t kEach = 5'000;
  std::array<std::uint32_t, kThreads> next{};
  std::atomic<std::size_t> received = 0;
  std::atomic<bool> in_order = true;
  Flag all;
  Pair pair([&](const Message& message) {
    const std::size_t thread = message.payload[0];
    std::uint32_t number = 0;
    for (int i = 1; i <= 4; ++i)
      number = number << 8 | message.payload[static_cast<std::size_t>(i)];
    if (number != next[thread]++) in_order = false;
    if (++received == kThreads * kEach) all.raise();
  });
  ASSERT_TRUE(pair.publisher.wait_for_match(kPatience));
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        for (std::uint32_t i = 0; i < kEach; ++i) {
          const std::array<Byte, 5> payload = {
              static_cast<Byte>(thread), static_cast<Byte>(i >> 24), static_cast<Byte>(i >> 16),
              static_cast<Byte>(i >> 8), static_cast<Byte>(i)};
          EXPECT_TRUE(pair.publisher.publish(payload));
        }
      });
  }
  EXPECT_TRUE(all.wait());
  EXPECT_TRUE(in_order);
}

TEST(Publisher, DeliversAHundredThousandMessagesOnceAndInOrder) {
  constexpr std::uint32_t kMessages = 100'000;
  std::atomic<std::uint32_t> next = 0;
  std::atomic<bool> in_order = true;
  Pair pair([&](const Message& message) {
    if (message.text() != std::to_string(next.load())) in_order = false;
    ++next;
  });
  ASSERT_TRUE(pair.publisher.wait_for_match(kPatience));
  for (std::uint32_t i = 0; i < kMessages; ++i)
    ASSERT_TRUE(pair.publisher.publish(std::to_string(i)));
  ASSERT_TRUE(pair.publisher.drain(kPatience));
  EXPECT_EQ(next, kMessages);
  EXPECT_TRUE(in_order);
  const PublisherStatus status = pair.publisher.status();
  EXPECT_EQ(status.published, kMessages);
  EXPECT_EQ(status.owed, kMessages);
  EXPECT_EQ(status.delivered, kMessages);
  EXPECT_EQ(status.queued_messages, 0U);
}

TEST(Publisher, CarriesMessagesOfEverySize) {
  std::mutex mutex;
  std::vector<std::size_t> sizes;
  bool intact = true;
  Pair pair([&](const Message& message) {
    const std::lock_guard lock(mutex);
    sizes.push_back(message.payload.size());
    for (const Byte byte : message.payload)
      intact = intact && byte == static_cast<Byte>(message.payload.size());
  });
  ASSERT_TRUE(pair.publisher.wait_for_match(kPatience));
  std::vector<std::size_t> sent;
  for (const std::size_t size : {0U, 1U, 255U, 256U, 65'000U, 65'536U, 300'000U, 1'000'000U}) {
    const Bytes payload(size, static_cast<Byte>(size));
    ASSERT_TRUE(pair.publisher.publish(payload));
    sent.push_back(size);
  }
  ASSERT_TRUE(pair.publisher.drain(kPatience));
  const std::lock_guard lock(mutex);
  EXPECT_EQ(sizes, sent);
  EXPECT_TRUE(intact);
}

TEST(Publisher, RefusesWhatIsTooLong) {
  Node node(on_loopback());
  auto publisher = node.publisher("news", {.queue_bytes = 1000});
  EXPECT_EQ(publisher.publish(Bytes(1001)).error(), Errc::too_long);
  EXPECT_EQ(publisher.try_publish(Bytes(2U << 20)).error(), Errc::too_long);
  EXPECT_TRUE(publisher.publish(Bytes(900)));
}

TEST(Publisher, WaitsForASlowSubscriber) {
  Flag first;
  Flag go_on;
  std::atomic<std::size_t> received = 0;
  Pair pair(
      [&](const Message&) {
        first.raise();
        static_cast<void>(go_on.wait());
        ++received;
      },
      {.queue_messages = 100}, 10);
  ASSERT_TRUE(pair.publisher.wait_for_match(kPatience));
  ASSERT_TRUE(pair.publisher.publish("first"));
  ASSERT_TRUE(first.wait());

  // What can wait anywhere on the way is bounded.
  std::size_t accepted = 1;
  while (pair.publisher.try_publish("more")) ASSERT_LT(++accepted, 1'000'000U);
  EXPECT_EQ(pair.publisher.try_publish("more").error(), Errc::would_block);
  std::atomic<bool> published = false;
  std::jthread waiting([&] {
    EXPECT_TRUE(pair.publisher.publish("waits"));
    published = true;
  });
  go_on.raise();
  waiting.join();
  EXPECT_TRUE(published);
  ASSERT_TRUE(pair.publisher.drain(kPatience));
  EXPECT_GE(received, accepted);
}

TEST(Publisher, IsDrainedOnlyOnceWhatItSentIsAcknowledgedThoughAllElseHasExpired) {
  Heard log;
  Flag taken;
  Flag go_on;
  NodeConfig config = on_loopback();
  config.log = [&](LogLevel, std::string_view line) { log.add(std::string(line)); };
  Node sender(std::move(config));
  Node receiver(on_loopback(sender.addresses()));
  const auto subscription = receiver.subscribe("news",
                                               [&](const Message&) {
                                                 taken.raise();
                                                 static_cast<void>(go_on.wait());
                                               },
                                               {.credit = 1});
  auto publisher = sender.publisher("news", {.time_to_live = std::chrono::seconds(1)});
  ASSERT_TRUE(publisher.wait_for_match(kPatience));
  ASSERT_TRUE(publisher.publish("held back"));
  ASSERT_TRUE(taken.wait());
  ASSERT_TRUE(publisher.publish("beyond the credit"));
  ASSERT_TRUE(log.wait_for("expired"));

  EXPECT_EQ(publisher.drain(std::chrono::milliseconds(1)).error(), Errc::timed_out);
  EXPECT_EQ(publisher.status().queued_messages, 0U);
  EXPECT_EQ(publisher.status().in_flight(), 1U);
  go_on.raise();
  ASSERT_TRUE(publisher.drain(kPatience));
  EXPECT_EQ(publisher.status().delivered, 1U);
  EXPECT_EQ(publisher.status().expired, 1U);
}

TEST(Publisher, ReachesWhoeverItWasMatchedWith) {
  Node founder(on_loopback());
  for (int round = 0; round < 20; ++round) {
    Heard heard;
    const std::string subject = "round " + std::to_string(round);
    const auto subscription = founder.subscribe(subject, into(heard));
    Node sender(on_loopback(founder.addresses()));
    auto publisher = sender.publisher(subject);
    ASSERT_TRUE(publisher.wait_for_match(kPatience));
    ASSERT_TRUE(publisher.publish("the very first"));
    ASSERT_TRUE(heard.wait_for(1)) << round;
  }
}

TEST(Publisher, IsOneForEachSubjectOfANode) {
  Node node(on_loopback());
  {
    const auto publisher = node.publisher("news");
    EXPECT_THROW(static_cast<void>(node.publisher("news")), StartError);
  }
  auto again = node.publisher("news");
  Heard heard;
  const auto subscription = node.subscribe("news", into(heard));
  ASSERT_TRUE(again.wait_for_match(kPatience));
  ASSERT_TRUE(again.publish("again"));
  EXPECT_TRUE(heard.wait_for(1));
}

TEST(Subscription, IsRefusedBeyondWhatAPublisherKeepsForANode) {
  Node node(on_loopback());
  Heard heard;
  std::vector<Subscription> subscriptions;
  for (int i = 0; i < 64; ++i) subscriptions.push_back(node.subscribe("news", into(heard)));
  EXPECT_THROW(static_cast<void>(node.subscribe("news", into(heard))), StartError);
  subscriptions.pop_back();
  subscriptions.push_back(node.subscribe("news", into(heard)));
}

TEST(Publisher, IsRefusedWithABadName) {
  Node node(on_loopback());
  EXPECT_THROW(static_cast<void>(node.publisher("")), StartError);
  EXPECT_THROW(static_cast<void>(node.publisher(std::string(256, 'a'))), StartError);
  EXPECT_THROW(static_cast<void>(node.publisher("\xff")), StartError);
  EXPECT_THROW(static_cast<void>(node.subscribe("", [](const Message&) {})), StartError);
}

}  // namespace
}  // namespace kith
