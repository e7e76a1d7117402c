#include "overlay/asio/turned_away_log.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kFirst = TimePoint() + 1h;

TurnedAway somebody(Errc why) {
  return {.endpoint = Endpoint::v4({192, 0, 2, 7}, 4000), .node = {}, .why = why};
}

TEST(TurnedAwayLog, NamesWhoItWasAndWhy) {
  TurnedAwayLog log;
  EXPECT_THAT(log.on(somebody(Errc::bad_signature), kFirst),
              ElementsAre("turned away 192.0.2.7:4000: bad signature"));
  TurnedAway named = somebody(Errc::not_authorized);
  named.node = Fingerprint();
  EXPECT_THAT(log.on(named, kFirst),
              ElementsAre("turned away 192.0.2.7:4000 (" + Fingerprint().abbreviated() +
                          "): not authorized"));
  EXPECT_THAT(log.on(somebody(Errc::refused), kFirst),
              ElementsAre("192.0.2.7:4000 turned away from us"));
}

TEST(TurnedAwayLog, SaysTenLinesASecondAndThenHowManyItPassedOver) {
  TurnedAwayLog log;
  const TurnedAway one = somebody(Errc::unknown_kind);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(log.on(one, kFirst + i * 1ms).size(), 1U);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(log.on(one, kFirst + 900ms), IsEmpty());
  EXPECT_THAT(log.on(one, kFirst + 1s),
              ElementsAre("turned away 5 more", "turned away 192.0.2.7:4000: unknown kind"));
  EXPECT_EQ(log.on(one, kFirst + 3s).size(), 1U);
}

}  // namespace
}  // namespace kith::overlay
