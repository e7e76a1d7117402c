#include "overlay/needed_sessions.hpp"

#include <array>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMany = 1'000;

struct NeededSessionsTest : testing::Test {
  static Fingerprint node(std::size_t number) {
    std::array<Byte, Fingerprint::kBytes> bytes{};
    bytes[0] = static_cast<Byte>(number >> 8);
    bytes[1] = static_cast<Byte>(number);
    return Fingerprint(bytes);
  }
  void need(std::size_t number) {
    needed.need(node(number), static_cast<ContactIndex>(number));
    needed.on_missing(node(number), now);
  }
  /// Whom it dials by now.
  std::vector<std::size_t> dials() {
    std::vector<std::size_t> numbers;
    while (const auto contact = needed.next_dial(now))
      numbers.push_back(static_cast<std::size_t>(*contact));
    return numbers;
  }

  SeededRandom random{1};
  NeededSessions needed{random};
  TimePoint now{1h};
};

TEST_F(NeededSessionsTest, AreDialedAtOnce) {
  need(7);
  EXPECT_EQ(needed.next_deadline(), now);
  EXPECT_EQ(dials(), std::vector<std::size_t>{7});
  need(7);
  EXPECT_TRUE(dials().empty());
  EXPECT_EQ(needed.next_deadline(), std::nullopt);
}

TEST_F(NeededSessionsTest, AreNotDialedWithoutAToken) {
  needed.need(node(1), std::nullopt);
  needed.on_missing(node(1), now);
  needed.on_failed(node(1), Errc::connection_lost, now);
  EXPECT_EQ(needed.next_deadline(), std::nullopt);
  EXPECT_TRUE(needed.is_needed(node(1)));
}

TEST_F(NeededSessionsTest, WaitTheirTurnWhereTooManyDialsAreUnderWay) {
  for (std::size_t i = 0; i < kMany; ++i) need(i);
  auto under_way = dials();
  EXPECT_EQ(under_way.size(), kExchangeDialsMax);
  now += 10s;
  EXPECT_TRUE(dials().empty());
  EXPECT_EQ(needed.next_deadline(), std::nullopt);
  // One that is over makes room for one, however it went and whether or not it is needed still.
  needed.on_connected(node(under_way[0]));
  EXPECT_LE(needed.next_deadline(), now);
  EXPECT_EQ(dials().size(), 1U);
  needed.on_failed(node(under_way[1]), Errc::connection_lost, now);
  EXPECT_EQ(dials().size(), 1U);
  needed.release(node(under_way[2]));
  EXPECT_TRUE(dials().empty());
  needed.on_failed(node(under_way[2]), Errc::connection_lost, now);
  EXPECT_EQ(dials().size(), 1U);
}

TEST_F(NeededSessionsTest, AreDialedNoMoreThanSoManyASecond) {
  for (std::size_t i = 0; i < kMany; ++i) need(i);
  std::size_t begun = 0;
  for (std::uint32_t second = 0; begun < kMany; ++second) {
    ASSERT_LE(begun, (second + 1) * kExchangeDialsPerSecond);
    ASSERT_GE(begun, second * kExchangeDialsPerSecond);
    for (const TimePoint end = now + 1s; now < end; now += 1ms) {
      for (const std::size_t number : dials()) {
        ++begun;
        needed.on_connected(node(number));
      }
    }
  }
  EXPECT_EQ(needed.next_deadline(), std::nullopt);
}

TEST_F(NeededSessionsTest, AreDialedAgainAfterLongerPauses) {
  need(1);
  ASSERT_EQ(dials().size(), 1U);
  Duration before{};
  for (int i = 0; i < 5; ++i) {
    needed.on_failed(node(1), Errc::connection_lost, now);
    EXPECT_TRUE(dials().empty());
    const Duration pause = *needed.next_deadline() - now;
    EXPECT_GT(pause, before);
    before = pause;
    now += pause;
    ASSERT_EQ(dials().size(), 1U);
  }
  needed.on_connected(node(1));
  needed.on_missing(node(1), now);
  ASSERT_EQ(dials().size(), 1U);
  needed.on_failed(node(1), Errc::connection_lost, now);
  EXPECT_LE(*needed.next_deadline() - now, 1250ms);
}

TEST_F(NeededSessionsTest, WaitAMinuteAfterASecondRefusal) {
  need(1);
  ASSERT_EQ(dials().size(), 1U);
  needed.on_failed(node(1), Errc::refused, now);
  EXPECT_GE(*needed.next_deadline() - now, 3s);
  EXPECT_LE(*needed.next_deadline() - now, 7s);
  now = *needed.next_deadline();
  ASSERT_EQ(dials().size(), 1U);
  needed.on_failed(node(1), Errc::refused, now);
  EXPECT_GE(*needed.next_deadline() - now, 45s);
}

TEST_F(NeededSessionsTest, AreNotDialedOnceNobodyNeedsThem) {
  need(1);
  needed.release(node(1));
  EXPECT_TRUE(dials().empty());
  need(2);
  needed.clear();
  EXPECT_TRUE(dials().empty());
  EXPECT_EQ(needed.next_deadline(), std::nullopt);
}

TEST_F(NeededSessionsTest, AreNotDialedOnceTheOtherSideWasFaster) {
  need(1);
  needed.on_connected(node(1));
  EXPECT_TRUE(dials().empty());
}

}  // namespace
}  // namespace kith::overlay
