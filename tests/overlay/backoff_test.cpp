#include "overlay/backoff.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

/// Whether `pause` is `middle`, give or take a quarter.
bool is_about(Duration pause, Duration middle) {
  return pause >= middle * 3 / 4 && pause <= middle * 5 / 4;
}

TEST(Backoff, DoublesFromOneSecondToFiveMinutes) {
  kith::test::for_each_seed(20, [](Random& random) {
    Backoff backoff;
    for (const Duration expected : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s})
      ASSERT_TRUE(is_about(backoff.on_failed(Errc::timed_out, random), expected));
    backoff.on_succeeded();
    EXPECT_TRUE(is_about(backoff.on_failed(Errc::timed_out, random), 1s));
  });
}

TEST(Backoff, WaitsAMinuteAfterTheFirstRefusal) {
  kith::test::for_each_seed(20, [](Random& random) {
    Backoff backoff;
    for (const Duration expected : {60s, 120s, 240s, 300s})
      ASSERT_TRUE(is_about(backoff.on_failed(Errc::refused, random), expected));
    backoff.on_succeeded();
    EXPECT_TRUE(is_about(backoff.on_failed(Errc::connection_lost, random), 1s));
  });
}

TEST(Backoff, R43_WaitsFiveSecondsAfterTheFirstDeferral) {
  kith::test::for_each_seed(20, [](Random& random) {
    Backoff backoff;
    for (const Duration expected : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s})
      ASSERT_TRUE(is_about(backoff.on_failed(Errc::deferred, random), expected));
  });
}

}  // namespace
}  // namespace kith::overlay
