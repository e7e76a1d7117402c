#include "overlay/coordinator/region_links.hpp"

#include <map>

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
    return links.poll(store, [this](auto) { return record_bytes; }, kStart.time + at);
  }
  /// Puts so many records of `subject` into the store.
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      const Actor actor(random);
      ASSERT_TRUE(store.put(actor.peer_intent({.subject = subject}), {}, now + 1h).has_value());
    }
  }
  /// How often ada is told each record, until nothing is left to tell; it answers at once.
  std::map<RegionLinks::Id, int> told_to_ada() {
    std::map<RegionLinks::Id, int> times;
    for (int i = 0; i < 100; ++i) {
      const auto parcel = poll();
      if (!parcel) break;
      for (const RegionLinks::Id id : parcel->records) ++times[id];
      links.on_answer(ada, parcel->number, now);
    }
    return times;
  }

  SeededRandom random{6};
  IntentStore store{{}};
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

TEST_F(RegionLinksTest, TellsAWholeSubjectInPieces) {
  fill(300);
  record_bytes = 10;
  links.offer_subject(ada, subject, store, now);
  EXPECT_EQ(poll()->records.size(), kRecordsPerMessageMax);
  // What was under way comes again.
  const auto again = poll(1s);
  EXPECT_EQ(again->records.size(), kRecordsPerMessageMax);
  links.on_answer(ada, again->number, now);
  EXPECT_EQ(told_to_ada().size(), 300U - kRecordsPerMessageMax);
  EXPECT_EQ(links.size(), 0U);
}

TEST_F(RegionLinksTest, GoesThroughASubjectAsFastAsItIsTaken) {
  fill(300);
  record_bytes = 10;
  links.offer_subject(ada, subject, store, now);
  // The link does not hear of it: it tells what it has queued.
  for (RegionLinks::Id id = 0; id < 300; ++id) store.erase(id);
  EXPECT_EQ(told_to_ada().size(), kRecordsPerMessageMax);
  EXPECT_EQ(links.size(), 0U);
}

TEST_F(RegionLinksTest, ASubjectThatIsAskedForOftenIsToldOnlyOnceMore) {
  fill(300);
  record_bytes = 10;
  links.offer_subject(ada, subject, store, now);
  for (int i = 0; i < 1000; ++i) links.offer_subject(ada, subject, store, now);
  const auto times = told_to_ada();
  EXPECT_EQ(times.size(), 300U);
  for (const auto& [id, count] : times) EXPECT_LE(count, 2) << id;
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
