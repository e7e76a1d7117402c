#include "apps/inbox.hpp"

#include <string>
#include <thread>

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
  Inbox inbox(append_text, std::nullopt);
  EXPECT_TRUE(inbox.put(message("a")));
  EXPECT_TRUE(inbox.put(message("b")));
  EXPECT_EQ(inbox.take(kForever), "ab");
  EXPECT_EQ(inbox.received(), 2U);
  EXPECT_EQ(inbox.take(Clock::now()), "");
}

TEST(Inbox, TakesNoMoreThanWanted) {
  Inbox inbox(append_text, 2);
  EXPECT_TRUE(inbox.put(message("a")));
  EXPECT_FALSE(inbox.put(message("b")));
  EXPECT_FALSE(inbox.put(message("c")));
  EXPECT_FALSE(inbox.is_complete());
  EXPECT_EQ(inbox.take(kForever), "ab");
  EXPECT_TRUE(inbox.is_complete());
  EXPECT_EQ(inbox.received(), 2U);
}

TEST(Inbox, WakesForTheFirstMatch) {
  Inbox inbox(append_text, std::nullopt);
  std::jthread node([&] { inbox.on_match(); });
  EXPECT_EQ(inbox.take(kForever), "");
  EXPECT_TRUE(inbox.is_matched());
}

TEST(Inbox, HoldsUpTheNodeWhileNobodyWrites) {
  Inbox inbox(append_text, std::nullopt);
  const std::string big(std::size_t{1} << 20, 'x');
  std::jthread node([&] {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(inbox.put(message(big)));
  });
  std::size_t most = 0;
  std::size_t all = 0;
  while (all < 50 * big.size()) {
    const std::string taken = inbox.take(kForever);
    most = std::max(most, taken.size());
    all += taken.size();
  }
  EXPECT_EQ(all, 50 * big.size());
  EXPECT_LE(most, 5 * big.size());
}

TEST(Inbox, LosesNothingThatComesWhileItIsClosed) {
  Inbox inbox(append_text, std::nullopt);
  const std::string big(std::size_t{8} << 20, 'x');
  EXPECT_TRUE(inbox.put(message(big)));
  std::jthread node([&] { EXPECT_FALSE(inbox.put(message("last"))); });
  inbox.close();
  node.join();
  EXPECT_EQ(inbox.take(kForever), big + "last");
}

}  // namespace
}  // namespace kith::apps
