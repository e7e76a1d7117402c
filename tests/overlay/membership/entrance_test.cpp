#include "overlay/membership/entrance.hpp"

#include <chrono>

#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

const JoinTarget kDoor{Endpoint::v4({10, 0, 0, 1}, 3141), {}};

class EntranceTest : public testing::Test {
 protected:
  SeededRandom random{1};
  Entrance entrance{random};
};

TEST_F(EntranceTest, IsTriedAtOnceAndOnceAtATime) {
  entrance.add(kDoor, TimePoint{});
  EXPECT_TRUE(entrance.next(true, TimePoint{}));
  EXPECT_FALSE(entrance.next(true, TimePoint(60s)));
}

TEST_F(EntranceTest, WaitsLongerWithEachFailure) {
  entrance.add(kDoor, TimePoint{});
  Duration expected = 1s;
  TimePoint now;
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(entrance.next(true, now));
    const Duration pause = entrance.on_failed(kDoor, Errc::connection_lost, now).value();
    EXPECT_GE(pause, expected * 3 / 4);
    EXPECT_LE(pause, expected * 5 / 4);
    EXPECT_FALSE(entrance.next(true, now + pause - Duration(1)));
    now += pause;
    expected = std::min<Duration>(2 * expected, 300s);
  }
}

TEST_F(EntranceTest, LeavesWhoRefusedInPeaceForAMinute) {
  entrance.add(kDoor, TimePoint{});
  ASSERT_TRUE(entrance.next(true, TimePoint{}));
  EXPECT_GE(entrance.on_failed(kDoor, Errc::refused, TimePoint{}).value(), Duration(45s));
}

TEST_F(EntranceTest, BeginsAnewAfterItLedIn) {
  entrance.add(kDoor, TimePoint{});
  for (int i = 0; i < 5; ++i) entrance.on_failed(kDoor, Errc::connection_lost, TimePoint{});
  entrance.on_entered(kDoor);
  EXPECT_LE(entrance.on_failed(kDoor, Errc::connection_lost, TimePoint{}).value(),
            Duration(1250ms));
}

TEST_F(EntranceTest, IsTriedByANodeWithPeersUntilItLedInOnce) {
  entrance.add(kDoor, TimePoint{});
  EXPECT_EQ(entrance.next_deadline(false), TimePoint{});
  ASSERT_TRUE(entrance.next(false, TimePoint{}));
  const Duration pause = entrance.on_failed(kDoor, Errc::connection_lost, TimePoint{}).value();
  ASSERT_TRUE(entrance.next(false, TimePoint{} + pause));
  entrance.on_entered(kDoor);
  EXPECT_FALSE(entrance.next(false, TimePoint(1h)));
  EXPECT_FALSE(entrance.next_deadline(false));
  EXPECT_TRUE(entrance.next(true, TimePoint(1h)));
}

TEST_F(EntranceTest, IsTriedAtOnceByANodeThatLostItsLastPeer) {
  entrance.add(kDoor, TimePoint{});
  for (int i = 0; i < 12; ++i) entrance.on_failed(kDoor, Errc::connection_lost, TimePoint{});
  EXPECT_FALSE(entrance.next(true, TimePoint(60s)));
  entrance.on_alone(TimePoint(60s));
  EXPECT_TRUE(entrance.next(true, TimePoint(60s)));
}

TEST_F(EntranceTest, KnowsADoorThatIsNamedTwice) {
  entrance.add(kDoor, TimePoint{});
  entrance.add(kDoor, TimePoint{});
  EXPECT_TRUE(entrance.next(true, TimePoint{}));
  EXPECT_FALSE(entrance.next(true, TimePoint{}));
}

TEST_F(EntranceTest, ForgetsADoorOnceNobodyNamesIt) {
  entrance.add(kDoor, TimePoint{});
  entrance.add(kDoor, TimePoint{});
  entrance.remove(kDoor);
  EXPECT_TRUE(entrance.is_needed());
  entrance.remove(kDoor);
  EXPECT_FALSE(entrance.is_needed());
  EXPECT_FALSE(entrance.next(true, TimePoint{}));
  // It was being dialed.
  EXPECT_FALSE(entrance.on_failed(kDoor, Errc::connection_lost, TimePoint{}));
  entrance.on_entered(kDoor);
  entrance.remove(kDoor);
  EXPECT_FALSE(entrance.next_deadline(true));
}

TEST_F(EntranceTest, IsTriedByWhoDoesNotNeedItOnlyWhileThatIsAlone) {
  JoinTarget known = kDoor;
  known.is_needed = false;
  entrance.add(known, TimePoint{});
  EXPECT_FALSE(entrance.is_needed());
  EXPECT_FALSE(entrance.next_deadline(false));
  EXPECT_FALSE(entrance.next(false, TimePoint{}));
  EXPECT_TRUE(entrance.next(true, TimePoint{}));
  entrance.add(kDoor, TimePoint{});
  EXPECT_TRUE(entrance.is_needed());
}

}  // namespace
}  // namespace kith::overlay
