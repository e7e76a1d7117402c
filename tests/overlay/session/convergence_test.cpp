#include "overlay/session/convergence.hpp"

#include <array>

#include <gtest/gtest.h>

#include "tests/overlay/session/party.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::overlay::test {
namespace {

const Fingerprint kLess = Fingerprint::from_bytes(Bytes(32, 1)).value();
const Fingerprint kGreater = Fingerprint::from_bytes(Bytes(32, 2)).value();

constexpr ConvergingSession session(bool dialed_by_us, bool proven) {
  return {.dialed_by_us = dialed_by_us, .has_sent = proven, .has_heard = proven, .last_active = {}};
}

TEST(Survivor, IsTheOneDialedByTheGreaterFingerprint) {
  const std::array sessions{session(true, true), session(false, true)};
  EXPECT_EQ(survivor(sessions, kGreater, kLess), 0U);
  EXPECT_EQ(survivor(sessions, kLess, kGreater), 1U);
}

TEST(Survivor, IsTheNewestOfOneDialerOnceItHasCarriedBothWays) {
  std::array sessions{session(true, true), session(true, true), session(true, false)};
  for (const auto& [us, peer] : {std::pair(kLess, kGreater), std::pair(kGreater, kLess)}) {
    EXPECT_EQ(survivor(sessions, us, peer), 1U);
  }
  sessions[2] = session(true, true);
  EXPECT_EQ(survivor(sessions, kLess, kGreater), 2U);
}

TEST(Survivor, IsTheOldestAsLongAsNothingIsProven) {
  const std::array sessions{session(false, false), session(false, false)};
  EXPECT_EQ(survivor(sessions, kLess, kGreater), 0U);
}

TEST(Survivor, IsTheSameForBothSides) {
  kith::test::for_each_seed(500, [](Random& random) {
    std::vector<ConvergingSession> ours(1 + random.below(6));
    std::vector<ConvergingSession> theirs;
    for (ConvergingSession& one : ours) {
      one = session(random.below(2) == 0, random.below(2) == 0);
      theirs.push_back(one);
      theirs.back().dialed_by_us = !one.dialed_by_us;
    }
    ASSERT_EQ(survivor(ours, kLess, kGreater), survivor(theirs, kGreater, kLess));
  });
}

TEST(DuplicateEnd, IsUpToTheResponderAfterTwoQuietSeconds) {
  ConvergingSession loser = session(false, true);
  loser.last_active = start_time().time;
  EXPECT_EQ(duplicate_end(loser, session(true, true)), loser.last_active + std::chrono::seconds(2));
  loser.dialed_by_us = true;
  EXPECT_EQ(duplicate_end(loser, session(true, true)), std::nullopt);
}

TEST(DuplicateEnd, WaitsUntilTheSurvivorWasHeard) {
  EXPECT_EQ(duplicate_end(session(false, true), session(true, false)), std::nullopt);
}

TEST(Convergence, LeavesOneSessionOfTwoThatWereDialedAtOnce) {
  TestNode a(1);
  TestNode b(2);
  Pair by_a(a, b, b.connection_target());
  Pair by_b(b, a, a.connection_target());
  by_a.run();
  by_b.run();
  // A's view and B's view, both oldest first.
  const std::array of_a{&by_a.dialer.session, &by_b.responder.session};
  const std::array of_b{&by_a.responder.session, &by_b.dialer.session};
  const auto choose = [](const auto& sessions, const TestNode& us, const TestNode& peer) {
    std::vector<ConvergingSession> views;
    views.reserve(sessions.size());
    for (const Session* one : sessions) views.push_back(ConvergingSession::of(*one));
    return survivor(views, us.local.id, peer.local.id);
  };
  const std::size_t chosen = choose(of_a, a, b);
  EXPECT_EQ(chosen, choose(of_b, b, a));
  EXPECT_EQ(chosen == 0, a.local.id > b.local.id);

  Pair& kept = chosen == 0 ? by_a : by_b;
  Pair& lost = chosen == 0 ? by_b : by_a;
  const auto due = duplicate_end(ConvergingSession::of(lost.responder.session),
                                 ConvergingSession::of(kept.dialer.session));
  EXPECT_EQ(due, std::nullopt);  // Nothing was heard on the other one yet.
  ASSERT_TRUE(kept.responder.session.send({as_bytes("here")}));
  kept.run();
  EXPECT_EQ(duplicate_end(ConvergingSession::of(lost.responder.session),
                          ConvergingSession::of(kept.dialer.session)),
            start_time().time + kDuplicateQuiet);
  lost.responder.session.close(CloseReason::duplicate, lost.now);
  lost.responder.poll(lost.now);
  lost.run();
  EXPECT_EQ(lost.dialer.closed->reason, CloseReason::duplicate);
  EXPECT_TRUE(kept.dialer.session.is_open());
}

}  // namespace
}  // namespace kith::overlay::test
