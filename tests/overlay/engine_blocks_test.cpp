// Those whom an engine has nothing to do with.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/membership/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/relations/keeper.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;
using test::kSource;
using test::TestNode;

/// By which time whoever was refused has tried again.
constexpr Duration kRetries = 20min;

struct EngineBlocks : testing::Test {
  /// `who` enters through `whom`.
  void enter(EngineLab::Node& who, const EngineLab::Node& whom, Flow flow = Flow::hidden,
             bool pinned = true) {
    const auto node = pinned ? std::optional(whom.engine->id()) : std::nullopt;
    who.engine->join({whom.endpoint, node, flow}, lab.now);
    lab.pass(2s);
  }

  void block(const Fingerprint& who, Duration life = 24h) {
    EXPECT_TRUE(here.node.engine->block(who, lab.now.wall + life, lab.now));
    lab.pass(1s);
  }

  [[nodiscard]] Fingerprint id(const Keeper& keeper) const { return keeper.node.engine->id(); }
  [[nodiscard]] std::size_t sessions() const { return lab.wires_between(here.node, there.node); }

  EngineLab lab;
  Keeper here{lab, lab.add(1)};
  Keeper there{lab, lab.add(2)};
};

TEST_F(EngineBlocks, EndTheSessionsThatThereAre) {
  enter(there.node, here.node);
  ASSERT_EQ(sessions(), 1U);
  block(id(there));
  EXPECT_EQ(sessions(), 0U);
  EXPECT_EQ(here.node.lost.size(), 1U);
  // Not a word is said, and whoever comes back finds a closed door.
  EXPECT_EQ(here.node.closings.front(), CloseMode::drop);
  lab.pass(kRetries);
  EXPECT_EQ(here.node.joined.size(), 1U);
  EXPECT_GT(there.node.dials, 1U);
  EXPECT_EQ(here.node.dials, 0U);
}

TEST_F(EngineBlocks, LetNobodyInByAnyFlow) {
  block(id(there));
  for (const Flow flow : {Flow::hidden, Flow::sealed, Flow::open}) {
    enter(there.node, here.node, flow);
    ASSERT_FALSE(there.node.join_failures.empty());
    EXPECT_EQ(there.node.join_failures.back().why, Errc::refused) << static_cast<char>(flow);
  }
  EXPECT_TRUE(here.node.joined.empty());
  EXPECT_EQ(sessions(), 0U);
}

TEST_F(EngineBlocks, DialNobodyWhoIsKnownByName) {
  block(id(there));
  enter(here.node, there.node);
  EXPECT_EQ(here.node.dials, 0U);
  ASSERT_FALSE(here.node.join_failures.empty());
  EXPECT_EQ(here.node.join_failures.back().why, Errc::not_authorized);
}

TEST_F(EngineBlocks, SayNothingToWhoeverTurnsOutToBeOne) {
  block(id(there));
  for (const Flow flow : {Flow::hidden, Flow::sealed}) enter(here.node, there.node, flow, false);
  EXPECT_GT(here.node.dials, 0U);
  EXPECT_TRUE(here.node.entrances.empty());
  EXPECT_TRUE(there.node.joined.empty());
  EXPECT_EQ(sessions(), 0U);
}

TEST_F(EngineBlocks, GiveUpADialThatIsUnderWay) {
  here.node.engine->join({there.node.endpoint, id(there), Flow::hidden}, lab.now);
  block(id(there));
  EXPECT_TRUE(here.node.joined.empty());
  EXPECT_TRUE(there.node.joined.empty());
  EXPECT_EQ(sessions(), 0U);
}

TEST_F(EngineBlocks, AreOverAtTheirDate) {
  block(id(there), 10min);
  enter(there.node, here.node);
  EXPECT_TRUE(here.node.joined.empty());
  EXPECT_EQ(here.node.engine->blocked(lab.now.wall).size(), 1U);
  lab.pass(kRetries);
  EXPECT_EQ(here.node.joined.size(), 1U);
  EXPECT_TRUE(here.node.engine->blocked(lab.now.wall).empty());
}

TEST_F(EngineBlocks, EndWhenTheyAreTakenBack) {
  block(id(there));
  EXPECT_TRUE(here.node.engine->unblock(id(there)));
  EXPECT_FALSE(here.node.engine->unblock(id(there)));
  enter(there.node, here.node);
  EXPECT_EQ(sessions(), 1U);
}

TEST_F(EngineBlocks, HoldFromTheStart) {
  const Fingerprint blocked = id(there);
  EngineLab::Node& later =
      lab.add(3, [&](EngineConfig& config) { config.blocked = {{blocked, lab.now.wall + 1h}}; });
  enter(there.node, later);
  enter(later, there.node);
  EXPECT_TRUE(later.joined.empty());
  EXPECT_EQ(later.dials, 0U);
}

TEST_F(EngineBlocks, AreNeverOurselves) {
  Engine& engine = *here.node.engine;
  const WallTime until = lab.now.wall + 1h;
  EXPECT_EQ(engine.block(engine.id(), until, lab.now).error(), Errc::out_of_range);
  EXPECT_EQ(engine.block(here.identity(), until, lab.now).error(), Errc::out_of_range);
  EXPECT_EQ(engine.block({}, until, lab.now).error(), Errc::out_of_range);
}

/// A refusal must not tell whether it is the policy's or the list's (R13, R27).
TEST_F(EngineBlocks, R13_SoundLikeEveryOtherRefusal) {
  TestNode stranger{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  const auto knock = [&] {
    DialTarget target;
    target.flow = Flow::sealed;
    EngineLab::Stranger& visitor =
        lab.knock(here.node, kSource,
                  Session::dial(stranger.local, std::move(target), test::default_config(),
                                stranger.random, lab.now));
    lab.pass(1s);
    EXPECT_FALSE(visitor.party->opened());
    return visitor.heard.size();
  };
  here.node.verdict = Verdict::no;
  const std::size_t refused = knock();
  here.node.verdict = Verdict::yes;
  block(stranger.local.id);
  EXPECT_EQ(knock(), refused);
}

// Identities.

TEST_F(EngineBlocks, AnswerForThePolicy) {
  // It would never answer.
  here.node.verdict.reset();
  block(there.identity());
  enter(there.node, here.node);
  ASSERT_FALSE(there.node.join_failures.empty());
  EXPECT_EQ(there.node.join_failures.back().why, Errc::refused);
  EXPECT_EQ(sessions(), 0U);
}

/// A client, because we dial members without knowing who uses them.
TEST_F(EngineBlocks, EndTheSessionsOfAnIdentity) {
  SeededRandom random(77);
  const auto person = sim::simulated_primitives().signatures->generate(random);
  EngineLab::Node& guest = lab.add(4, [&](EngineConfig& config) {
    config.identity_key = person.clone();
    config.role = Participation::client;
  });
  enter(guest, here.node);
  ASSERT_EQ(lab.wires_between(guest, here.node), 1U);
  block(guest.engine->status().identity);
  EXPECT_EQ(lab.wires_between(guest, here.node), 0U);
  lab.pass(kRetries);
  EXPECT_EQ(here.node.joined.size(), 1U);
}

TEST_F(EngineBlocks, HearNothingOfWhatABlockedIdentityPublishes) {
  EngineLab::Node& friendly = lab.add(3);
  enter(friendly, here.node);
  enter(there.node, friendly);
  block(there.identity());
  ASSERT_TRUE(here.node.engine->subscribe("news", {}, lab.now));
  std::vector<PublisherId> publishers;
  for (EngineLab::Node* node : {&friendly, &there.node})
    publishers.push_back(*node->engine->advertise("news", {}, lab.now));
  lab.pass(1min);
  EXPECT_TRUE(friendly.engine->publish(publishers[0], as_bytes("good"), lab.now));
  EXPECT_TRUE(there.node.engine->publish(publishers[1], as_bytes("bad"), lab.now));
  lab.pass(10s);
  EXPECT_EQ(here.node.delivered, std::vector<std::string>{"good"});
}

// Relationships.

TEST_F(EngineBlocks, RedeemNoTicket) {
  for (const Fingerprint& who : {id(there), there.identity()}) {
    block(who);
    ASSERT_TRUE(there.redeem(here.issue(), here));
    lab.pass(1s);
    EXPECT_TRUE(here.kept.empty());
    EXPECT_TRUE(there.redeemed.empty());
    EXPECT_TRUE(here.node.engine->unblock(who));
    // Whoever failed before is not held against this one.
    lab.pass(2min);
  }
}

TEST_F(EngineBlocks, StandAboveARelationship) {
  ASSERT_TRUE(there.redeem(here.issue(), here));
  lab.pass(1s);
  ASSERT_EQ(here.kept.size(), 1U);
  const RelationshipId contact = here.kept[0].terms().id;
  for (const Fingerprint& who : {id(there), there.identity()}) {
    block(who);
    ASSERT_TRUE(there.tell(contact, "let me in"));
    lab.pass(1min);
    EXPECT_TRUE(here.heard.empty());
    EXPECT_EQ(here.tell(contact, "no").error(), Errc::not_authorized);
    EXPECT_EQ(here.node.engine->connect(contact, lab.now).error(), Errc::not_authorized);
    EXPECT_TRUE(here.node.engine->unblock(who));
    lab.pass(2min);
  }
  ASSERT_TRUE(there.tell(contact, "hello"));
  lab.pass(1min);
  EXPECT_EQ(here.heard, std::vector<std::string>{"hello"});
}

/// Whoever redeems a ticket, or reconnects, is shown no token of the other node.
TEST_F(EngineBlocks, EndTheSessionsWithAContactsIdentity) {
  ASSERT_TRUE(here.redeem(there.issue(), there));
  lab.pass(1s);
  ASSERT_EQ(here.redeemed.size(), 1U);
  ASSERT_EQ(sessions(), 1U);
  block(there.identity());
  EXPECT_EQ(sessions(), 0U);
}

TEST_F(EngineBlocks, AskNothing) {
  std::vector<Errc> failures;
  here.node.on_relation = [&](const RelationOutput& told) {
    if (const auto* failed = std::get_if<QueryFailed>(&told)) failures.push_back(failed->why);
  };
  block(id(there));
  ASSERT_TRUE(here.node.engine->query({there.node.endpoint, id(there)}, "time", {}));
  lab.pass(1s);
  EXPECT_EQ(failures, std::vector{Errc::not_authorized});
  EXPECT_EQ(here.node.dials, 0U);
}

}  // namespace
}  // namespace kith::overlay
