#include "overlay/membership/membership.hpp"

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

}  // namespace
}  // namespace kith::overlay
