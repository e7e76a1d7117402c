#include "overlay/coordinator/region_links.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using testing::ElementsAre;
using testing::IsEmpty;

struct RegionLinksTest : testing::Test {
  std::optional<RegionLinks::Parcel> poll(Duration at = {}) {
    return links.poll([this](auto) { return record_bytes; }, kStart.time + at);
  }

  SeededRandom random{6};
  RegionLinks links{{}};
  Fingerprint ada = random_fingerprint(random);
  Fingerprint bob = random_fingerprint(random);
  Fingerprint subject = random_fingerprint(random);
  TimePoint now = kStart.time;
  std::size_t record_bytes = 1000;
};

TEST_F(RegionLinksTest, SendsAtOnceAndThenWaitsForTheAnswer) {
  links.offer_record(ada, 1, now);
  const auto first = poll();
  ASSERT_TRUE(first.has_value());
  EXPECT_THAT(first->records, ElementsAre(1));
  links.offer_record(ada, 2, now);
  links.offer_record(ada, 3, now);
  EXPECT_FALSE(poll().has_value());
  EXPECT_TRUE(links.on_answer(ada, first->number, now));
  EXPECT_THAT(poll()->records, ElementsAre(2, 3));
}

TEST_F(RegionLinksTest, OneSlowPeerHoldsUpNobodyElse) {
  links.offer_record(ada, 1, now);
  links.offer_record(bob, 1, now);
  EXPECT_TRUE(poll().has_value());
  EXPECT_TRUE(poll().has_value());
  EXPECT_FALSE(poll().has_value());
}

TEST_F(RegionLinksTest, IgnoresAnswersToWhatIsNotUnderWay) {
  EXPECT_FALSE(links.on_answer(ada, 1, now));
  links.offer_record(ada, 1, now);
  const auto parcel = poll();
  EXPECT_FALSE(links.on_answer(ada, parcel->number + 1, now));
  EXPECT_FALSE(links.on_answer(bob, parcel->number, now));
  EXPECT_TRUE(links.on_answer(ada, parcel->number, now));
  EXPECT_FALSE(links.on_answer(ada, parcel->number, now));
}

TEST_F(RegionLinksTest, CutsByBytesAndByCount) {
  for (RegionLinks::Id id = 0; id < 300; ++id) links.offer_record(ada, id, now);
  const auto parcel = poll();
  EXPECT_EQ(parcel->records.size(), (kCoordinatorMessageBytesMax - 32) / record_bytes);
  record_bytes = 10;
  links.on_answer(ada, parcel->number, now);
  EXPECT_EQ(poll()->records.size(), kRecordsPerMessageMax);
}

TEST_F(RegionLinksTest, TriesAgainWithLongerPausesAndThenGivesUp) {
  links.offer_record(ada, 1, now);
  std::vector<std::int64_t> at;
  for (std::int64_t second = 0; second < 100; ++second)
    if (poll(std::chrono::seconds(second))) at.push_back(second);
  EXPECT_THAT(at, ElementsAre(0, 1, 3, 7));
  EXPECT_EQ(links.size(), 0U);
  EXPECT_EQ(links.next_deadline(), std::nullopt);
}

TEST_F(RegionLinksTest, WhatCameUpMeanwhileGoesWithTheNextAttempt) {
  links.offer_record(ada, 1, now);
  (void)poll();
  links.offer_record(ada, 2, now);
  EXPECT_THAT(poll(1s)->records, ElementsAre(1, 2));
}

TEST_F(RegionLinksTest, ASummaryWaitsForItsTime) {
  links.offer_summary(ada, subject, now + 2s);
  EXPECT_EQ(links.next_deadline(), now + 2s);
  EXPECT_FALSE(poll(1s).has_value());
  EXPECT_THAT(poll(2s)->summaries, ElementsAre(subject));
}

TEST_F(RegionLinksTest, ForgetsARecordThatIsNoMore) {
  links.offer_record(ada, 1, now);
  links.offer_record(bob, 1, now);
  links.offer_record(bob, 2, now);
  links.forget(1);
  EXPECT_THAT(poll()->records, ElementsAre(2));
  EXPECT_FALSE(poll().has_value());
  EXPECT_EQ(links.size(), 1U);
}

TEST_F(RegionLinksTest, AnIdleLinkCostsNothing) {
  links.offer_record(ada, 1, now);
  const auto parcel = poll();
  links.on_answer(ada, parcel->number, now);
  EXPECT_EQ(links.size(), 0U);
  EXPECT_EQ(links.next_deadline(), std::nullopt);
}

}  // namespace
}  // namespace kith::overlay::test
