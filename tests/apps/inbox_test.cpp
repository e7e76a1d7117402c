#include "apps/inbox.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace kith::apps {
namespace {

using Clock = Inbox::Clock;
constexpr auto kForever = Clock::time_point::max();

void append_text(std::string& text, const Message& message, std::uint64_t) {
  text += message.text();
}

Message message(std::string_view text) {
  return {.subject = "s", .payload = as_bytes(text), .sender = {}};
}

TEST(Inbox, GivesWhatCameInItsOrder) {
  Inbox inbox(append_text, std::nullopt, 2);
  inbox.put(1, message("a"));
  inbox.put(0, message("b"));
  inbox.put(1, message("c"));
  const Inbox::Batch batch = inbox.take(kForever);
  EXPECT_EQ(batch.text, "abc");
  EXPECT_EQ(batch.messages, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(inbox.received(), 3U);
  const Inbox::Batch nothing = inbox.take(Clock::now());
  EXPECT_EQ(nothing.text, "");
  EXPECT_EQ(nothing.messages, (std::vector<std::uint64_t>{0, 0}));
}

TEST(Inbox, TakesNoMoreThanWanted) {
  Inbox inbox(append_text, 2, 1);
  for (const char* text : {"a", "b", "c"}) inbox.put(0, message(text));
  EXPECT_FALSE(inbox.is_complete());
  const Inbox::Batch batch = inbox.take(kForever);
  EXPECT_EQ(batch.text, "ab");
  EXPECT_EQ(batch.messages, std::vector<std::uint64_t>{2});
  EXPECT_TRUE(inbox.is_complete());
  EXPECT_EQ(inbox.received(), 2U);
}

TEST(Inbox, WakesForTheFirstMatch) {
  Inbox inbox(append_text, std::nullopt, 1);
  std::jthread node([&] { inbox.on_match(); });
  EXPECT_EQ(inbox.take(kForever).text, "");
  EXPECT_TRUE(inbox.is_matched());
}

TEST(Inbox, KeepsWhatCameBeforeItWasClosed) {
  Inbox inbox(append_text, std::nullopt, 1);
  inbox.put(0, message("a"));
  inbox.close();
  inbox.put(0, message("b"));
  EXPECT_EQ(inbox.take(kForever).text, "a");
  EXPECT_EQ(inbox.received(), 1U);
}

}  // namespace
}  // namespace kith::apps
