#include "overlay/coordinator/declarations.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/overlay/coordinator/actors.hpp"

namespace kith::overlay::test {
namespace {

using namespace std::chrono_literals;

using testing::IsEmpty;
using Id = Declarations::Id;

struct DeclarationsTest : testing::Test {
  DeclarationsTest() { declarations.set_node(self.node_token(), {}, now); }

  Id add(Actor::Wish wish = {}) {
    wish.subject = subject;
    return declarations.add(self.intent(wish), self.identity_key, now).value();
  }
  PeerIntent peer(const Actor& who, Actor::Wish wish = {}) {
    wish.subject = subject;
    if (wish.role == IntentRole::receive) wish.role = IntentRole::send;
    return who.peer_intent(wish);
  }

  /// All outputs of one kind; the others are dropped.
  template <class T>
  std::vector<T> take() {
    std::vector<T> taken;
    while (auto output = declarations.poll_output())
      if (auto* it = std::get_if<T>(&*output)) taken.push_back(std::move(*it));
    declarations.sanity_check();
    return taken;
  }
  Declarations::RouteToSubject take_request() {
    auto requests = take<Declarations::RouteToSubject>();
    EXPECT_EQ(requests.size(), 1U);
    return requests.empty() ? Declarations::RouteToSubject{} : requests.front();
  }

  void answer(std::uint64_t request, const DeclaredView& declared) {
    declarations.on_answer(request, encode_declared(declared), now);
  }
  void hold(std::uint64_t request, WallTime until = after(10min).wall) {
    answer(request, {DeclareVerdict::held, until, {}, {}});
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

  SeededRandom random{7};
  Instant now = kStart;
  Actor self{random};
  Actor ada{random};
  Actor bob{random, true};
  Fingerprint subject = random_fingerprint(random);
  Declarations declarations{{}, self.node_key, signatures(), random};
};

TEST_F(DeclarationsTest, DeclaresAtOnceToTheSubject) {
  add();
  const auto request = take_request();
  EXPECT_EQ(request.key, subject);
  const auto message = decode_declare(request.payload);
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(verify(message->peer, {}, signatures(), now.wall));
  EXPECT_EQ(message->known, 0U);
}

TEST_F(DeclarationsTest, DeclaresNothingBeforeItHasANode) {
  Declarations early({}, self.node_key, signatures(), random);
  (void)early.add(self.intent({.subject = subject}), self.identity_key, now);
  EXPECT_FALSE(early.poll_output().has_value());
  early.set_node(self.node_token(), {}, now);
  const auto output = early.poll_output();
  ASSERT_TRUE(output.has_value());
  EXPECT_TRUE(std::holds_alternative<Declarations::RouteToSubject>(*output));
}

TEST_F(DeclarationsTest, AsksAgainWhenItHearsNothingAtAllOfARequest) {
  const Id id = add();
  const auto first = take_request();
  wait(29s);
  EXPECT_THAT(take<Declarations::RouteToSubject>(), IsEmpty());
  wait(1s);
  wait(2s);
  const auto again = take_request();
  EXPECT_NE(again.request, first.request);
  hold(first.request);
  EXPECT_FALSE(declarations.is_held(id));
  hold(again.request);
  EXPECT_TRUE(declarations.is_held(id));
}

TEST_F(DeclarationsTest, WithdrawsAgainWhenItHearsNothingAtAll) {
  const Id id = add();
  hold(take_request().request);
  declarations.remove(id, now);
  const auto first = take_request();
  wait(30s);
  wait(2s);
  const auto again = take_request();
  answer(again.request, {DeclareVerdict::withdrawn, {}, {}, {}});
  EXPECT_FALSE(declarations.next_deadline().has_value());
}

TEST_F(DeclarationsTest, AClientSignsItsRelays) {
  const Relays relays{ada.id(), bob.id()};
  declarations.set_node(self.node_token(), relays, now);
  add();
  const auto message = decode_declare(take_request().payload);
  EXPECT_TRUE(verify(message->peer, {}, signatures(), now.wall));
  EXPECT_TRUE(std::ranges::equal(message->peer.relays(), relays));
}

TEST_F(DeclarationsTest, ItsLatestRelaysCountEvenIfItsClockWasSetBack) {
  add();
  declarations.set_node(self.node_token(), {{ada.id()}}, now);
  const auto before = decode_declare(take<Declarations::RouteToSubject>().back().payload);
  now.wall -= 1min;
  declarations.set_node(self.node_token(), {{bob.id()}}, now);
  const auto later = decode_declare(take_request().payload);
  EXPECT_GT(later->peer.attachment->at, before->peer.attachment->at);
}

TEST_F(DeclarationsTest, ItsRelaysAreBelievedOnceAClockFarAheadWasPutRight) {
  const WallTime today = now.wall;
  now.wall += 24h * 3652;
  declarations.set_node(self.node_token(now.wall), {{ada.id()}}, now);
  now.wall = today;
  declarations.set_node(self.node_token(), {{ada.id()}}, now);
  add();
  const auto message = decode_declare(take_request().payload);
  ASSERT_TRUE(message.has_value());
  EXPECT_TRUE(verify(message->peer, {}, signatures(), now.wall));
}

TEST_F(DeclarationsTest, ReportsWhoHoldsItAndUntilWhen) {
  const Id id = add();
  const std::vector<Fingerprint> holders{ada.id(), bob.id()};
  answer(take_request().request, {DeclareVerdict::held, after(5min).wall, holders, {}});
  const auto held = take<Declarations::Held>();
  ASSERT_EQ(held.size(), 1U);
  EXPECT_EQ(held[0].declaration, id);
  EXPECT_EQ(held[0].holders, holders);
  EXPECT_EQ(held[0].until, after(5min).wall);
  EXPECT_TRUE(declarations.is_held(id));
}

TEST_F(DeclarationsTest, AsksForRenewalInTimeAndWithJitter) {
  const Id id = add();
  hold(take_request().request);
  take<Declarations::Held>();
  const Duration due = *declarations.next_deadline() - now.time;
  EXPECT_GE(due, 10min * 590 / 1000);
  EXPECT_LE(due, 10min * 810 / 1000);
  wait(due);
  const auto needs = take<Declarations::NeedsRenewal>();
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs[0].declaration, id);
  EXPECT_EQ(needs[0].issued_after, kStart.wall);

  const IntentToken renewed = self.intent({.subject = subject, .at = now.wall});
  declarations.renew(id, renewed, now);
  EXPECT_EQ(decode_declare(take_request().payload)->peer.intent.token, renewed.token);
}

TEST_F(DeclarationsTest, AHolderCannotMakeItRenewAllTheTime) {
  add();
  hold(take_request().request, after(-1h).wall);
  take<Declarations::Held>();
  EXPECT_GE(*declarations.next_deadline() - now.time, 1s);
}

TEST_F(DeclarationsTest, TriesAgainWithLongerPausesWhenNobodyAnswers) {
  add();
  Duration before{};
  for (int i = 0; i < 5; ++i) {
    declarations.on_no_answer(take_request().request, now);
    const Duration pause = *declarations.next_deadline() - now.time;
    EXPECT_GT(pause, before);
    before = pause;
    wait(pause);
  }
}

TEST_F(DeclarationsTest, TellsWhyItIsRefused) {
  const Id id = add();
  const std::vector<std::pair<DeclareVerdict, std::optional<Errc>>> cases = {
      {DeclareVerdict::not_authorized, Errc::not_authorized},
      {DeclareVerdict::full, Errc::limit_reached},
      {DeclareVerdict::invalid, Errc::refused},
      {DeclareVerdict::elsewhere, std::nullopt},
  };
  for (const auto& [verdict, why] : cases) {
    answer(take_request().request, {verdict, {}, {}, {}});
    const auto refused = take<Declarations::Refused>();
    ASSERT_EQ(refused.size(), why ? 1U : 0U);
    if (why) {
      EXPECT_EQ(refused[0].declaration, id);
      EXPECT_EQ(refused[0].why, *why);
    }
    wait(2min);
  }
}

TEST_F(DeclarationsTest, TriesAgainWhenItIsRefused) {
  add();
  std::uint64_t refused = 0;
  for (const auto verdict : {DeclareVerdict::invalid, DeclareVerdict::full,
                             DeclareVerdict::elsewhere, DeclareVerdict::withdrawn}) {
    answer(take_request().request, {verdict, {}, {}, {}});
    EXPECT_EQ(declarations.counters().refused, ++refused);
    wait(*declarations.next_deadline() - now.time);
  }
}

TEST_F(DeclarationsTest, AsksForALaterTokenWhenItIsSuperseded) {
  const Id id = add();
  answer(take_request().request, {DeclareVerdict::superseded, after(2min).wall, {}, {}});
  const auto needs = take<Declarations::NeedsRenewal>();
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs[0].issued_after, after(2min).wall);
  declarations.renew(id, self.intent({.subject = subject, .at = after(121s).wall}), now);
  EXPECT_EQ(take<Declarations::RouteToSubject>().size(), 1U);
}

TEST_F(DeclarationsTest, ALieAboutWhatSupersedesItDoesNotCarryItAway) {
  add();
  answer(take_request().request, {DeclareVerdict::superseded, after(24h * 365).wall, {}, {}});
  EXPECT_EQ(take<Declarations::NeedsRenewal>().at(0).issued_after, now.wall + kClockSkewMax);
}

TEST_F(DeclarationsTest, DoesNotDeclareAWornToken) {
  add();
  declarations.on_no_answer(take_request().request, now);
  wait(8min);
  EXPECT_EQ(take<Declarations::NeedsRenewal>().size(), 1U);
}

TEST_F(DeclarationsTest, ReplacesATokenFromAheadOfAClockThatWasPutRight) {
  const Id id =
      declarations
          .add(self.intent({.subject = subject, .at = after(24h).wall}), self.identity_key, now)
          .value();
  const auto needs = take<Declarations::NeedsRenewal>();
  ASSERT_EQ(needs.size(), 1U);
  EXPECT_EQ(needs[0].declaration, id);
  EXPECT_EQ(needs[0].issued_after, WallTime{});
}

TEST_F(DeclarationsTest, WithdrawsWhatIsRemoved) {
  const Id id = add();
  hold(take_request().request);
  take<Declarations::Held>();
  declarations.remove(id, now);
  const auto request = take_request();
  const auto withdrawal = decode_withdraw(request.payload);
  ASSERT_TRUE(withdrawal.has_value());
  EXPECT_TRUE(verify(*withdrawal, signatures(), now.wall));
  EXPECT_EQ(request.key, subject);
  EXPECT_TRUE(declarations.is_withdrawing());
  answer(request.request, {DeclareVerdict::withdrawn, {}, {}, {}});
  EXPECT_FALSE(declarations.is_withdrawing());
  EXPECT_EQ(declarations.next_deadline(), std::nullopt);
}

TEST_F(DeclarationsTest, TriesAFewTimesToWithdraw) {
  declarations.remove(add(), now);
  int attempts = 0;
  for (auto requests = take<Declarations::RouteToSubject>(); !requests.empty();
       requests = take<Declarations::RouteToSubject>()) {
    ++attempts;
    declarations.on_no_answer(requests.back().request, now);
    if (const auto due = declarations.next_deadline()) wait(*due - now.time);
  }
  EXPECT_EQ(attempts, 3);
  EXPECT_FALSE(declarations.is_withdrawing());
}

TEST_F(DeclarationsTest, SaysNothingMoreOfWhatWasRemoved) {
  const Id id = add();
  const auto request = take_request();
  push(peer(ada));
  declarations.remove(id, now);
  hold(request.request);
  push(peer(bob));
  while (const auto output = declarations.poll_output())
    EXPECT_TRUE(std::holds_alternative<Declarations::RouteToSubject>(*output));
}

TEST_F(DeclarationsTest, DeclaresAgainWhenItsNodeMoves) {
  const Id id = add();
  hold(take_request().request);
  take<Declarations::Held>();
  const NodeToken moved = self.node_token(after(1min).wall);
  declarations.set_node(moved, {}, now);
  EXPECT_EQ(decode_declare(take_request().payload)->peer.node.token, moved.token);
  declarations.set_node(moved, {}, now);
  EXPECT_THAT(take<Declarations::RouteToSubject>(), IsEmpty());
  EXPECT_EQ(declarations.intent(id)->subject(), subject);
}

TEST_F(DeclarationsTest, SpreadsManyDeclaresOverTime) {
  for (int i = 0; i < 200; ++i)
    (void)declarations.add(self.intent({.subject = random_fingerprint(random)}), self.identity_key,
                           now);
  EXPECT_EQ(take<Declarations::RouteToSubject>().size(), 200U);
  declarations.set_node(self.node_token(after(1min).wall), {}, now);
  std::vector<std::size_t> steps{take<Declarations::RouteToSubject>().size()};
  for (;;) {
    const auto due = declarations.next_deadline();
    if (!due || *due > kStart.time + 1s) break;
    wait(*due - now.time);
    steps.push_back(take<Declarations::RouteToSubject>().size());
  }
  EXPECT_THAT(steps, testing::ElementsAre(64, 64, 64, 8));
}

TEST_F(DeclarationsTest, RefusesMoreThanItsLimit) {
  Declarations few({.declarations_max = 1}, self.node_key, signatures(), random);
  EXPECT_TRUE(few.add(self.intent({.subject = subject}), self.identity_key, now));
  EXPECT_EQ(
      few.add(self.intent({.subject = subject, .role = IntentRole::send}), self.identity_key, now)
          .error(),
      Errc::limit_reached);
}

TEST_F(DeclarationsTest, IgnoresAnswersThatNobodyAskedFor) {
  add();
  hold(take_request().request + 1);
  EXPECT_THAT(take<Declarations::Held>(), IsEmpty());
}

TEST_F(DeclarationsTest, AnUnreadableAnswerIsNone) {
  add();
  declarations.on_answer(take_request().request, as_bytes("hello"), now);
  EXPECT_EQ(declarations.counters().malformed, 1U);
  EXPECT_TRUE(declarations.next_deadline().has_value());
}

}  // namespace
}  // namespace kith::overlay::test
