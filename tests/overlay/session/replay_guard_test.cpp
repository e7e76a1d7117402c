#include "overlay/session/replay_guard.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/session/dial_clock.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

WallTime at(std::int64_t microseconds) { return WallTime(Duration(microseconds)); }
crypto::DhPublicKey key(Byte name) { return {name}; }

TEST(ReplayGuard, AdmitsATimeOncePerKey) {
  ReplayGuard guard;
  EXPECT_TRUE(guard.admit(key(1), at(10), at(10)));
  EXPECT_EQ(guard.admit(key(1), at(10), at(10)).error(), Errc::replayed);
  EXPECT_EQ(guard.admit(key(1), at(9), at(10)).error(), Errc::replayed);
  EXPECT_TRUE(guard.admit(key(1), at(11), at(10)));
  EXPECT_TRUE(guard.admit(key(2), at(10), at(10)));
}

TEST(ReplayGuard, RefusesTimesFarAhead) {
  ReplayGuard guard;
  EXPECT_TRUE(guard.admit(key(1), at(10) + kDialTimeAheadMost, at(10)));
  EXPECT_EQ(guard.admit(key(2), at(11) + kDialTimeAheadMost, at(10)).error(), Errc::out_of_range);
}

TEST(ReplayGuard, IsBoundedAndAdmitsNoReplayAfterForgetting) {
  kith::test::for_each_seed(100, [](Random& random) {
    ReplayGuard guard(8);
    std::map<Byte, WallTime> greatest;
    for (int i = 0; i < 500; ++i) {
      const auto name = static_cast<Byte>(random.below(20));
      const WallTime time = at(static_cast<std::int64_t>(random.below(100)) + i);
      const bool is_new = !greatest.contains(name) || greatest[name] < time;
      const bool admitted = guard.admit(key(name), time, at(i)).has_value();
      ASSERT_FALSE(admitted && !is_new);
      if (admitted) greatest[name] = time;
      ASSERT_LE(guard.size(), 8U);
    }
  });
}

TEST(ReplayGuard, AdmitsWhoIsAheadOfEverythingForgotten) {
  ReplayGuard guard(2);
  for (Byte name = 1; name <= 100; ++name) ASSERT_TRUE(guard.admit(key(name), at(name), at(name)));
}

TEST(DialClock, NeverRepeatsATimeWhateverTheWallClockDoes) {
  DialClock clock(at(50));
  EXPECT_EQ(clock.next(at(10)), at(51));
  EXPECT_EQ(clock.next(at(60)), at(60));
  EXPECT_EQ(clock.next(at(60)), at(61));
  EXPECT_EQ(clock.next(at(1)), at(62));
}

}  // namespace
}  // namespace kith::overlay
