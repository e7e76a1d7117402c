#include "overlay/membership/membership.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/overlay/village.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;
using test::at;

constexpr ConnectionId kConnection{77};

class MembershipTest : public testing::Test {
 protected:
  explicit MembershipTest(Participation role = Participation::member) {
    MembershipConfig config;
    config.role = role;
    config.self = village.id(village.self);
    config.signatures = &crypto::ed25519();
    membership.emplace(
        config,
        Membership::Shared{village.book, village.table, village.peers, village.random, judgements},
        TimePoint{});
  }

  template <class What>
  std::optional<What> take() {
    while (auto output = membership->poll_output())
      if (auto* what = std::get_if<What>(&*output)) return std::move(*what);
    return std::nullopt;
  }

  Result<void> receive(ContactIndex from, MessageKind kind, ByteView message, bool joined = false) {
    return membership->on_message({kConnection, from, joined, village.book.endpoint(from), {}},
                                  kind, message, at(0s));
  }

  Result<void> receive_join(ContactIndex from, JoinMessage join) {
    return receive(from, MessageKind::join, encode(join));
  }

  /// Tells the router's number of our own announcement, if there is one among what is to be routed.
  std::optional<RequestId> take_own_announcement() {
    std::optional<RequestId> found;
    while (const auto order = take<RouteForMembership>()) {
      membership->on_requested(RequestId{++requests});
      if (*peek_kind(order->request.payload) != MessageKind::announce) continue;
      EXPECT_EQ(order->request.key, village.id(village.self));
      EXPECT_TRUE(order->request.first_hop);
      found = RequestId{requests};
    }
    return found;
  }

  [[nodiscard]] static MessageKind kind_of(const std::optional<SendOn>& sent) {
    return sent ? *peek_kind(sent->message) : MessageKind{};
  }

  test::Village village;
  RealmJudgements judgements{{.signatures = &crypto::ed25519(), .asks_nobody = true},
                             village.random};
  std::optional<Membership> membership;
  std::uint64_t requests = 0;
};

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

TEST_F(MembershipTest, R47_TakesNoGossipFromWhoHasNotJoined) {
  const ContactIndex stranger = village.issue(5);
  const ByteView token = village.book.token(village.issue(6)).token.raw();
  EXPECT_FALSE(receive(stranger, MessageKind::update, encode_update(token)));
  EXPECT_FALSE(receive(stranger, MessageKind::piggy,
                       encode(PiggyMessage{.complete = false, .tokens = {token}})));
  EXPECT_FALSE(receive(stranger, MessageKind::leave, encode_bare(MessageKind::leave)));
}

TEST_F(MembershipTest, R47_TakesNoGossipWhileThePolicyThinks) {
  const ContactIndex newcomer = village.issue(5);
  test::Village elsewhere(2);
  const ByteView token = elsewhere.book.token(elsewhere.issue(6)).token.raw();
  const Bytes piggy = encode(PiggyMessage{.complete = false, .tokens = {token}});
  ASSERT_TRUE(receive_join(newcomer, {}));
  EXPECT_FALSE(receive(newcomer, MessageKind::piggy, piggy));
  membership->on_verdict(kConnection, Verdict::yes, at(0s));
  EXPECT_FALSE(receive(newcomer, MessageKind::piggy, piggy));
  membership->on_deadline(TimePoint{});
  EXPECT_FALSE(take<DialContact>());
}

TEST_F(MembershipTest, R47_TakesTheAlternativesOfWhoHasNoRoom) {
  const ContactIndex full = village.issue(5);
  test::Village elsewhere(2);
  const ByteView token = elsewhere.book.token(elsewhere.issue(6)).token.raw();
  membership->on_join_sent(kConnection, full, {});
  EXPECT_TRUE(receive(full, MessageKind::piggy,
                      encode(PiggyMessage{.complete = false, .tokens = {token}})));
  membership->on_deadline(TimePoint{});
  EXPECT_TRUE(take<DialContact>());
}

TEST_F(MembershipTest, HearsOfOthersOnceBeforeItIsAcknowledged) {
  const ContactIndex talker = village.issue(5);
  const Bytes piggy = encode(PiggyMessage{.complete = false, .tokens = {}});
  membership->on_join_sent(kConnection, talker, {});
  EXPECT_TRUE(receive(talker, MessageKind::piggy, piggy));
  EXPECT_FALSE(receive(talker, MessageKind::piggy, piggy));
  ASSERT_TRUE(receive(talker, MessageKind::acknowledge, encode_acknowledge(Participation::member)));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(receive(talker, MessageKind::piggy, piggy, true));
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

TEST_F(MembershipTest, R46_DialsANewNeighbourItHearsOf) {
  const ContactIndex peer = village.befriend(5);
  test::Village elsewhere(2);
  const ContactIndex newcomer = elsewhere.issue(6);
  const ByteView token = elsewhere.book.token(newcomer).token.raw();
  ASSERT_TRUE(receive(peer, MessageKind::update, encode_update(token), true));
  membership->on_deadline(TimePoint{});
  const auto dial = take<DialContact>();
  ASSERT_TRUE(dial);
  EXPECT_EQ(village.id(dial->contact), elsewhere.id(newcomer));
}

TEST_F(MembershipTest, BelievesNoForgedToken) {
  const ContactIndex peer = village.befriend(5);
  test::Village elsewhere(2);
  const ByteView raw = elsewhere.book.token(elsewhere.issue(6)).token.raw();
  Bytes forged(raw.begin(), raw.end());
  forged.back() ^= 1;
  ASSERT_TRUE(receive(peer, MessageKind::update, encode_update(forged), true));
  membership->on_deadline(TimePoint{});
  EXPECT_FALSE(take<DialContact>());
}

TEST_F(MembershipTest, TellsEachTokenOnce) {
  for (std::uint16_t i = 0; i < 4; ++i) village.befriend(20 + i);
  const ContactIndex peer = village.befriend(5);
  test::Village elsewhere(2);
  const ByteView token = elsewhere.book.token(elsewhere.issue(6)).token.raw();
  ASSERT_TRUE(receive(peer, MessageKind::update, encode_update(token), true));
  int told = 0;
  while (take<SendOn>()) ++told;
  EXPECT_EQ(told, 4);
  ASSERT_TRUE(receive(peer, MessageKind::update, encode_update(token), true));
  EXPECT_FALSE(take<SendOn>());
}

TEST_F(MembershipTest, TellsOfANodeWhoseUuidAnotherOneUsedBefore) {
  for (std::uint16_t i = 0; i < 4; ++i) village.befriend(20 + i);
  const ContactIndex peer = village.befriend(5);
  SeededRandom keys(3);
  for (int i = 0; i < 2; ++i) {
    SeededRandom same(4);
    NodeTokenParams params;
    params.issued_at = test::kToday;
    params.static_key[0] = 9;
    params.endpoints.push_back(village.book.endpoint(peer));
    const auto token =
        issue_node_token(params, crypto::ed25519().generate(keys), crypto::ed25519(), same);
    ASSERT_TRUE(token);
    ASSERT_TRUE(receive(peer, MessageKind::update, encode_update(token->token.raw()), true));
    int told = 0;
    while (take<SendOn>()) ++told;
    EXPECT_EQ(told, 4);
  }
}

TEST_F(MembershipTest, KeepsThePeersOwnNewerTokenToItself) {
  const ContactIndex peer = village.befriend(5);
  for (std::uint16_t i = 6; i < 10; ++i) village.befriend(i);
  const NodeToken newer = village.renewed(peer, 1h);
  ASSERT_TRUE(membership->on_message({kConnection, peer, true, {}, {}}, MessageKind::update,
                                     encode_update(newer.token.raw()), at(1h)));
  EXPECT_EQ(village.book.token(peer).token, newer.token);
  EXPECT_FALSE(take<SendOn>());
}

TEST_F(MembershipTest, HandsOutNoTokenThatIsAboutToExpire) {
  const ContactIndex stale = village.befriend(5);
  const ContactIndex fresh = village.befriend(6);
  ASSERT_NE(stale, fresh);
  const Duration life = village.book.token(stale).token.expires_at() - test::kToday;
  village.book.keep(village.renewed(fresh, 1h));
  membership->on_lookup(RouteId{1}, Fingerprint({1}), encode_bare(MessageKind::lookup),
                        at(life - 30s));
  const auto answer = take<AnswerRoute>();
  ASSERT_TRUE(answer);
  const auto piggy = decode_piggy(answer->payload);
  ASSERT_TRUE(piggy);
  ASSERT_EQ(piggy->tokens.size(), 1U);
  EXPECT_EQ(decode_node_token(piggy->tokens[0])->fingerprint(), village.id(fresh));
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

TEST_F(MembershipTest, DialsWhoeverIsCalledByTheNumberOfOneThatRefused) {
  const ContactIndex peer = village.befriend(5);
  const ContactIndex full = village.issue(6);
  membership->on_dial_failed(full, Errc::refused, TimePoint{});
  village.book.retain(std::vector{village.self, peer});
  const ContactIndex newcomer = village.issue(7);
  ASSERT_EQ(newcomer, full);
  const Bytes token = encode_update(village.book.token(newcomer).token.raw());
  ASSERT_TRUE(receive(peer, MessageKind::update, token, true));
  membership->on_deadline(TimePoint{});
  EXPECT_TRUE(take<DialContact>());
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
