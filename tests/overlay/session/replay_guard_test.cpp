#include "overlay/session/replay_guard.hpp"

#include <algorithm>
#include <cstdint>
#include <map>

#include <gtest/gtest.h>
#include <kith/token.hpp>

#include "overlay/session/dial_clock.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

WallTime at(std::int64_t microseconds) { return WallTime(Duration(microseconds)); }
crypto::DhPublicKey key(Byte name) { return {name}; }

TEST(ReplayGuard, TakesATimeOncePerKey) {
  ReplayGuard guard;
  EXPECT_TRUE(guard.check(key(1), at(10), at(10)));
  guard.remember(key(1), at(10));
  EXPECT_EQ(guard.check(key(1), at(10), at(10)).error(), Errc::replayed);
  EXPECT_EQ(guard.check(key(1), at(9), at(10)).error(), Errc::replayed);
  EXPECT_TRUE(guard.check(key(1), at(11), at(10)));
  EXPECT_TRUE(guard.check(key(2), at(10), at(10)));
}

TEST(ReplayGuard, RemembersNothingOfWhoDidNotConfirm) {
  ReplayGuard guard;
  EXPECT_TRUE(guard.check(key(1), at(10), at(10)));
  EXPECT_TRUE(guard.check(key(1), at(10), at(10)));
  EXPECT_EQ(guard.size(), 0U);
}

TEST(ReplayGuard, KeepsTheGreaterTimeOfTwoThatConfirmInTheWrongOrder) {
  ReplayGuard guard;
  guard.remember(key(1), at(11));
  guard.remember(key(1), at(10));
  EXPECT_EQ(guard.check(key(1), at(11), at(20)).error(), Errc::replayed);
  EXPECT_EQ(guard.size(), 1U);
}

TEST(ReplayGuard, RefusesTimesFurtherAheadThanClocksDiffer) {
  const ReplayGuard guard;
  EXPECT_TRUE(guard.check(key(1), at(10) + kClockSkewMax, at(10)));
  EXPECT_EQ(guard.check(key(1), at(11) + kClockSkewMax, at(10)).error(), Errc::out_of_range);
}

TEST(ReplayGuard, IsBoundedAndAdmitsNoReplayOfTheNewest) {
  kith::test::for_each_seed(100, [](Random& random) {
    constexpr int kMax = 8;
    ReplayGuard guard(kMax);
    std::map<Byte, WallTime> greatest;
    for (int i = 0; i < 500; ++i) {
      const auto name = static_cast<Byte>(random.below(20));
      const WallTime time = at(static_cast<std::int64_t>(random.below(100)) + i);
      const bool is_new = !greatest.contains(name) || greatest[name] < time;
      const auto newer = std::ranges::count_if(greatest, [&](const auto& other) {
        return other.first != name && other.second >= greatest[name];
      });
      const bool admitted = guard.check(key(name), time, at(i)).has_value();
      ASSERT_TRUE(admitted || !is_new);
      if (newer < kMax) {
        ASSERT_EQ(admitted, is_new);
      }
      if (!admitted) continue;
      guard.remember(key(name), time);
      greatest[name] = std::max(greatest[name], time);
      ASSERT_LE(guard.size(), std::size_t{kMax});
    }
  });
}

TEST(ReplayGuard, AdmitsHonestDialersWhenSomebodyFilledItWithTimesToCome) {
  ReplayGuard guard(8);
  for (Byte name = 1; name <= 100; ++name) {
    ASSERT_TRUE(guard.check(key(name), at(name) + kClockSkewMax, at(name)));
    guard.remember(key(name), at(name) + kClockSkewMax);
  }
  ASSERT_EQ(guard.size(), 8U);
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_TRUE(guard.check(key(200), at(100 + attempt), at(100)));
    guard.remember(key(200), at(100 + attempt));
  }
}

TEST(DialClock, NeverRepeatsATimeWhenTheWallClockIsSetBackALittle) {
  DialClock clock(at(50));
  EXPECT_EQ(clock.next(at(10)), at(51));
  EXPECT_EQ(clock.next(at(60)), at(60));
  EXPECT_EQ(clock.next(at(60)), at(61));
  EXPECT_EQ(clock.next(at(1)), at(62));
}

TEST(DialClock, RunsNoFurtherAheadOfTheWallClockThanListenersBear) {
  DialClock clock(at(10) + kClockSkewMax);
  EXPECT_EQ(clock.next(at(11)), at(11) + kClockSkewMax);
  EXPECT_EQ(clock.next(at(11)), at(11));
  EXPECT_EQ(clock.next(at(11)), at(12));
}

}  // namespace
}  // namespace kith::overlay
