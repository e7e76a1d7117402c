#include "routing/health.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::routing {
namespace {

TEST(Health, TakesTheFirstSampleAsItIs) {
  Health health;
  EXPECT_EQ(health.rtt(), std::nullopt);
  health.on_rtt(Duration(40'000));
  EXPECT_EQ(health.rtt(), Duration(40'000));
  EXPECT_EQ(health.variation(), Duration(20'000));
}

TEST(Health, MovesByAnEighthAndAQuarterOfTheError) {
  Health health;
  health.on_rtt(Duration(40'000));
  health.on_rtt(Duration(80'000));
  EXPECT_EQ(health.rtt(), Duration(45'000));
  EXPECT_EQ(health.variation(), Duration(25'000));
}

TEST(Health, WaitsForFourTimesTheVariation) {
  Health health;
  EXPECT_EQ(health.timeout(Duration(7)), Duration(7));
  health.on_rtt(Duration(40'000));
  EXPECT_EQ(health.timeout(Duration(7)), Duration(120'000));
}

TEST(Health, LeavesAMarginWhereThereIsNoVariation) {
  Health health;
  for (int i = 0; i < 100; ++i) health.on_rtt(Duration(40'000));
  EXPECT_GE(health.timeout(Duration(7)), Duration(50'000));
}

TEST(Health, IsSuspectFromTheFirstMissedPingToTheNextSignOfLife) {
  Health health;
  EXPECT_FALSE(health.is_suspect());
  health.on_missed_ping();
  EXPECT_TRUE(health.is_suspect());
  health.on_missed_ping();
  EXPECT_EQ(health.missed_pings(), 2U);
  health.on_alive();
  EXPECT_FALSE(health.is_suspect());
  health.on_missed_ping();
  health.on_rtt(Duration(1));
  EXPECT_FALSE(health.is_suspect());
}

TEST(Health, ClampsSamplesThatCannotBe) {
  Health health;
  health.on_rtt(Duration(-5));
  EXPECT_EQ(health.rtt(), Duration(1));
  for (int i = 0; i < 200; ++i) health.on_rtt(Duration::max());
  EXPECT_LE(health.rtt(), Duration(16'000'000));
  EXPECT_GT(health.rtt(), Duration(15'000'000));
}

TEST(Health, StaysWithinTheSamplesItSaw) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    Health health;
    Duration least = Duration::max();
    Duration most{0};
    for (int i = 0; i < 50; ++i) {
      const Duration sample(static_cast<std::int64_t>(1 + random.below(16'000'000)));
      least = std::min(least, sample);
      most = std::max(most, sample);
      health.on_rtt(sample);
      ASSERT_GE(health.rtt(), least);
      ASSERT_LE(health.rtt(), most);
      ASSERT_LE(health.variation(), most);
    }
  });
}

TEST(Health, ComesToASteadyRoundTrip) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    Health health;
    health.on_rtt(Duration(static_cast<std::int64_t>(1 + random.below(16'000'000))));
    const Duration steady(static_cast<std::int64_t>(1'000 + random.below(1'000'000)));
    for (int i = 0; i < 150; ++i) health.on_rtt(steady);
    ASSERT_LT(std::chrono::abs(*health.rtt() - steady), Duration(8));
  });
}

}  // namespace
}  // namespace kith::routing
