#include "overlay/membership/membership.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/membership/membership_fixture.hpp"
#include "tests/overlay/village.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::kConnection;
using test::MembershipTest;

class ClientMembershipTest : public MembershipTest {
 protected:
  ClientMembershipTest() : MembershipTest(Participation::client) {}
};

TEST_F(MembershipTest, R41_AsksThePolicyTwiceBeforeItAcknowledges) {
  const ContactIndex newcomer = village.issue(5);
  ASSERT_TRUE(receive_join(newcomer, {.role = Participation::member}));
  auto asked = take<AskAboutJoin>();
  ASSERT_TRUE(asked);
  EXPECT_TRUE(std::holds_alternative<AuthenticateQuestion>(asked->question));
  EXPECT_FALSE(take<SendOn>());
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  asked = take<AskAboutJoin>();
  ASSERT_TRUE(asked);
  EXPECT_TRUE(std::holds_alternative<AuthorizeQuestion>(asked->question));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  EXPECT_EQ(kind_of(take<SendOn>()), MessageKind::acknowledge);
  EXPECT_TRUE(take<SessionJoined>());
}

TEST_F(MembershipTest, R42_SaysNotAcknowledgedThenCloses) {
  for (const Verdict verdict : {Verdict::no, Verdict::defer}) {
    ASSERT_TRUE(receive_join(village.issue(5), {}));
    membership->on_verdict(kConnection, verdict, at(0s));
    const auto told = take<SendOn>();
    ASSERT_TRUE(told);
    EXPECT_EQ(decode_not_acknowledged(told->message), verdict == Verdict::defer);
    EXPECT_TRUE(take<CloseSession>());
    EXPECT_FALSE(take<SessionJoined>());
  }
}

TEST_F(MembershipTest, R42_NeedsTheTokenOfANewcomerUntilItIsRefused) {
  const ContactIndex newcomer = village.issue(5);
  const auto needs_it = [&] {
    std::vector<ContactIndex> used;
    membership->append_used(used);
    return std::ranges::find(used, newcomer) != used.end();
  };
  ASSERT_TRUE(receive_join(newcomer, {}));
  EXPECT_TRUE(needs_it());
  membership->on_verdict(kConnection, Verdict::no, at(0s));
  EXPECT_FALSE(needs_it());
}

TEST_F(MembershipTest, R44_AnnouncesANewcomerTowardsItsOwnFingerprint) {
  const ContactIndex newcomer = village.issue(5);
  ASSERT_TRUE(receive_join(newcomer, {.entering = true}));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  const auto order = take<RouteForMembership>();
  ASSERT_TRUE(order);
  EXPECT_EQ(order->request.key, village.id(newcomer));
  EXPECT_EQ(order->request.avoid, village.id(newcomer));
  EXPECT_EQ(*peek_kind(order->request.payload), MessageKind::announce);
}

TEST_F(MembershipTest, R44_AcknowledgesANewcomerAndTellsThePeersOfIt) {
  for (std::uint16_t i = 0; i < 4; ++i) village.befriend(20 + i);
  const ContactIndex newcomer = village.issue(5);
  ASSERT_TRUE(receive_join(newcomer, {}));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  const Bytes update = encode_update(village.book.token(newcomer).token.raw());
  bool acknowledged = false;
  int told = 0;
  while (const auto sent = take<SendOn>()) {
    if (sent->connection == kConnection) acknowledged |= kind_of(sent) == MessageKind::acknowledge;
    if (sent->message == update) ++told;
  }
  EXPECT_TRUE(acknowledged);
  EXPECT_EQ(told, 4);
}

TEST_F(MembershipTest, AnnouncesNoClient) {
  ASSERT_TRUE(receive_join(village.issue(5), {.role = Participation::client, .entering = true}));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  EXPECT_FALSE(take<RouteForMembership>());
}

TEST_F(MembershipTest, TakesNoSecondJoin) {
  const ContactIndex newcomer = village.issue(5);
  ASSERT_TRUE(receive_join(newcomer, {}));
  EXPECT_FALSE(receive_join(newcomer, {}));
}

TEST_F(MembershipTest, TakesNoAcknowledgementThatItDidNotAskFor) {
  EXPECT_FALSE(receive(village.issue(5), MessageKind::acknowledge,
                       encode_acknowledge(Participation::member)));
}

TEST_F(MembershipTest, IsReadyAtOnceIfItFoundsAnOverlay) {
  membership->on_deadline(TimePoint{});
  EXPECT_TRUE(membership->is_ready());
}

TEST_F(MembershipTest, IsNotReadyWhileItKnocks) {
  membership->enter({Endpoint::v4({10, 0, 0, 9}, 1), {}}, TimePoint{});
  membership->on_deadline(TimePoint{});
  EXPECT_FALSE(membership->is_ready());
  EXPECT_TRUE(take<DialEntrance>());
}

TEST_F(MembershipTest, IsReadyAtOnceIfItKnocksOnlyWhereItWasBefore) {
  const JoinTarget known{Endpoint::v4({10, 0, 0, 9}, 1), {}, Flow::hidden, false};
  membership->enter(known, TimePoint{});
  membership->on_deadline(TimePoint{});
  EXPECT_TRUE(membership->is_ready());
  EXPECT_TRUE(take<DialEntrance>());
  membership->on_entrance_failed(known, JoinStep::connecting, Errc::connection_lost, TimePoint{});
  const auto failed = take<JoinFailed>();
  ASSERT_TRUE(failed);
  EXPECT_FALSE(failed->is_needed);
  membership->on_deadline(TimePoint(2s));
  EXPECT_TRUE(membership->is_ready());
  EXPECT_TRUE(take<DialEntrance>());
}

TEST_F(MembershipTest, SaysNothingOfAnEntranceThatIsForgottenWhileItKnocksThere) {
  const JoinTarget entrance{Endpoint::v4({10, 0, 0, 9}, 1), {}};
  membership->enter(entrance, TimePoint{});
  membership->on_deadline(TimePoint{});
  ASSERT_TRUE(take<DialEntrance>());
  membership->forget_entrance(entrance);
  membership->on_entrance_failed(entrance, JoinStep::connecting, Errc::connection_lost,
                                 TimePoint{});
  EXPECT_FALSE(take<JoinFailed>());
}

TEST_F(MembershipTest, KnocksAgainInTimeWhereverElseItWasRefusedMeanwhile) {
  const JoinTarget silent{Endpoint::v4({10, 0, 0, 8}, 1), {}};
  const JoinTarget refusing{Endpoint::v4({10, 0, 0, 9}, 1), {}};
  for (const JoinTarget& entrance : {silent, refusing}) membership->enter(entrance, TimePoint{});
  membership->on_deadline(TimePoint{});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(take<DialEntrance>());
  membership->on_entrance_failed(silent, JoinStep::connecting, Errc::timed_out, TimePoint{});
  membership->on_entrance_failed(refusing, JoinStep::joining, Errc::refused, TimePoint{});
  membership->on_deadline(at(2s).time);
  const auto again = take<DialEntrance>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->target, silent);
}

TEST_F(MembershipTest, BecomesReadyWhenTheClosestNodeHasAnswered) {
  membership->enter({Endpoint::v4({10, 0, 0, 9}, 1), {}}, TimePoint{});
  membership->on_deadline(TimePoint{});
  const ContactIndex peer = village.befriend(5);
  membership->on_deadline(TimePoint{});
  EXPECT_FALSE(membership->is_ready());
  ASSERT_TRUE(receive(peer, MessageKind::piggy, encode(PiggyMessage{.complete = true}), true));
  membership->on_deadline(TimePoint{});
  EXPECT_TRUE(membership->is_ready());
}

TEST_F(MembershipTest, AnnouncesItselfIfOthersFoundItAndItsEntranceIsSilent) {
  membership->enter({Endpoint::v4({10, 0, 0, 9}, 1), {}}, TimePoint{});
  ASSERT_TRUE(receive_join(village.befriend(5), {}));
  for (int i = 0; i < 2; ++i) membership->on_verdict(kConnection, Verdict::yes, at(0s));
  membership->on_deadline(TimePoint(4s));
  EXPECT_FALSE(take_own_announcement());
  membership->on_deadline(TimePoint(5s));
  const auto announced = take_own_announcement();
  ASSERT_TRUE(announced);
  membership->on_answered(*announced, AnswerStatus::final, encode(PiggyMessage{.complete = true}),
                          at(5s));
  membership->on_deadline(TimePoint(5s));
  EXPECT_TRUE(membership->is_ready());
}

TEST_F(MembershipTest, DoesNotAnnounceItselfIfItsEntranceHas) {
  const JoinTarget entrance{Endpoint::v4({10, 0, 0, 9}, 1), {}};
  membership->enter(entrance, TimePoint{});
  const ContactIndex peer = village.befriend(5);
  membership->on_join_sent(kConnection, peer, entrance);
  ASSERT_TRUE(receive(peer, MessageKind::acknowledge, encode_acknowledge(Participation::member)));
  ASSERT_TRUE(receive(peer, MessageKind::piggy, encode(PiggyMessage{.complete = true}), true));
  membership->on_deadline(TimePoint(1min));
  EXPECT_FALSE(take_own_announcement());
}

TEST_F(MembershipTest, SaysGoodByeToEveryPeer) {
  village.befriend(5);
  village.befriend(6);
  membership->leave();
  int closed = 0;
  while (take<CloseSession>()) ++closed;
  EXPECT_EQ(closed, 2);
}

TEST_F(MembershipTest, AsksNobodyAgainAtOnceWhoHasNoRoom) {
  const ContactIndex peer = village.befriend(5);
  test::Village elsewhere(2);
  const ByteView token = elsewhere.book.token(elsewhere.issue(6)).token.raw();
  const Bytes piggy = encode(PiggyMessage{.complete = false, .tokens = {token}});
  ASSERT_TRUE(receive(peer, MessageKind::piggy, piggy, true));
  membership->on_deadline(TimePoint{});
  const auto dial = take<DialContact>();
  ASSERT_TRUE(dial);
  membership->on_dial_failed(dial->contact, Errc::refused, TimePoint{});
  ASSERT_TRUE(receive(peer, MessageKind::piggy, piggy, true));
  membership->on_deadline(TimePoint(1s));
  EXPECT_FALSE(take<DialContact>());
}

TEST_F(MembershipTest, KeepsAPeerThatRefusesOneSessionMore) {
  const ContactIndex peer = village.befriend(5);
  membership->on_dial_failed(peer, Errc::refused, TimePoint{});
  EXPECT_TRUE(village.table.is_peer(peer));
}

TEST_F(MembershipTest, LooksForNeighboursAfterALeaveAsAfterALoss) {
  for (std::uint16_t i = 6; i < 9; ++i) village.befriend(i);
  const ContactIndex peer = village.befriend(5);
  ASSERT_TRUE(receive(peer, MessageKind::leave, encode_bare(MessageKind::leave), true));
  EXPECT_FALSE(village.table.is_peer(peer));
  membership->on_deadline(TimePoint(1s));
  bool looked_around = false;
  while (const auto order = take<RouteForMembership>())
    looked_around |= order->request.key == village.id(village.self);
  EXPECT_TRUE(looked_around);
}

TEST_F(ClientMembershipTest, DialsARelayThatIsLostButNoneThatHasLeft) {
  for (const Errc why : {Errc::connection_lost, Errc::closed}) {
    const ContactIndex relay = village.befriend(5);
    if (why == Errc::closed) {
      ASSERT_TRUE(receive(relay, MessageKind::leave, encode_bare(MessageKind::leave), true));
    }
    village.peers.remove(relay);
    membership->on_peer_lost(relay, why, TimePoint{});
    membership->on_deadline(TimePoint{});
    EXPECT_EQ(take<DialContact>().has_value(), why == Errc::connection_lost);
  }
}

TEST_F(ClientMembershipTest, IsReadyWithOneRelayAndLooksForTwoMore) {
  membership->enter({Endpoint::v4({10, 0, 0, 9}, 1), {}}, TimePoint{});
  membership->on_deadline(TimePoint{});
  EXPECT_FALSE(membership->is_ready());
  const ContactIndex relay = village.befriend(5);
  test::Village elsewhere(2);
  PiggyMessage piggy;
  for (std::uint16_t i = 0; i < 5; ++i)
    piggy.tokens.push_back(elsewhere.book.token(elsewhere.issue(30 + i)).token.raw());
  ASSERT_TRUE(receive(relay, MessageKind::piggy, encode(piggy), true));
  membership->on_deadline(TimePoint{});
  EXPECT_TRUE(membership->is_ready());
  int dials = 0;
  while (take<DialContact>()) ++dials;
  EXPECT_EQ(dials, 2);
}

}  // namespace
}  // namespace kith::overlay
