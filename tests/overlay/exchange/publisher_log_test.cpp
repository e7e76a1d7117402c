#include "overlay/exchange/publisher_log.hpp"

#include <algorithm>
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/exchange/payloads.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr PublisherLog::Limits kLimits{.messages = 100, .bytes = 200'000, .time_to_live = 1s};
constexpr TimePoint kStart(1h);

std::vector<Bytes> payloads_of(const PublisherLog::Batch& batch) {
  std::vector<Bytes> found;
  for (PayloadCursor cursor(batch.payloads); !cursor.at_end();) {
    const ByteView payload = cursor.next();
    found.emplace_back(payload.begin(), payload.end());
  }
  return found;
}

TEST(PublisherLog, HandsOutWhatWaitsInOneBatch) {
  PublisherLog log(kLimits);
  for (Byte i = 0; i < 10; ++i) ASSERT_TRUE(log.append(Bytes{i}, kStart));
  PublisherLog::Position position;
  const auto batch = log.read(position, 100);
  EXPECT_EQ(batch.first, 0U);
  EXPECT_EQ(batch.count, 10U);
  EXPECT_EQ(batch.payloads.size(), 20U);
  EXPECT_EQ(position.sequence, 10U);
}

TEST(PublisherLog, CutsABatchWhereToldTo) {
  PublisherLog log(kLimits);
  for (Byte i = 0; i < 10; ++i) ASSERT_TRUE(log.append(Bytes{i}, kStart));
  PublisherLog::Position position;
  EXPECT_EQ(payloads_of(log.read(position, 3)), (std::vector<Bytes>{{0}, {1}, {2}}));
  EXPECT_EQ(payloads_of(log.read(position, 1)), (std::vector<Bytes>{{3}}));
}

TEST(PublisherLog, RefusesWhenItIsFull) {
  PublisherLog log({.messages = 2, .bytes = 100, .time_to_live = 1s});
  EXPECT_EQ(log.append(Bytes(100), kStart).error(), Errc::too_long);
  EXPECT_TRUE(log.append(Bytes(60), kStart));
  EXPECT_EQ(log.append(Bytes(60), kStart).error(), Errc::would_block);
  EXPECT_TRUE(log.append(Bytes(1), kStart));
  EXPECT_EQ(log.append(Bytes(1), kStart).error(), Errc::would_block);
  log.trim(1);
  EXPECT_TRUE(log.append(Bytes(60), kStart));
}

TEST(PublisherLog, RefusesWhatNoSessionCarries) {
  PublisherLog log({.messages = 2, .bytes = std::size_t{1} << 30, .time_to_live = 1s});
  EXPECT_TRUE(log.append(Bytes(kPayloadBytesMax), kStart));
  EXPECT_EQ(log.append(Bytes(kPayloadBytesMax + 1), kStart).error(), Errc::too_long);
}

TEST(PublisherLog, ForgetsAMessageWhenItsTimeIsOverNotBefore) {
  PublisherLog log(kLimits);
  ASSERT_TRUE(log.append(Bytes(1), kStart));
  ASSERT_TRUE(log.append(Bytes(1), kStart + 10ms));
  EXPECT_EQ(log.next_expiry(), kStart + 1s + kExpiryGrain);
  log.expire(kStart + 1s);
  EXPECT_EQ(log.begin(), 0U);
  log.expire(kStart + 1s + kExpiryGrain);
  EXPECT_EQ(log.begin(), 1U);
  log.expire(kStart + 1s + 10ms + kExpiryGrain);
  EXPECT_TRUE(log.is_empty());
  EXPECT_EQ(log.next_expiry(), std::nullopt);
}

TEST(PublisherLog, CountsMessagesThatNobodyReceives) {
  PublisherLog log(kLimits);
  log.skip_one();
  ASSERT_TRUE(log.append(Bytes{7}, kStart));
  PublisherLog::Position position = log.seek(1);
  EXPECT_EQ(payloads_of(log.read(position, 9)), (std::vector<Bytes>{{7}}));
  log.sanity_check();
}

/// What the log does, without its blocks.
struct Model {
  struct Message {
    Bytes payload;
    TimePoint at;
  };
  std::uint64_t begin = 0;
  std::deque<Message> messages;

  [[nodiscard]] std::uint64_t end() const { return begin + messages.size(); }
  [[nodiscard]] std::size_t bytes() const {
    std::size_t total = 0;
    for (const Message& message : messages) total += framed_bytes(message.payload.size());
    return total;
  }
};

Bytes any_payload(Random& random) {
  constexpr std::size_t kSizes[] = {1, 20, 300, 5'000, 70'000};
  Bytes payload(random.below(kSizes[random.below(std::size(kSizes))]));
  random.fill(ByteView(payload).empty()
                  ? MutableByteView{}
                  : MutableByteView(payload).first(std::min<std::size_t>(payload.size(), 8)));
  return payload;
}

void compare(const PublisherLog& log, const Model& model, Random& random) {
  log.sanity_check();
  ASSERT_EQ(log.begin(), model.begin);
  ASSERT_EQ(log.end(), model.end());
  ASSERT_EQ(log.bytes(), model.bytes());
  if (log.is_empty()) return;
  PublisherLog::Position position = log.seek(log.begin() + random.below(log.messages()));
  while (position.sequence < log.end()) {
    const std::uint64_t first = position.sequence;
    const auto batch = log.read(position, 1 + random.below(30));
    const auto payloads = payloads_of(batch);
    ASSERT_EQ(batch.first, first);
    ASSERT_EQ(batch.count, payloads.size());
    ASSERT_EQ(position.sequence, first + batch.count);
    ASSERT_TRUE(batch.payloads.size() <= kBatchBytesMax || batch.count == 1);
    for (std::size_t i = 0; i < payloads.size(); ++i)
      ASSERT_EQ(payloads[i], model.messages[first - model.begin + i].payload);
  }
}

TEST(PublisherLog, DoesWhatItsModelDoes) {
  kith::test::for_each_seed(1'000, [](Random& random) {
    PublisherLog log(kLimits);
    Model model;
    TimePoint now = kStart;
    for (int step = 0; step < 60; ++step) {
      now += Duration(static_cast<std::int64_t>(random.below(20'000)));
      const std::uint64_t what = random.below(10);
      if (what < 7) {
        const Bytes payload = any_payload(random);
        const bool fits = model.messages.size() < kLimits.messages &&
                          model.bytes() + framed_bytes(payload.size()) <= kLimits.bytes;
        ASSERT_EQ(log.append(payload, now).has_value(), fits);
        if (fits) model.messages.push_back({payload, now});
      } else if (what < 9) {
        const std::uint64_t to = model.begin + random.below(model.messages.size() + 1);
        log.trim(to);
        for (; model.begin < to; ++model.begin) model.messages.pop_front();
      } else {
        now += Duration(static_cast<std::int64_t>(random.below(1'200'000)));
        log.expire(now);
        // Up to one grain later than its time, never earlier.
        while (log.begin() > model.begin) {
          ASSERT_LE(model.messages.front().at + kLimits.time_to_live, now);
          model.messages.pop_front();
          ++model.begin;
        }
        ASSERT_TRUE(model.messages.empty() ||
                    model.messages.front().at + kLimits.time_to_live + kExpiryGrain > now);
      }
      compare(log, model, random);
      if (testing::Test::HasFatalFailure()) return;
    }
  });
}

}  // namespace
}  // namespace kith::overlay
