#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "overlay/coordinator/declarations.hpp"
#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using testing::IsEmpty;
using Id = Declarations::Id;
using Matched = Declarations::Matched;
using Unmatched = Declarations::Unmatched;

/// A subscriber whose intent is held, and what others tell it.
struct MatchesTest : testing::Test {
  MatchesTest() {
    declarations.set_node(self.node_token(), {}, now);
    id = declarations.add(self.intent({.subject = subject, .life = 1h}), self.identity_key, now)
             .value();
    take<Matched>();
  }

  PeerIntent sends(const Actor& who, Actor::Wish wish = {}, const Relays& relays = {}) {
    wish.subject = subject;
    wish.role = IntentRole::send;
    return who.peer_intent(wish, relays);
  }
  template <class T>
  std::vector<T> take() {
    std::vector<T> taken;
    while (auto output = declarations.poll_output())
      if (auto* it = std::get_if<T>(&*output)) taken.push_back(std::move(*it));
    declarations.sanity_check();
    return taken;
  }
  void push(const PeerIntent& peer) {
    const IntentView view = view_of(peer);
    declarations.on_push(encode_matches({&view, 1}), now);
  }
  void push(const IntentEnd& end) { declarations.on_push(encode_unmatched({&end, 1}), now); }
  void wait(Duration span) {
    now = {now.time + span, now.wall + span};
    declarations.on_deadline(now);
  }

  SeededRandom random{8};
  Instant now = kStart;
  Actor self{random};
  Actor ada{random};
  Actor bob{random, true};
  Actor cyd{random};
  Fingerprint subject = random_fingerprint(random);
  Declarations declarations{{.matches_max = 2}, self.node_key, signatures(), random};
  Id id{};
};

TEST_F(MatchesTest, ReportsAMatchOnce) {
  const PeerIntent peer = sends(ada);
  push(peer);
  push(peer);
  const auto matched = take<Matched>();
  ASSERT_EQ(matched.size(), 1U);
  EXPECT_EQ(matched[0].declaration, id);
  EXPECT_EQ(matched[0].peer.intent.token, peer.intent.token);
  EXPECT_EQ(declarations.matches(id), 1U);
}

TEST_F(MatchesTest, TakesMatchesFromAnAnswer) {
  Declarations other({}, self.node_key, signatures(), random);
  other.set_node(self.node_token(), {}, now);
  const Id asked = other.add(self.intent({.subject = subject}), self.identity_key, now).value();
  const auto request = std::get<Declarations::RouteToSubject>(*other.poll_output()).request;
  const PeerIntent peer = sends(ada);
  const IntentView view = view_of(peer);
  other.on_answer(request,
                  encode_declared({DeclareVerdict::held, after(1min).wall, {}, {&view, 1}}), now);
  EXPECT_EQ(other.matches(asked), 1U);
}

TEST_F(MatchesTest, TellsCoordinatorsWhatItKnows) {
  push(sends(ada));
  push(sends(bob));
  take<Matched>();
  declarations.set_node(self.node_token(after(1s).wall), {}, now);
  const auto requests = take<Declarations::RouteToSubject>();
  EXPECT_EQ(decode_declare(requests.at(0).payload)->known,
            digest_of(key_of(sends(ada).intent)) + digest_of(key_of(sends(bob).intent)));
}

TEST_F(MatchesTest, BelievesNothingForged) {
  PeerIntent forged = sends(ada);
  forged.node = bob.node_token();
  push(forged);

  forged = sends(ada);
  Bytes raw(forged.intent.token.raw().begin(), forged.intent.token.raw().end());
  raw.back() ^= 1;
  forged.intent = decode_intent_token(raw).value();
  push(forged);

  forged = sends(ada);
  raw.assign(forged.node.token.raw().begin(), forged.node.token.raw().end());
  raw.back() ^= 1;
  forged.node = decode_node_token(raw).value();
  push(forged);

  forged = sends(bob, {}, {ada.id()});
  forged.attachment->relays.front() = self.id();
  push(forged);

  push(sends(ada, {.at = after(-1h).wall}));
  push(sends(ada, {.at = after(1h).wall}));
  push(sends(ada, {.realm = bob.identity}));
  EXPECT_THAT(take<Matched>(), IsEmpty());
  EXPECT_EQ(declarations.counters().forged, 6U);
}

TEST_F(MatchesTest, PassesOverWhatDoesNotMatch) {
  push(ada.peer_intent({.subject = subject, .role = IntentRole::receive}));
  push(ada.peer_intent({.subject = random_fingerprint(random), .role = IntentRole::send}));
  push(sends(ada, {.audience = bob.identity}));
  push(sends(self));
  EXPECT_THAT(take<Matched>(), IsEmpty());
  EXPECT_EQ(declarations.counters().forged, 0U);
}

TEST_F(MatchesTest, KeepsARenewedMatchAndTellsItsToken) {
  push(sends(ada, {.life = 1min}));
  EXPECT_EQ(take<Matched>().size(), 1U);
  const PeerIntent renewed = sends(ada, {.at = after(30s).wall, .life = 10min});
  push(renewed);
  push(renewed);
  const auto changed = take<Declarations::PeerChanged>();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].peer.intent.token, renewed.intent.token);
  wait(7min);
  EXPECT_THAT(take<Unmatched>(), IsEmpty());
}

TEST_F(MatchesTest, ReportsThatANodeMoved) {
  push(sends(bob, {}, {ada.id()}));
  take<Matched>();
  PeerIntent moved = sends(bob, {.at = after(1s).wall}, {self.id()});
  push(moved);
  auto changed = take<Declarations::PeerChanged>();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].peer.attachment, moved.attachment);

  moved.node = bob.node_token(after(2s).wall);
  push(moved);
  changed = take<Declarations::PeerChanged>();
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_EQ(changed[0].peer.node.token, moved.node.token);
  push(moved);
  EXPECT_THAT(take<Declarations::PeerChanged>(), IsEmpty());
}

TEST_F(MatchesTest, EndsWithAWithdrawalAndDoesNotComeBack) {
  const PeerIntent peer = sends(ada);
  push(peer);
  push(IntentEnd(ada.withdrawal(peer.intent)));
  const auto ended = take<Unmatched>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].peer, key_of(peer.intent));
  push(peer);
  EXPECT_THAT(take<Matched>(), IsEmpty());
  push(sends(ada, {.at = after(1s).wall}));
  EXPECT_EQ(take<Matched>().size(), 1U);
}

TEST_F(MatchesTest, OnlyTheIdentityEndsAMatch) {
  const PeerIntent peer = sends(ada);
  push(peer);
  Withdrawal forged = ada.withdrawal(peer.intent);
  forged.signature[3] ^= 1;
  push(IntentEnd(forged));
  push(IntentEnd(bob.withdrawal(peer.intent)));
  push(IntentEnd(ExpiredIntent{key_of(peer.intent), peer.intent.token.issued_at()}));
  EXPECT_THAT(take<Unmatched>(), IsEmpty());
  EXPECT_EQ(declarations.matches(id), 1U);
}

TEST_F(MatchesTest, AnOldWithdrawalDoesNotEndANewIntent) {
  const PeerIntent old = sends(ada);
  push(sends(ada, {.at = after(1s).wall}));
  push(IntentEnd(ada.withdrawal(old.intent)));
  EXPECT_EQ(declarations.matches(id), 1U);
}

TEST_F(MatchesTest, ExpiresByItself) {
  push(sends(ada));
  wait(10min + kClockSkewMax - 1s);
  EXPECT_THAT(take<Unmatched>(), IsEmpty());
  wait(1s);
  EXPECT_EQ(take<Unmatched>().size(), 1U);
  EXPECT_EQ(declarations.matches(id), 0U);
}

TEST_F(MatchesTest, BelievesThatAnIntentExpiredOnceItsTimeMayBeOver) {
  const PeerIntent peer = sends(ada);
  const IntentEnd end(ExpiredIntent{key_of(peer.intent), peer.intent.token.issued_at()});
  push(peer);
  wait(4min);
  push(end);
  EXPECT_THAT(take<Unmatched>(), IsEmpty());
  wait(1min);
  push(end);
  EXPECT_EQ(take<Unmatched>().size(), 1U);
}

TEST_F(MatchesTest, EndsWhenANewerIntentIsNotForUs) {
  push(sends(ada));
  take<Matched>();
  push(sends(ada, {.at = after(1s).wall, .audience = bob.identity}));
  EXPECT_EQ(take<Unmatched>().size(), 1U);
}

TEST_F(MatchesTest, TheOldestMakesRoomForWhoeverComesLater) {
  push(sends(ada));
  push(sends(bob));
  push(sends(cyd));
  EXPECT_EQ(take<Unmatched>().at(0).peer, key_of(sends(ada).intent));
  EXPECT_EQ(declarations.matches(id), 2U);
  EXPECT_EQ(declarations.counters().over_limit, 1U);
}

TEST_F(MatchesTest, WhoeverHasASessionWithUsStaysLonger) {
  declarations.on_session_open(ada.id());
  push(sends(ada));
  for (int i = 0; i < 3; ++i) {
    push(sends(Actor(random)));
    for (const Unmatched& it : take<Unmatched>()) EXPECT_NE(it.peer, key_of(sends(ada).intent));
  }
  EXPECT_EQ(declarations.matches(id), 2U);
}

TEST_F(MatchesTest, ASessionThatWasLostIsNoReasonToStay) {
  declarations.on_session_open(ada.id());
  push(sends(ada));
  push(sends(bob));
  declarations.on_session_lost(ada.id());
  push(sends(cyd));
  EXPECT_EQ(take<Unmatched>().at(0).peer, key_of(sends(ada).intent));
}

TEST_F(MatchesTest, WhereAllHaveSessionsTheOldestMakesRoom) {
  for (const Actor* actor : {&ada, &bob, &cyd}) declarations.on_session_open(actor->id());
  push(sends(ada));
  push(sends(bob));
  push(sends(cyd));
  EXPECT_EQ(take<Unmatched>().at(0).peer, key_of(sends(ada).intent));
  push(sends(ada, {.at = after(1s).wall}));
  EXPECT_EQ(take<Unmatched>().at(0).peer, key_of(sends(bob).intent));
}

TEST_F(MatchesTest, OfTooManyInAllTheOldestOfTheIntentWithTheMostMakesRoom) {
  Declarations full({.matches_in_all_max = 3}, self.node_key, signatures(), random);
  full.set_node(self.node_token(), {}, now);
  const Fingerprint quiet = random_fingerprint(random);
  const Id flooded = full.add(self.intent({.subject = subject}), self.identity_key, now).value();
  const Id calm = full.add(self.intent({.subject = quiet}), self.identity_key, now).value();
  const auto hear = [&](const PeerIntent& peer) {
    const IntentView view = view_of(peer);
    full.on_push(encode_matches({&view, 1}), now);
    full.sanity_check();
  };
  hear(ada.peer_intent({.subject = quiet, .role = IntentRole::send}));
  for (int i = 0; i < 5; ++i) hear(sends(Actor(random)));
  EXPECT_EQ(full.matches(calm), 1U);
  EXPECT_EQ(full.matches(flooded), 2U);

  hear(cyd.peer_intent({.subject = quiet, .role = IntentRole::send}));
  EXPECT_EQ(full.matches(calm), 2U);
  EXPECT_EQ(full.matches(flooded), 1U);
  EXPECT_EQ(full.counters().over_limit, 4U);
  full.remove(calm, now);
  full.sanity_check();
}

TEST_F(MatchesTest, NothingForgedMakesRoom) {
  push(sends(ada));
  push(sends(bob));
  PeerIntent forged = sends(cyd);
  forged.node = bob.node_token();
  push(forged);
  EXPECT_THAT(take<Unmatched>(), IsEmpty());
}

TEST_F(MatchesTest, OneIntentMayMatchSeveralOfOurs) {
  const Id other =
      declarations
          .add(self.intent({.subject = subject, .role = IntentRole::send}), self.identity_key, now)
          .value();
  push(ada.peer_intent({.subject = subject, .role = IntentRole::both}));
  EXPECT_EQ(take<Matched>().size(), 2U);
  EXPECT_EQ(declarations.matches(id) + declarations.matches(other), 2U);
}

TEST_F(MatchesTest, IgnoresWhatItCannotRead) {
  declarations.on_push(as_bytes("hello"), now);
  EXPECT_EQ(declarations.counters().malformed, 1U);
}

TEST_F(MatchesTest, ANewerIntentForOthersChangesNothingAfterAWithdrawal) {
  const PeerIntent peer = sends(ada);
  push(peer);
  push(IntentEnd(ada.withdrawal(peer.intent)));
  push(sends(ada, {.at = after(1s).wall, .audience = bob.identity}));
  EXPECT_EQ(take<Unmatched>().size(), 1U);
  EXPECT_EQ(declarations.matches(id), 0U);
}

}  // namespace
}  // namespace kith::overlay::test
