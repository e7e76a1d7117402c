#include "core/deadline_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/for_each_seed.hpp"

namespace kith {
namespace {

TimePoint at(int microseconds) { return TimePoint(Duration(microseconds)); }

TEST(DeadlineQueue, IsEmptyAtFirst) {
  DeadlineQueue<int> queue;
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_EQ(queue.pop_due(TimePoint::max()), std::nullopt);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(DeadlineQueue, YieldsWhatIsDueInOrderOfTime) {
  DeadlineQueue<int> queue;
  queue.set(1, at(30));
  queue.set(2, at(10));
  queue.set(3, at(20));
  EXPECT_EQ(queue.next(), at(10));
  EXPECT_EQ(queue.pop_due(at(9)), std::nullopt);
  EXPECT_EQ(queue.pop_due(at(20)), 2);
  EXPECT_EQ(queue.pop_due(at(20)), 3);
  EXPECT_EQ(queue.pop_due(at(20)), std::nullopt);
  EXPECT_EQ(queue.next(), at(30));
}

TEST(DeadlineQueue, YieldsEqualDeadlinesInOrderOfKeys) {
  DeadlineQueue<int> queue;
  for (int key : {3, 1, 2}) queue.set(key, at(5));
  EXPECT_EQ(queue.pop_due(at(5)), 1);
  EXPECT_EQ(queue.pop_due(at(5)), 2);
  EXPECT_EQ(queue.pop_due(at(5)), 3);
}

TEST(DeadlineQueue, KeepsOneDeadlineForEachKey) {
  DeadlineQueue<int> queue;
  queue.set(1, at(10));
  queue.set(1, at(20));
  EXPECT_EQ(queue.size(), 1U);
  EXPECT_EQ(queue.deadline_of(1), at(20));
  EXPECT_EQ(queue.pop_due(at(10)), std::nullopt);
}

TEST(DeadlineQueue, ForgetsWhatIsCancelled) {
  DeadlineQueue<int> queue;
  queue.set(1, at(10));
  queue.cancel(1);
  queue.cancel(2);
  EXPECT_EQ(queue.deadline_of(1), std::nullopt);
  EXPECT_EQ(queue.pop_due(TimePoint::max()), std::nullopt);
}

TEST(DeadlineQueue, BehavesAsASortedListDoes) {
  test::for_each_seed(300, [](Random& random) {
    DeadlineQueue<int> queue;
    std::map<int, TimePoint> model;
    const auto first = [&] {
      return std::ranges::min_element(
          model, {}, [](const auto& entry) { return std::pair(entry.second, entry.first); });
    };
    for (int step = 0; step < 100; ++step) {
      const int key = static_cast<int>(random.below(8));
      const TimePoint time = at(static_cast<int>(random.below(16)));
      switch (random.below(3)) {
        case 0:
          queue.set(key, time);
          model[key] = time;
          break;
        case 1:
          queue.cancel(key);
          model.erase(key);
          break;
        default: {
          const auto due = queue.pop_due(time);
          const bool any = !model.empty() && first()->second <= time;
          ASSERT_EQ(due.has_value(), any);
          if (any) {
            ASSERT_EQ(*due, first()->first);
            model.erase(first());
          }
        }
      }
      ASSERT_EQ(queue.size(), model.size());
      ASSERT_EQ(queue.next(), model.empty() ? std::optional<TimePoint>() : first()->second);
    }
  });
}

}  // namespace
}  // namespace kith
