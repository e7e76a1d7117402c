#include "overlay/engine.hpp"

#include <string>

#include <gtest/gtest.h>

#include "overlay/sim/crypto.hpp"

namespace kith::overlay {
namespace {

constexpr Instant kNow{TimePoint(std::chrono::hours(1)), WallTime(std::chrono::hours(24 * 20'000))};

/// A node that is alone in the world.
struct EngineTest : testing::Test {
  static EngineConfig config() {
    SeededRandom keys(1);
    EngineConfig config;
    config.primitives = &sim::simulated_primitives();
    config.node_key = config.primitives->signatures->generate(keys);
    config.static_key = config.primitives->dh->generate(keys);
    config.subscriptions_max = 2;
    return config;
  }

  SeededRandom random{2};
  Engine engine{config(), random, kNow};
};

TEST_F(EngineTest, LimitsTheSubscriptionsOfAllSubjectsTogether) {
  const auto first = engine.subscribe("a", {}, kNow);
  ASSERT_TRUE(first);
  ASSERT_TRUE(engine.subscribe("b", {}, kNow));
  EXPECT_EQ(engine.subscribe("b", {}, kNow), std::unexpected(Errc::limit_reached));
  EXPECT_EQ(engine.subscribe("c", {}, kNow), std::unexpected(Errc::limit_reached));
  EXPECT_EQ(engine.status().subscriptions, 2U);

  engine.unsubscribe(*first, kNow);
  EXPECT_TRUE(engine.subscribe("c", {}, kNow));
  EXPECT_EQ(engine.status().subscriptions, 2U);
}

TEST_F(EngineTest, RefusesSubjectsThatHaveNoName) {
  for (const std::string& name : {std::string(), std::string(256, 'a'), std::string("\xFF")}) {
    EXPECT_FALSE(engine.subscribe(name, {}, kNow)) << name;
    EXPECT_FALSE(engine.advertise(name, {}, kNow)) << name;
  }
  EXPECT_EQ(engine.status().subscriptions, 0U);
  EXPECT_EQ(engine.status().publishers, 0U);
}

TEST_F(EngineTest, FoundsAnOverlayWhereItIsToldOfNobody) {
  engine.on_deadline(kNow);
  EXPECT_TRUE(engine.is_ready());
}

}  // namespace
}  // namespace kith::overlay
