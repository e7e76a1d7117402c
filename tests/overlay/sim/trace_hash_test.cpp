#include "overlay/sim/trace_hash.hpp"

#include <gtest/gtest.h>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

TraceHash after(TimePoint time, std::uint32_t from, std::uint32_t to, std::uint32_t kind,
                std::size_t bytes) {
  TraceHash trace;
  trace.add(time, from, to, kind, bytes);
  return trace;
}

TEST(TraceHash, DependsOnEverythingThatHappened) {
  const auto value = after(TimePoint(1s), 1, 2, 3, 4).value();
  EXPECT_EQ(after(TimePoint(1s), 1, 2, 3, 4).value(), value);
  EXPECT_NE(after(TimePoint(1s + 1us), 1, 2, 3, 4).value(), value);
  EXPECT_NE(after(TimePoint(1s), 2, 1, 3, 4).value(), value);
  EXPECT_NE(after(TimePoint(1s), 1, 2, 4, 4).value(), value);
  EXPECT_NE(after(TimePoint(1s), 1, 2, 3, 5).value(), value);
}

TEST(TraceHash, KeepsTheValueOfEachMinute) {
  TraceHash trace;
  trace.add(TimePoint(10s), 1, 2, 3, 4);
  const auto first = trace.value();
  EXPECT_TRUE(trace.minutes().empty());
  trace.add(TimePoint(3min), 1, 2, 3, 4);
  EXPECT_EQ(trace.minutes(), (std::vector<std::uint64_t>{first, first, first}));
}

}  // namespace
}  // namespace kith::sim
