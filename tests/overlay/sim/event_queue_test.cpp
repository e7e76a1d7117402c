#include "overlay/sim/event_queue.hpp"

#include <functional>
#include <queue>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using NaiveQueue = std::priority_queue<Event, std::vector<Event>, std::greater<>>;

TimePoint at(Duration time) { return TimePoint(time); }

TEST(EventQueue, HoldsBackWhatComesLater) {
  EventQueue queue;
  queue.push({.time = at(5ms)});
  EXPECT_FALSE(queue.pop(at(5ms - 1us)));
  EXPECT_TRUE(queue.pop(at(5ms)));
  EXPECT_FALSE(queue.pop(TimePoint::max()));
}

TEST(EventQueue, OrdersOneMicrosecondBySequence) {
  EventQueue queue;
  queue.push({.time = at(1s), .sequence = 9});
  queue.push({.time = at(1s), .sequence = 3});
  EXPECT_EQ(queue.pop(at(1s))->sequence, 3U);
  EXPECT_EQ(queue.pop(at(1s))->sequence, 9U);
}

TEST(EventQueue, TakesAnEventForNowWhileItsSlotIsOpen) {
  EventQueue queue;
  queue.push({.time = at(100us), .target = 1});
  queue.push({.time = at(300us), .target = 3});
  EXPECT_EQ(queue.pop(at(1s))->target, 1U);
  queue.push({.time = at(200us), .target = 2});
  EXPECT_EQ(queue.pop(at(1s))->target, 2U);
  EXPECT_EQ(queue.pop(at(1s))->target, 3U);
}

/// A time that tries the edges of ticks, of the wheel's turn and of the heap beyond it.
Duration nasty_delay(Random& random) {
  constexpr Duration kTick{1024};
  constexpr Duration kTurn = kTick * 65'536;
  switch (random.below(6)) {
    case 0:
      return 0us;
    case 1:
      return Duration(random.below(3));
    case 2:
      return kTick * random.below(4) - Duration(random.below(2));
    case 3:
      return kTurn - kTick + Duration(random.below(3 * 1024));
    case 4:
      return kTurn * random.below(5) + Duration(random.below(1024));
    default:
      return Duration(random.below(200'000'000));
  }
}

TEST(EventQueue, OrdersAsAPriorityQueueDoes) {
  test::for_each_seed(1000, [](Random& random) {
    EventQueue queue;
    NaiveQueue naive;
    TimePoint now;
    for (std::uint32_t step = 0; step < 300; ++step) {
      if (random.below(2) == 0) {
        const Event event{.time = std::max(now, now + nasty_delay(random)),
                          .sequence = static_cast<std::uint32_t>(random.below(3)),
                          .target = step,
                          .payload = 0,
                          .kind = 0};
        queue.push(event);
        naive.push(event);
        continue;
      }
      const TimePoint until = now + nasty_delay(random);
      const auto event = queue.pop(until);
      const bool is_due = !naive.empty() && naive.top().time <= until;
      ASSERT_EQ(event.has_value(), is_due);
      now = std::max(now, event ? event->time : until);
      if (!event) continue;
      ASSERT_EQ(*event, naive.top());
      naive.pop();
    }
    ASSERT_EQ(queue.size(), naive.size());
    for (; !naive.empty(); naive.pop()) ASSERT_EQ(queue.pop(TimePoint::max()), naive.top());
  });
}

}  // namespace
}  // namespace kith::sim
