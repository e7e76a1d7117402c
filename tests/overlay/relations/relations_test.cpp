#include "overlay/relations/relations.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "overlay/metered_signatures.hpp"
#include "overlay/sim/crypto.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr ConnectionId kFirst{1};
constexpr ConnectionId kSecond{2};

/// A node with one identity.
struct Party {
  explicit Party(std::uint64_t seed) : random(seed) {
    key = sim::simulated_primitives().signatures->generate(random);
    static_key = sim::simulated_primitives().dh->generate(random).public_key;
    place = {node_fingerprint(key.public_key), static_key};
  }

  SeededRandom random;
  crypto::SigningKeyPair key;
  crypto::DhPublicKey static_key{};
  RelationshipPlace place;
};

/// What a node has in common with another one.
struct RelationsOfANode : testing::Test {
  RelationshipId relate(Duration life = 1h) {
    return relations.add(signed_by(us, them, params(life)), {}).value();
  }
  [[nodiscard]] RelationshipParams params(Duration life = 1h) const {
    RelationshipParams params;
    params.issued_at = now.wall;
    params.life = life;
    params.proposer = us.place;
    params.partner = them.place;
    params.partner_key = them.key.public_key;
    return params;
  }
  RelationshipToken signed_by(Party& proposer, const Party& partner,
                              const RelationshipParams& what) {
    const auto proposal = propose_relationship(what, proposer.key, meter, proposer.random);
    return countersign(*proposal, partner.key, meter, now.wall).value();
  }

  Result<void> hear_end(const RelationshipId& id, ConnectionId on) {
    RelationEnd end{id, now.wall, {}};
    end.signature = meter.sign(them.key, {end_statement(id, end.at)});
    return relations.on_message({on, them.place.node}, MessageKind::relation_end, encode(end),
                                now.wall);
  }

  void open(ConnectionId connection, bool dialed) {
    relations.on_session({connection, them.place.node}, dialed, now);
  }

  /// The sessions that were to be closed since this was last asked, and why.
  std::vector<std::pair<ConnectionId, CloseReason>> closings() {
    std::vector<std::pair<ConnectionId, CloseReason>> all;
    while (const auto output = relations.poll_output())
      if (const auto* over = std::get_if<RelationOver>(&*output))
        all.emplace_back(over->connection, over->reason);
    return all;
  }

  void wait_until(TimePoint time) {
    now = {time, now.wall + (time - now.time)};
    relations.on_deadline(now);
  }

  /// All that is due up to `time` happens when it is due.
  void wait_past(TimePoint time) {
    for (auto due = relations.next_deadline(); due && *due <= time; due = relations.next_deadline())
      wait_until(*due);
  }

  Party us{1};
  Party them{2};
  Instant now{TimePoint(1h), WallTime(std::chrono::seconds(1'800'000'000))};
  MeteredSignatures meter{*sim::simulated_primitives().signatures};
  Identities identities{us.key};
  Relations relations{
      {.self = us.place.node, .realm = {}, .identities = &identities, .signatures = &meter}};
};

using Closings = std::vector<std::pair<ConnectionId, CloseReason>>;

TEST_F(RelationsOfANode, R64_AreSignedByBoth) {
  const Bytes raw = [&] {
    const RelationshipToken token = signed_by(us, them, params());
    return Bytes(token.raw().begin(), token.raw().end());
  }();
  // The last bytes of either signature: two more stand before the other one.
  constexpr std::size_t kSignature = sizeof(crypto::Signature);
  for (const std::size_t from_end : {std::size_t{1}, kSignature + 3}) {
    Bytes forged = raw;
    forged[forged.size() - from_end] ^= 1U;
    EXPECT_EQ(relations.add(RelationshipToken::decode(forged).value(), {}).error(),
              Errc::bad_signature);
  }
  EXPECT_TRUE(relations.add(RelationshipToken::decode(raw).value(), {}));
}

TEST_F(RelationsOfANode, R64_NameThisNodeAndItsIdentityAndAnotherNode) {
  Party stranger{3};
  RelationshipParams theirs = params();
  theirs.proposer = stranger.place;
  EXPECT_EQ(relations.add(signed_by(stranger, them, theirs), {}).error(), Errc::wrong_key);
  EXPECT_EQ(relations.add(signed_by(us, them, theirs), {}).error(), Errc::wrong_key);
  EXPECT_EQ(relations.add(signed_by(stranger, them, params()), {}).error(), Errc::not_found);
  RelationshipParams at_home = params();
  at_home.partner = us.place;
  EXPECT_EQ(relations.add(signed_by(us, them, at_home), {}).error(), Errc::wrong_key);
  RelationshipParams elsewhere = params();
  elsewhere.realm = us.place.node;
  EXPECT_EQ(relations.add(signed_by(us, them, elsewhere), {}).error(), Errc::wrong_realm);
  EXPECT_FALSE(relations.shares(them.place.node, now.wall));
}

TEST_F(RelationsOfANode, CheckNoSignatureOfAnEndThatIsKnown) {
  const RelationshipId id = relate();
  open(kFirst, false);
  ASSERT_TRUE(hear_end(id, kFirst));
  const std::uint64_t checked = meter.checked();
  EXPECT_TRUE(hear_end(id, kFirst));
  EXPECT_EQ(meter.checked(), checked);
}

TEST_F(RelationsOfANode, EndEverySessionWithTheLastOfThem) {
  const RelationshipId ids[] = {relate(), relate()};
  open(kFirst, true);
  open(kSecond, false);
  ASSERT_TRUE(hear_end(ids[0], kSecond));
  EXPECT_EQ(closings(), Closings());
  ASSERT_TRUE(hear_end(ids[1], kSecond));
  EXPECT_EQ(closings(), (Closings{{kFirst, CloseReason::done}, {kSecond, CloseReason::done}}));
}

TEST_F(RelationsOfANode, EndEverySessionWhenTheLastOfThemIsOverByItsDate) {
  EXPECT_FALSE(relations.next_deadline());
  static_cast<void>(relate(10min));
  static_cast<void>(relate(20min));
  const TimePoint start = now.time;
  open(kFirst, true);
  open(kSecond, false);
  wait_past(start + 20min + kClockSkewMax - 1us);
  EXPECT_EQ(closings(), Closings());
  ASSERT_EQ(relations.next_deadline(), start + 20min + kClockSkewMax);
  wait_until(*relations.next_deadline());
  EXPECT_EQ(closings(), (Closings{{kFirst, CloseReason::done}, {kSecond, CloseReason::done}}));
  EXPECT_FALSE(relations.next_deadline());
}

TEST_F(RelationsOfANode, EndTheSessionsSoonAfterTheDateHasJumpedPastTheirs) {
  static_cast<void>(relate(24h));
  open(kFirst, true);
  const TimePoint start = now.time;
  now.wall += 48h;
  wait_past(start + 1min);
  EXPECT_EQ(closings(), (Closings{{kFirst, CloseReason::done}}));
  EXPECT_FALSE(relations.next_deadline());
}

TEST_F(RelationsOfANode, KeepTheSessionsAsLongAsTheirDateIsToCome) {
  static_cast<void>(relate(2h));
  wait_until(now.time + 90min);
  open(kFirst, true);
  const TimePoint start = now.time;
  now.wall -= 1h;
  wait_past(start + 90min);
  EXPECT_EQ(closings(), Closings());
  wait_past(start + 90min + kClockSkewMax);
  EXPECT_EQ(closings(), (Closings{{kFirst, CloseReason::done}}));
}

TEST_F(RelationsOfANode, WaitForNoDateWithoutASession) {
  static_cast<void>(relate());
  open(kFirst, true);
  open(kSecond, false);
  relations.on_closed(kFirst, Errc::closed);
  EXPECT_TRUE(relations.next_deadline());
  relations.on_closed(kSecond, Errc::closed);
  EXPECT_FALSE(relations.next_deadline());
}

TEST_F(RelationsOfANode, EndTheOldestSessionThatTheOtherNodeDialedOfTooMany) {
  static_cast<void>(relate());
  open(kFirst, true);
  for (std::uint32_t i = 2; i <= 4; ++i) open(ConnectionId{i}, false);
  EXPECT_EQ(closings(), Closings());
  // As soon as there are too many, and once each.
  open(ConnectionId{5}, false);
  open(ConnectionId{6}, false);
  EXPECT_EQ(closings(), (Closings{{kSecond, CloseReason::duplicate},
                                  {ConnectionId{3}, CloseReason::duplicate}}));
}

TEST_F(RelationsOfANode, TellOfNoEndThatNobodyComesFor) {
  ASSERT_TRUE(hear_end(relate(), kFirst));
  static_cast<void>(closings());
  relations.tell_ends({kSecond, them.place.node}, std::nullopt);
  EXPECT_FALSE(relations.poll_output());
}

TEST_F(RelationsOfANode, TellWhoeverIsSilentOfTheLatestEnds) {
  const RelationshipId first = relate();
  ASSERT_TRUE(hear_end(first, kFirst));
  now = {now.time + 1s, now.wall + 1s};
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(hear_end(relate(), kFirst));
  static_cast<void>(closings());
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(relations.on_silence({kSecond, them.place.node}));
    std::set<RelationshipId> told;
    while (const auto output = relations.poll_output())
      if (const auto* said = std::get_if<RelationSend>(&*output))
        told.insert(decode_relation_end(said->message).value().relationship);
    EXPECT_EQ(told.size(), 64U);
    EXPECT_FALSE(told.contains(first));
  }
}

TEST_F(RelationsOfANode, TellWhoeverIsSilentOfNoEndIfThereIsNone) {
  static_cast<void>(relate());
  EXPECT_FALSE(relations.on_silence({kFirst, them.place.node}));
  EXPECT_FALSE(relations.poll_output());
}

TEST_F(RelationsOfANode, SayThatTheyKnowNothingOfWhatSomebodyComesFor) {
  const RelationshipId strange{1, 2, 3};
  relations.tell_ends({kSecond, them.place.node}, strange);
  const auto said = relations.poll_output();
  ASSERT_TRUE(said && std::holds_alternative<RelationSend>(*said));
  EXPECT_EQ(decode_no_relation(std::get<RelationSend>(*said).message), strange);
  EXPECT_EQ(closings(), (Closings{{kSecond, CloseReason::done}}));
}

}  // namespace
}  // namespace kith::overlay
