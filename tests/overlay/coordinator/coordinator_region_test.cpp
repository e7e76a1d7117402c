#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/coordinator/desk.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;
using CoordinatorRegionTest = AtADesk;

/// As many nodes closer to `subject` than we are as there may be for us to hold it.
std::vector<Fingerprint> crowd_around(Desk& desk, const Fingerprint& subject) {
  std::vector<Fingerprint> crowd;
  for (std::uint8_t i = 1; i < 10; ++i) {
    std::array<Byte, Fingerprint::kBytes> near = subject.bytes();
    near.back() ^= i;
    crowd.emplace_back(near);
    desk.neighbours.join(crowd.back());
  }
  return crowd;
}

/// The place that is farthest from the subject.
Fingerprint opposite(const Fingerprint& subject) {
  std::array<Byte, Fingerprint::kBytes> far = subject.bytes();
  for (Byte& byte : far) byte = static_cast<Byte>(~byte);
  return Fingerprint(far);
}

/// A place next to the subject, closer than any other.
Fingerprint next_to(const Fingerprint& subject) {
  std::array<Byte, Fingerprint::kBytes> near = subject.bytes();
  near.back() ^= 1;
  return Fingerprint(near);
}

TEST_F(CoordinatorRegionTest, ReplicatesToTheRegionAtOnceAndAgainUntilItIsAcknowledged) {
  std::vector<Fingerprint> others;
  for (int i = 0; i < 9; ++i) {
    others.push_back(random_fingerprint(random));
    desk.neighbours.join(others.back());
  }
  others.push_back(desk.self.id());
  std::vector<Fingerprint> region = closest_of(others, subject, 5);
  const PeerIntent peer = receives(ada);
  EXPECT_EQ(desk.declare(peer).holders, region);
  std::erase(region, desk.self.id());
  auto sent = desk.take_sent();
  EXPECT_THAT(replicas_of(sent, key_of(peer.intent)), UnorderedElementsAreArray(region));
  for (const Sent& it : sent)
    if (it.peer != region[0]) desk.acknowledge(it);
  desk.wait(1s);
  sent = desk.take_sent();
  EXPECT_THAT(replicas_of(sent, key_of(peer.intent)), ElementsAre(region[0]));
  desk.acknowledge(sent[0]);
  desk.wait(1min);
  EXPECT_THAT(desk.take_sent(), IsEmpty());
}

TEST_F(CoordinatorRegionTest, BatchesWhatComesUpWhileAMessageIsUnderWay) {
  desk.neighbours.join(bob.id());
  std::vector<Actor> actors;
  for (int i = 0; i < 5; ++i) {
    actors.emplace_back(random);
    desk.declare(receives(actors.back()));
  }
  const auto first = desk.take_sent();
  ASSERT_EQ(first.size(), 1U);
  desk.acknowledge(first[0]);
  const auto second = desk.take_sent();
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].replicate->records.size(), 4U);
}

TEST_F(CoordinatorRegionTest, StoresWhatIsReplicatedBeforeItAcknowledges) {
  desk.neighbours.join(bob.id());
  desk.replicate(bob.id(), receives(ada));
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].peer, bob.id());
  ASSERT_TRUE(sent[0].replicated.has_value());
  EXPECT_THAT(sent[0].replicated->wanted, IsEmpty());
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
}

TEST_F(CoordinatorRegionTest, AsksThePolicyAboutWhatComesFromFarAway) {
  crowd_around(desk, subject);
  const Fingerprint far = opposite(subject);
  desk.neighbours.join(far);
  const PeerIntent peer = receives(ada);
  desk.policy = Verdict::no;
  desk.replicate(far, peer);
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
  ASSERT_EQ(desk.asked.size(), 1U);
  EXPECT_EQ(desk.asked[0].intent.token, peer.intent.token);

  desk.policy = Verdict::yes;
  desk.replicate(far, peer);
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
}

TEST_F(CoordinatorRegionTest, AsksThePolicyAboutOthersWhileOneHandsOverALotFromFarAway) {
  crowd_around(desk, subject);
  const Fingerprint far = opposite(subject);
  const Fingerprint also_far = opposite(next_to(subject));
  desk.neighbours.join(far);
  desk.neighbours.join(also_far);
  desk.policy.reset();
  for (int i = 0; i < 600; ++i) desk.replicate(far, receives(Actor(random)));
  EXPECT_EQ(desk.asked.size(), 512U) << "half of the places";
  desk.replicate(also_far, receives(bob));
  EXPECT_EQ(desk.asked.size(), 513U);
}

TEST_F(CoordinatorRegionTest, RemembersAWithdrawalFromFarAwayForAShortTime) {
  crowd_around(desk, subject);
  const Fingerprint far = opposite(subject);
  desk.neighbours.join(far);
  desk.replicate(far, ada.withdrawal(receives(ada, {.life = 24h}).intent));
  EXPECT_EQ(desk.coordinator.store().records(), 1U);
  desk.wait(61s);
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
}

TEST_F(CoordinatorRegionTest, TellsNothingNewerToAPeerThatIsFarFromTheSubject) {
  crowd_around(desk, subject);
  const Fingerprint far = opposite(subject);
  desk.neighbours.join(far);
  desk.declare(receives(ada, {.at = after(1s).wall}));
  desk.take_sent();
  desk.replicate(far, receives(ada));
  EXPECT_THAT(replicas_of(desk.take_sent(), key_of(receives(ada).intent)), IsEmpty());
}

TEST_F(CoordinatorRegionTest, TellsNothingToAPeerThatIsFarFromTheSubject) {
  crowd_around(desk, subject);
  const Fingerprint far = opposite(subject);
  desk.neighbours.join(far);
  desk.declare(receives(ada));
  desk.take_sent();
  desk.summarise(far, subject, 12345);
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(sent[0].replicated.has_value());
}

TEST_F(CoordinatorRegionTest, ANeighbourIsBelievedWhileItIsSuspect) {
  const std::vector<Fingerprint> crowd = crowd_around(desk, subject);
  desk.neighbours.suspect(crowd[0]);
  desk.replicate(crowd[0], receives(ada));
  EXPECT_EQ(desk.coordinator.intents_held(), 1U);
}

TEST_F(CoordinatorRegionTest, SaysAllItHasOnlyOfWhatItSummarised) {
  const Fingerprint other = random_fingerprint(random);
  desk.declare(bob.peer_intent({.subject = other}));
  std::vector<Actor> actors;
  for (int i = 0; i < 9; ++i) {
    actors.emplace_back(random);
    desk.declare(receives(actors.back()));
  }
  desk.neighbours.join(cyd.id());
  desk.region_changed();
  for (Sent& it : desk.take_sent()) desk.acknowledge(it);
  desk.declare(receives(ada));
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  desk.acknowledge(sent[0], {subject, other});
  EXPECT_THAT(desk.take_sent(), IsEmpty());
}

TEST_F(CoordinatorRegionTest, TakesNothingForgedFromARegionPeer) {
  PeerIntent forged = receives(ada);
  forged.intent = bob.intent({.subject = subject});
  desk.replicate(cyd.id(), forged);
  Withdrawal withdrawal = ada.withdrawal(receives(ada).intent);
  withdrawal.signature[5] ^= 1;
  desk.replicate(cyd.id(), withdrawal);
  EXPECT_EQ(desk.coordinator.store().records(), 0U);
}

TEST_F(CoordinatorRegionTest, TellsThePeerThatHandsOverSomethingOlder) {
  const PeerIntent old = receives(ada);
  const PeerIntent renewed = receives(ada, {.at = after(1s).wall});
  desk.declare(renewed);
  desk.neighbours.join(bob.id());
  desk.replicate(bob.id(), old);
  const auto sent = desk.take_sent();
  ASSERT_EQ(replicas_of(sent, key_of(old.intent)).size(), 1U);
  EXPECT_EQ(desk.declare(sends(cyd)).matches.at(0).intent.token, renewed.intent.token);
}

TEST_F(CoordinatorRegionTest, HandsOnEverythingAfterSomebodyLiedAboutTheAgeOfARecord) {
  Desk other(random);
  desk.replicate(cyd.id(), receives(ada), kTokenTimeMax.time_since_epoch());
  desk.replicate(cyd.id(), receives(bob));
  desk.wait(1s);
  desk.take_sent();
  desk.neighbours.join(other.self.id());
  desk.region_changed();
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].peer, other.self.id());
  other.receive(desk.self.id(), sent[0].message);
  EXPECT_EQ(other.coordinator.intents_held(), 2U);
  EXPECT_EQ(other.take_sent().size(), 1U) << "an acknowledgement";
}

TEST_F(CoordinatorRegionTest, SaysOfNothingThatItIsOlderThanADay) {
  desk.replicate(cyd.id(), ada.withdrawal(receives(ada, {.life = 24h}).intent), 23h);
  desk.take_sent();
  desk.wait(2h);
  desk.neighbours.join(bob.id());
  desk.region_changed();
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].replicate->records.at(0).age, 24h);
}

TEST_F(CoordinatorRegionTest, OnlyTheClosestHolderPushes) {
  // Closer to the subject than we are.
  const Fingerprint closer = next_to(subject);
  desk.neighbours.join(closer);
  desk.declare(receives(ada));
  EXPECT_EQ(desk.declare(sends(bob)).matches.size(), 1U);
  desk.wait(10s);
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
  EXPECT_EQ(desk.coordinator.subjects_coordinated(), 0U);

  desk.neighbours.leave(closer);
  desk.region_changed();
  const auto pushed = desk.take_pushed();
  EXPECT_THAT(told_to(pushed, ada.id()), ElementsAre(key_of(sends(bob).intent)));
  EXPECT_THAT(told_to(pushed, bob.id()), ElementsAre(key_of(receives(ada).intent)));
}

TEST_F(CoordinatorRegionTest, WhoBecomesTheClosestTellsOnlyWhatIsRecent) {
  const Fingerprint closer = next_to(subject);
  desk.neighbours.join(closer);
  desk.declare(receives(ada));
  desk.declare(sends(bob));
  desk.wait(31s);
  // What was only renewed is not new to anybody.
  desk.declare(sends(bob, {.at = desk.now.wall}), digest_of(key_of(receives(ada).intent)));
  desk.neighbours.suspect(closer);
  desk.region_changed();
  EXPECT_EQ(desk.coordinator.subjects_coordinated(), 1U);
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
}

TEST_F(CoordinatorRegionTest, WhoBecomesTheClosestTellsARecentWithdrawalAgain) {
  const Fingerprint closer = next_to(subject);
  desk.neighbours.join(closer);
  const PeerIntent sender = sends(bob);
  desk.declare(receives(ada));
  desk.declare(sender);
  desk.wait(31s);
  desk.withdraw(bob.withdrawal(sender.intent));
  desk.neighbours.leave(closer);
  desk.region_changed();
  EXPECT_THAT(ended_to(desk.take_pushed(), ada.id()), ElementsAre(key_of(sender.intent)));
}

TEST_F(CoordinatorRegionTest, HandsOverToANodeThatJoins) {
  desk.declare(receives(ada));
  desk.declare(sends(bob));
  desk.neighbours.join(cyd.id());
  desk.region_changed();
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].peer, cyd.id());
  EXPECT_EQ(sent[0].replicate->records.size(), 2U);
}

TEST_F(CoordinatorRegionTest, AsksANewcomerFirstWhetherItWantsALot) {
  std::vector<Actor> actors;
  for (int i = 0; i < 9; ++i) {
    actors.emplace_back(random);
    desk.declare(receives(actors.back()));
  }
  desk.neighbours.join(cyd.id());
  desk.region_changed();
  auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].replicate->records, IsEmpty());
  ASSERT_EQ(sent[0].replicate->summaries.size(), 1U);
  desk.acknowledge(sent[0], {subject});
  sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].replicate->records.size(), 9U);
}

TEST_F(CoordinatorRegionTest, AHolderThatIsNotTheClosestOneOnlyMakesSure) {
  desk.neighbours.join(next_to(subject));
  desk.declare(receives(ada));
  for (const Sent& it : desk.take_sent()) desk.acknowledge(it);
  desk.neighbours.join(cyd.id());
  desk.region_changed();
  EXPECT_THAT(desk.take_sent(), IsEmpty());
  desk.wait(2s);
  const auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].peer, cyd.id());
  EXPECT_EQ(sent[0].replicate->summaries.size(), 1U);
}

TEST_F(CoordinatorRegionTest, WantsWhatASummaryTellsAndGivesWhatItHas) {
  desk.neighbours.join(cyd.id());
  desk.declare(receives(ada));
  for (const Sent& it : desk.take_sent()) desk.acknowledge(it);
  desk.summarise(cyd.id(), subject, desk.coordinator.store().subject(subject)->digest);
  auto sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].replicated->wanted, IsEmpty());

  desk.summarise(cyd.id(), subject, 12345);
  sent = desk.take_sent();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_THAT(sent[0].replicated->wanted, ElementsAre(subject));
  EXPECT_THAT(replicas_of(sent, key_of(receives(ada).intent)), ElementsAre(cyd.id()));
}

TEST_F(CoordinatorRegionTest, AnswersNobodyWhoNamesASubjectTwice) {
  desk.declare(receives(ada));
  const std::vector<SubjectSummary> summaries(512, SubjectSummary{subject, 12345});
  desk.receive(cyd.id(), encode_replicate(1, {}, summaries));
  EXPECT_THAT(desk.take_sent(), IsEmpty());
  EXPECT_EQ(desk.coordinator.counters().malformed, 1U);
}

TEST_F(CoordinatorRegionTest, GivesUpAPeerThatNeverAnswers) {
  desk.neighbours.join(cyd.id());
  desk.declare(receives(ada, {.life = 1h}));
  desk.wait(1min);
  EXPECT_EQ(desk.take_sent().size(), 4U);
  desk.wait(10min);
  EXPECT_THAT(desk.take_sent(), IsEmpty());
}

TEST_F(CoordinatorRegionTest, MatchesWhatTwoRegionsDeclaredApart) {
  desk.declare(sends(bob));
  desk.wait(40s);
  desk.take_pushed();
  desk.replicate(cyd.id(), receives(ada), 1min);
  const auto pushed = desk.take_pushed();
  EXPECT_THAT(told_to(pushed, ada.id()), ElementsAre(key_of(sends(bob).intent)));
  EXPECT_THAT(told_to(pushed, bob.id()), ElementsAre(key_of(receives(ada).intent)));
}

TEST_F(CoordinatorRegionTest, LeavesOldPairsOfOneHolderAlone) {
  desk.replicate(cyd.id(), sends(bob), 1min);
  desk.replicate(cyd.id(), receives(ada), 1min);
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
}

TEST_F(CoordinatorRegionTest, TellsANodeItsMatchesIfItsDeclareWasAnsweredElsewhereToo) {
  const PeerIntent sender = sends(bob);
  desk.declare(receives(ada));
  desk.declare(sender);
  desk.take_pushed();
  desk.replicate(cyd.id(), sender, 1s);
  EXPECT_THAT(told_to(desk.take_pushed(), bob.id()), ElementsAre(key_of(receives(ada).intent)));
  desk.replicate(cyd.id(), sender, 1min);
  EXPECT_THAT(desk.take_pushed(), IsEmpty());
}

}  // namespace
}  // namespace kith::overlay::test
