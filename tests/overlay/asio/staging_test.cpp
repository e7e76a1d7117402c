#include "overlay/asio/staging.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/overlay/asio/support.hpp"

namespace kith::overlay {
namespace {

using test::Flag;

std::vector<std::string> take(Staging& staging) {
  Staging::Batch batch;
  static_cast<void>(staging.fetch(batch));
  std::vector<std::string> messages;
  while (const auto message = batch.front()) {
    messages.emplace_back(as_text(*message));
    batch.drop_front();
  }
  return messages;
}

TEST(Staging, HandsOutWhatCameInInOrder) {
  Staging staging({.messages = 10, .bytes = 1000});
  for (const std::string_view text : {"one", "", "three"})
    ASSERT_TRUE(staging.try_append(as_bytes(text)));
  EXPECT_EQ(take(staging), (std::vector<std::string>{"one", "", "three"}));
  EXPECT_TRUE(take(staging).empty());
}

TEST(Staging, WakesTheNodeOnceForEachBatch) {
  Staging staging({.messages = 10, .bytes = 1000});
  EXPECT_EQ(staging.try_append(as_bytes("one")), true);
  EXPECT_EQ(staging.try_append(as_bytes("two")), false);
  take(staging);
  EXPECT_EQ(staging.append(as_bytes("three")), true);
  EXPECT_EQ(staging.append(as_bytes("four")), false);
}

TEST(Staging, HasLimitsInMessagesAndBytes) {
  Staging few({.messages = 2, .bytes = 1000});
  ASSERT_TRUE(few.try_append(as_bytes("one")));
  ASSERT_TRUE(few.try_append(as_bytes("two")));
  EXPECT_EQ(few.try_append(as_bytes("three")).error(), Errc::would_block);
  Staging small({.messages = 10, .bytes = 10});
  ASSERT_TRUE(small.try_append(as_bytes("one")));
  EXPECT_EQ(small.try_append(as_bytes("twelve")).error(), Errc::would_block);
}

TEST(Staging, TakesOneMessageOfAnySize) {
  Staging staging({.messages = 10, .bytes = 10});
  EXPECT_TRUE(staging.try_append(Bytes(1000)));
  EXPECT_EQ(staging.try_append({}).error(), Errc::would_block);
}

TEST(Staging, LetsAThreadWaitForRoom) {
  Staging staging({.messages = 1, .bytes = 1000});
  ASSERT_TRUE(staging.try_append(as_bytes("one")));
  Flag begun;
  std::jthread waiting([&] {
    begun.raise();
    EXPECT_TRUE(staging.append(as_bytes("two")));
  });
  ASSERT_TRUE(begun.wait());
  EXPECT_EQ(take(staging), std::vector<std::string>{"one"});
  waiting.join();
  EXPECT_EQ(take(staging), std::vector<std::string>{"two"});
}

TEST(Staging, KeepsThoseThatComeLaterBehindThoseThatWait) {
  Staging staging({.messages = 1, .bytes = 1000});
  ASSERT_TRUE(staging.try_append(as_bytes("one")));
  std::vector<std::string> accepted;
  for (const std::string text : {"two", "three"})
    EXPECT_FALSE(staging.append_later(as_bytes(text), [&accepted, text](Result<void> done) {
      if (done) accepted.push_back(text);
    }));
  EXPECT_TRUE(accepted.empty());
  EXPECT_EQ(take(staging), std::vector<std::string>{"one"});
  EXPECT_EQ(accepted, std::vector<std::string>{"two"});
  EXPECT_EQ(staging.try_append(as_bytes("four")).error(), Errc::would_block);
  EXPECT_EQ(take(staging), std::vector<std::string>{"two"});
  EXPECT_EQ(take(staging), std::vector<std::string>{"three"});
  EXPECT_TRUE(staging.try_append(as_bytes("four")));
}

TEST(Staging, SaysWhenItMustBeFetchedAgain) {
  Staging staging({.messages = 1, .bytes = 1000});
  ASSERT_TRUE(staging.try_append(as_bytes("one")));
  EXPECT_FALSE(staging.append_later(as_bytes("two"), [](Result<void>) {}));
  Staging::Batch batch;
  EXPECT_TRUE(staging.fetch(batch));
  Staging::Batch next;
  EXPECT_FALSE(staging.fetch(next));
  EXPECT_EQ(as_text(*next.front()), "two");
}

TEST(Staging, RefusesEverythingOnceItIsClosed) {
  Staging staging({.messages = 1, .bytes = 1000});
  ASSERT_TRUE(staging.try_append(as_bytes("one")));
  Result<void> later;
  EXPECT_FALSE(staging.append_later(as_bytes("two"), [&](Result<void> done) { later = done; }));
  Flag begun;
  Result<bool> waited;
  std::jthread waiting([&] {
    begun.raise();
    waited = staging.append(as_bytes("three"));
  });
  ASSERT_TRUE(begun.wait());
  staging.close(Errc::shutting_down);
  waiting.join();
  EXPECT_EQ(later.error(), Errc::shutting_down);
  EXPECT_EQ(waited.error(), Errc::shutting_down);
  EXPECT_EQ(staging.try_append(as_bytes("four")).error(), Errc::shutting_down);
}

}  // namespace
}  // namespace kith::overlay
