#include <chrono>

#include <gtest/gtest.h>

#include "tests/overlay/engine_lab.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::kSource;

TEST(EngineLimits, EndWhoSaysNothingWhenTheTimerThatWasSetIsOver) {
  EngineLab lab;
  EngineLab::Node& host =
      lab.add(2, [](EngineConfig& config) { config.session_timers.first_frame_timeout = 1s; });
  const EngineLab::Stranger& silent = lab.knock(host, kSource);
  lab.pass(900ms);
  EXPECT_FALSE(silent.is_over());
  lab.pass(2s);
  EXPECT_TRUE(silent.is_over());
}

TEST(EngineLimits, TurnAwayWhoStartsMoreOftenThanWasSet) {
  EngineLab lab;
  EngineLab::Node& host = lab.add(2, [](EngineConfig& config) {
    config.connection_limits.start_burst = 2;
    config.connection_limits.start_interval = 1h;
  });
  EXPECT_FALSE(lab.knock(host, kSource).refused);
  EXPECT_FALSE(lab.knock(host, kSource).refused);
  EXPECT_TRUE(lab.knock(host, kSource).refused);
}

TEST(EngineLimits, KeepDuplicatesIfThatWasSet) {
  EngineLab lab;
  const auto keep = [](EngineConfig& config) { config.keeps_duplicates = true; };
  EngineLab::Node& one = lab.add(1, keep);
  EngineLab::Node& two = lab.add(2, keep);
  one.engine->join({two.endpoint, {}}, lab.now);
  two.engine->join({one.endpoint, {}}, lab.now);
  lab.pass(30s);
  EXPECT_EQ(lab.wires_between(one, two), 2U);
  EXPECT_EQ(one.engine->status().sessions, 1U);
}

}  // namespace
}  // namespace kith::overlay
