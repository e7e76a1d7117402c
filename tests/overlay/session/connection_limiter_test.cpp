#include "overlay/session/connection_limiter.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

Endpoint source(unsigned host) {
  return Endpoint::v4({198, 51, static_cast<Byte>(host / 256), static_cast<Byte>(host % 256)}, 9);
}
Endpoint at(const char* text) { return Endpoint::parse(text).value(); }

/// The connection that has to go for one that was let in.
std::optional<std::uint32_t> evicted(const Result<std::optional<std::uint32_t>>& accepted) {
  EXPECT_TRUE(accepted);
  return accepted.value_or(std::nullopt);
}

const TimePoint kStart = TimePoint(hours(1));

/// Accepts and at once fails a connection; whether it was let in.
bool fail_once(ConnectionLimiter& limiter, const Endpoint& from, TimePoint now) {
  const auto accepted = limiter.on_accepted(1, from, now);
  if (accepted) limiter.on_failed(1, now);
  return accepted.has_value();
}

TEST(ConnectionLimiter, LetsTenStartAtOnceAndFiveASecond) {
  ConnectionLimiter limiter;
  ConnectionLimiter::Number number = 0;
  const auto start = [&](TimePoint now) {
    const bool let_in = limiter.on_accepted(++number, source(1), now).has_value();
    limiter.on_confirmed(number, now);
    return let_in;
  };
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(start(kStart)) << i;
  EXPECT_FALSE(start(kStart));
  EXPECT_FALSE(start(kStart + milliseconds(199)));
  EXPECT_TRUE(start(kStart + milliseconds(200)));
  EXPECT_FALSE(start(kStart + milliseconds(201)));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(start(kStart + seconds(10))) << i;
  EXPECT_FALSE(start(kStart + seconds(10)));
}

TEST(ConnectionLimiter, ClosesTheOldestOfASourceThatHasMoreThanEight) {
  ConnectionLimiter limiter;
  for (ConnectionLimiter::Number i = 0; i < 8; ++i) {
    EXPECT_EQ(evicted(limiter.on_accepted(i, source(1), kStart)), std::nullopt);
  }
  EXPECT_EQ(evicted(limiter.on_accepted(8, source(1), kStart)), 0);
  EXPECT_EQ(evicted(limiter.on_accepted(9, source(1), kStart)), 1);
  EXPECT_EQ(limiter.half_open(), 8U);
}

TEST(ConnectionLimiter, ClosesTheOldestOfTheBusiestSourceOverTheTotal) {
  ConnectionLimiter limiter;
  ConnectionLimiter::Number number = 0;
  for (unsigned host = 0; host < 250; ++host) {
    ASSERT_TRUE(limiter.on_accepted(number++, source(host), kStart));
  }
  const auto first_of_busiest = number;
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(limiter.on_accepted(number++, source(1000), kStart));
  EXPECT_EQ(limiter.half_open(), 256U);
  EXPECT_EQ(evicted(limiter.on_accepted(number++, source(2000), kStart)), first_of_busiest);
  EXPECT_EQ(limiter.half_open(), 256U);
}

TEST(ConnectionLimiter, ClosesTheOldestOfAllWhenAllSourcesAreEquallyBusy) {
  ConnectionLimiter limiter;
  // Descending numbers: the least number is not the oldest.
  for (ConnectionLimiter::Number i = 0; i < 256; ++i) {
    ASSERT_EQ(evicted(limiter.on_accepted(1000 - i, source(i), kStart)), std::nullopt);
  }
  EXPECT_EQ(evicted(limiter.on_accepted(1, source(999), kStart)), 1000);
}

TEST(ConnectionLimiter, CountsAnIpv6CustomerAsOneSource) {
  ConnectionLimiter limiter;
  for (ConnectionLimiter::Number i = 0; i < 8; ++i) {
    const std::string address = "[2001:db8:1:2::" + std::to_string(i + 1) + "]:9";
    ASSERT_EQ(evicted(limiter.on_accepted(i, at(address.c_str()), kStart)), std::nullopt);
  }
  EXPECT_EQ(evicted(limiter.on_accepted(8, at("[2001:db8:1:2:ffff::]:9"), kStart)), 0);
  EXPECT_EQ(evicted(limiter.on_accepted(9, at("[2001:db8:1:3::1]:9"), kStart)), std::nullopt);
}

TEST(ConnectionLimiter, R61_ShutsOutAfterFiveFailuresForTwiceAsLongEachTime) {
  ConnectionLimiter limiter;
  TimePoint now = kStart;
  Duration shut_out = seconds(60);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 5; ++i) {
      ASSERT_TRUE(fail_once(limiter, source(1), now)) << round << ":" << i;
      now += milliseconds(300);
    }
    const TimePoint shut = now - milliseconds(300);
    EXPECT_FALSE(fail_once(limiter, source(1), shut + shut_out - milliseconds(1)));
    EXPECT_TRUE(fail_once(limiter, source(2), now + hours(round)));  // Nobody else.
    now = shut + shut_out;
    shut_out = std::min<Duration>(shut_out * 2, hours(1));
  }
}

TEST(ConnectionLimiter, ForgivesFailuresThatAreFarApart) {
  ConnectionLimiter limiter;
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(fail_once(limiter, source(1), kStart + i * seconds(15))) << i;
  }
}

TEST(ConnectionLimiter, ForgivesWhoSucceeds) {
  ConnectionLimiter limiter;
  for (int i = 0; i < 50; ++i) {
    const TimePoint now = kStart + i * seconds(1);
    ASSERT_TRUE(fail_once(limiter, source(1), now));
    ASSERT_TRUE(limiter.on_accepted(2, source(1), now));
    limiter.on_confirmed(2, now);
  }
}

TEST(ConnectionLimiter, ExemptsLoopbackAndNetworksFromAllButTheTotal) {
  ConnectionLimiter limiter({}, {at("192.0.2.1:0")});
  ConnectionLimiter::Number number = 0;
  for (const char* from : {"127.0.0.1:9", "[::1]:9", "192.0.2.77:9"}) {
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(fail_once(limiter, at(from), kStart)) << from;
    number = 2;
  }
  for (; number < 258; ++number) {
    ASSERT_EQ(evicted(limiter.on_accepted(number, at("127.0.0.1:9"), kStart)), std::nullopt);
  }
  EXPECT_EQ(evicted(limiter.on_accepted(number, at("127.0.0.1:9"), kStart)), 2);
}

TEST(ConnectionLimiter, IgnoresConnectionsThatItDoesNotKnow) {
  ConnectionLimiter limiter;
  limiter.on_confirmed(1, kStart);
  limiter.on_failed(2, kStart);
  limiter.on_gone(3, kStart);
  EXPECT_EQ(limiter.half_open(), 0U);
}

TEST(ConnectionLimiter, IsBoundedWhoeverCalls) {
  kith::test::for_each_seed(20, [](Random& random) {
    ConnectionLimits limits;
    limits.half_open_max = 16;
    limits.sources_max = 32;
    ConnectionLimiter limiter(limits);
    std::set<ConnectionLimiter::Number> half_open;
    TimePoint now = kStart;
    for (ConnectionLimiter::Number i = 0; i < 3'000; ++i) {
      now += Duration(static_cast<std::int64_t>(random.below(100'000)));
      const auto accepted =
          limiter.on_accepted(i, source(static_cast<unsigned>(random.below(200))), now);
      if (accepted) {
        half_open.insert(i);
        if (const auto gone = *accepted) {
          ASSERT_EQ(half_open.erase(*gone), 1U);
        }
      }
      if (!half_open.empty() && random.below(3) == 0) {
        const auto ends = *half_open.begin();
        half_open.erase(ends);
        random.below(2) == 0 ? limiter.on_failed(ends, now) : limiter.on_gone(ends, now);
      }
      ASSERT_EQ(limiter.half_open(), half_open.size());
      ASSERT_LE(limiter.half_open(), 16U);
      ASSERT_LE(limiter.sources(), 32U);
    }
  });
}

}  // namespace
}  // namespace kith::overlay
