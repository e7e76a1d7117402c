#include "overlay/asio/waits.hpp"

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{1'000s};

struct Fixture : testing::Test {
  void wait(TimePoint deadline) {
    waits.add(
        deadline,
        [this] { return open ? std::optional<Result<void>>(Result<void>{}) : std::nullopt; },
        [this](Result<void> result) { answer = result; });
  }

  Waits waits;
  bool open = false;
  std::optional<Result<void>> answer;
};

using WaitsTest = Fixture;

TEST_F(WaitsTest, AnswerWhenItIsSo) {
  wait(kStart + 1s);
  waits.settle(kStart);
  EXPECT_FALSE(answer);
  open = true;
  waits.settle(kStart);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(*answer);
  EXPECT_FALSE(waits.next_deadline());
}

TEST_F(WaitsTest, TimeOutAtTheirDeadline) {
  wait(kStart + 1s);
  EXPECT_EQ(waits.next_deadline(), kStart + 1s);
  waits.settle(kStart + 1s - 1us);
  EXPECT_FALSE(answer);
  waits.settle(kStart + 1s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error(), Errc::timed_out);
}

TEST_F(WaitsTest, PreferAnAnswerToATimeout) {
  wait(kStart);
  open = true;
  waits.settle(kStart);
  EXPECT_TRUE(*answer);
}

TEST_F(WaitsTest, EndTogetherAndForEver) {
  wait(kStart + 1s);
  waits.end(Errc::shutting_down);
  EXPECT_EQ(answer->error(), Errc::shutting_down);
  answer.reset();
  open = true;
  wait(kStart + 1s);
  EXPECT_EQ(answer->error(), Errc::shutting_down);
}

}  // namespace
}  // namespace kith::overlay
