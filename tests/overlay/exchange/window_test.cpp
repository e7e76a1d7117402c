#include <gtest/gtest.h>

#include "overlay/exchange/receiving_window.hpp"
#include "overlay/exchange/sending_window.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow(1h);

/// Hands over what came and says at once that it is done with.
void deliver(ReceivingWindow& window, std::uint64_t count) {
  window.on_delivered(count, count);
  window.settle(window.next(), count, count);
}

TEST(ReceivingWindow, GrowsWhileTheSenderUsesItUp) {
  ReceivingWindow window(16);
  window.open_anew(0);
  std::uint64_t next = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(window.on_data(next, window.messages() / 2, 1));
    deliver(window, window.messages() / 2);
    next = window.next();
    (void)window.grant(ChannelNumber{});
  }
  EXPECT_EQ(window.messages(), kWindowMessagesMax);
}

TEST(ReceivingWindow, StaysWhereTheSenderIsSlow) {
  ReceivingWindow window(16);
  window.open_anew(100);
  for (std::uint64_t i = 100; i < 200; ++i) {
    ASSERT_TRUE(window.on_data(i, 1, 1));
    deliver(window, 1);
    const CreditMessage credit = window.grant(ChannelNumber{});
    EXPECT_EQ(credit.acknowledged, i + 1);
    EXPECT_EQ(credit.messages, i + 17);
  }
}

TEST(ReceivingWindow, NeverGrantsLessThanOne) {
  ReceivingWindow window(0);
  window.open_anew(0);
  EXPECT_TRUE(window.on_data(0, 1, 1));
  EXPECT_FALSE(window.on_data(0, 2, 1));
}

TEST(ReceivingWindow, KnowsWhatItHasHad) {
  ReceivingWindow window(16);
  window.open_anew(0);
  ASSERT_EQ(window.on_data(0, 4, 1), 0U);
  deliver(window, 4);
  EXPECT_EQ(window.on_data(2, 4, 1), 2U);
  EXPECT_EQ(window.on_data(0, 3, 1), 3U);
}

TEST(ReceivingWindow, RefusesGaps) {
  ReceivingWindow window(16);
  window.open_anew(5);
  EXPECT_EQ(window.on_data(6, 1, 1).error(), Errc::protocol_error);
  EXPECT_TRUE(window.on_expired(6));
  EXPECT_EQ(window.on_data(6, 1, 1), 0U);
  EXPECT_EQ(window.on_expired(5).error(), Errc::protocol_error);
}

TEST(ReceivingWindow, RefusesMoreBytesThanGranted) {
  ReceivingWindow window(100);
  window.open_anew(0);
  ASSERT_TRUE(window.on_data(0, 1, kWindowBytes));
  EXPECT_EQ(window.on_data(0, 1, 1).error(), Errc::protocol_error);
  (void)window.grant(ChannelNumber{});
  EXPECT_TRUE(window.on_data(0, 1, 1));
}

TEST(ReceivingWindow, AcknowledgesWhatIsSettledOnly) {
  ReceivingWindow window(16);
  window.open_anew(0);
  ASSERT_TRUE(window.on_data(0, 4, 40));
  window.on_delivered(4, 40);
  EXPECT_FALSE(window.has_news());
  EXPECT_EQ(window.grant(ChannelNumber{}).acknowledged, 0U);
  window.settle(3, 3, 30);
  EXPECT_TRUE(window.has_news());
  const CreditMessage credit = window.grant(ChannelNumber{});
  EXPECT_EQ(credit.acknowledged, 3U);
  EXPECT_EQ(credit.messages, 19U);
  EXPECT_EQ(credit.bytes, 40 + kWindowBytes - 10);
}

TEST(ReceivingWindow, PassesOverWhatExpiredBehindTheLastSettled) {
  ReceivingWindow window(16);
  window.open_anew(0);
  ASSERT_TRUE(window.on_data(0, 2, 2));
  window.on_delivered(2, 2);
  ASSERT_TRUE(window.on_expired(7));
  EXPECT_FALSE(window.has_news());
  window.settle(2, 2, 2);
  EXPECT_EQ(window.grant(ChannelNumber{}).acknowledged, 7U);
}

TEST(ReceivingWindow, AsksAgainForWhatIsNotSettled) {
  ReceivingWindow window(16);
  window.open_anew(0);
  ASSERT_TRUE(window.on_data(0, 4, 40));
  window.on_delivered(4, 40);
  window.settle(1, 1, 10);
  const ReceivingWindow::Request request = window.ask();
  EXPECT_EQ(request.next, 1U);
  EXPECT_EQ(request.credit_bytes, kWindowBytes - 30);
  EXPECT_FALSE(window.may_begin(0));
  ASSERT_TRUE(window.may_begin(1));
  window.open(1);
  EXPECT_EQ(window.on_data(1, 4, 40), 3U);
  window.settle(4, 3, 30);
  EXPECT_EQ(window.grant(ChannelNumber{}).acknowledged, 4U);
}

TEST(ReceivingWindow, GrantsNothingWhileAllOfItWaits) {
  ReceivingWindow window(16);
  window.open_anew(0);
  ASSERT_TRUE(window.on_data(0, 1, kWindowBytes + 100));
  window.on_delivered(1, kWindowBytes + 100);
  EXPECT_EQ(window.ask().credit_bytes, 0U);
  window.open(0);
  EXPECT_EQ(window.on_data(0, 1, 1).error(), Errc::protocol_error);
  window.settle(1, 1, kWindowBytes + 100);
  EXPECT_EQ(window.grant(ChannelNumber{}).bytes, kWindowBytes);
}

struct SendingWindowTest : testing::Test {
  PublisherLog log{{.messages = 100, .bytes = 100'000, .time_to_live = 1s}};
  SendingWindow window{log.seek(0)};

  void publish(int count, Duration at = {}) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(log.append(Bytes(1), kNow + at));
  }
  void send_all() {
    while (window.may_send(log)) (void)window.read(log);
  }
  Result<std::uint64_t> acknowledge(std::uint64_t sequence) {
    return window.on_credit(log, {ChannelNumber{}, sequence, 1'000, 1'000'000});
  }
  std::uint64_t expire(Duration at) {
    log.expire(kNow + at);
    return window.skip_expired(log);
  }
};

TEST_F(SendingWindowTest, StopsAtItsCredit) {
  window.open(3, 100);
  publish(5);
  EXPECT_EQ(window.read(log).count, 3U);
  EXPECT_FALSE(window.may_send(log));
}

TEST_F(SendingWindowTest, StopsAtItsBytes) {
  window.open(100, 3);
  publish(1);
  send_all();
  publish(1);
  send_all();
  EXPECT_EQ(window.position(), 2U);
  publish(1);
  EXPECT_FALSE(window.may_send(log));
}

TEST_F(SendingWindowTest, RefusesWhatWasNotSent) {
  window.open(3, 100);
  publish(5);
  send_all();
  EXPECT_EQ(acknowledge(4).error(), Errc::protocol_error);
  EXPECT_EQ(acknowledge(3), 3U);
}

TEST_F(SendingWindowTest, RefusesToGoBack) {
  window.open(3, 100);
  publish(3);
  send_all();
  ASSERT_TRUE(window.on_credit(log, {ChannelNumber{}, 2, 10, 200}));
  EXPECT_FALSE(window.on_credit(log, {ChannelNumber{}, 1, 10, 200}));
  EXPECT_FALSE(window.on_credit(log, {ChannelNumber{}, 2, 9, 200}));
  EXPECT_FALSE(window.on_credit(log, {ChannelNumber{}, 2, 10, 199}));
  EXPECT_TRUE(window.on_credit(log, {ChannelNumber{}, 2, 10, 200}));
}

TEST_F(SendingWindowTest, LeavesOutWhatExpiredBetween) {
  window.open(3, 100);
  publish(3);
  send_all();
  publish(4, 10ms);
  EXPECT_EQ(expire(1s + 20ms), 4U);
  publish(2, 2s);
  ASSERT_TRUE(window.on_credit(log, {ChannelNumber{}, 0, 100, 100}));
  send_all();
  EXPECT_EQ(window.in_flight(log), 5U);
  EXPECT_EQ(acknowledge(8), 4U);
  EXPECT_EQ(window.in_flight(log), 1U);
  EXPECT_EQ(acknowledge(9), 1U);
}

TEST_F(SendingWindowTest, MayBeAcknowledgedWithinAGap) {
  window.open(2, 100);
  publish(2);
  send_all();
  publish(4);
  EXPECT_EQ(expire(2s), 4U);
  EXPECT_EQ(acknowledge(4), 2U);
  EXPECT_EQ(window.in_flight(log), 0U);
  EXPECT_EQ(acknowledge(6), 0U);
  EXPECT_EQ(window.in_flight(log), 0U);
}

TEST_F(SendingWindowTest, GoesBackToWhatTheReceiverWaitsFor) {
  window.open(10, 100);
  publish(6);
  send_all();
  const auto settled = window.resume(log, 2);
  EXPECT_EQ(settled.delivered, 2U);
  EXPECT_EQ(settled.expired, 0U);
  window.open(10, 100);
  EXPECT_EQ(window.read(log).first, 2U);
}

TEST_F(SendingWindowTest, MayBeAcknowledgedBeyondWhereItWentBackTo) {
  window.open(10, 100);
  publish(6);
  send_all();
  (void)window.resume(log, 0);
  window.open(10, 100);
  (void)window.on_credit(log, {ChannelNumber{}, 0, 10, 100});
  EXPECT_TRUE(window.can_resume(6));
  EXPECT_EQ(acknowledge(4), 4U);
  EXPECT_EQ(window.read(log).first, 4U);
  EXPECT_FALSE(acknowledge(7));
}

TEST_F(SendingWindowTest, CountsNothingTwiceWhenItResumes) {
  window.open(3, 100);
  publish(3);
  send_all();
  publish(2);
  EXPECT_EQ(expire(2s), 2U);
  const auto settled = window.resume(log, 1);
  EXPECT_EQ(settled.delivered, 1U);
  EXPECT_EQ(settled.expired, 2U);
  EXPECT_EQ(window.in_flight(log), 0U);
  EXPECT_FALSE(window.has_gap_to_tell());
}

TEST_F(SendingWindowTest, ResumesAgainIfTheAcceptanceWasLost) {
  window.open(3, 100);
  publish(3);
  send_all();
  log.expire(kNow + 2s);
  EXPECT_EQ(window.resume(log, 1).expired, 2U);
  // The receiver never heard that two are expired.
  ASSERT_TRUE(window.can_resume(1));
  const auto settled = window.resume(log, 1);
  EXPECT_EQ(settled.delivered, 0U);
  EXPECT_EQ(settled.expired, 0U);
  EXPECT_EQ(window.position(), 3U);
  EXPECT_EQ(window.in_flight(log), 0U);
}

TEST_F(SendingWindowTest, DoesNotResumeWhereItNeverWas) {
  window.open(2, 100);
  publish(4);
  send_all();
  ASSERT_TRUE(acknowledge(1));
  send_all();
  EXPECT_FALSE(window.can_resume(0));
  EXPECT_TRUE(window.can_resume(1));
  EXPECT_TRUE(window.can_resume(4));
  EXPECT_FALSE(window.can_resume(5));
}

}  // namespace
}  // namespace kith::overlay
