// Entering the overlay through a node that we share a relationship with.

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/sim/crypto.hpp"
#include "tests/overlay/relations/engine_relations.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;

struct EngineRelatedEntrance : test::EngineRelations {};

TEST_F(EngineRelatedEntrance, LeadsIntoTheOverlay) {
  // Whoever listens so answers no stranger.
  for (const ListenerProfile& profile : {kPrivateListener, kStealthListener}) {
    const std::uint8_t number = profile.stealth ? 5 : 4;
    Keeper shy{lab, lab.add(number, [&](EngineConfig& config) { config.listener = profile; })};
    Keeper friendly{lab, lab.add(static_cast<std::uint8_t>(number + 2))};
    lab.pass(0s);
    const JoinTarget target{shy.node.endpoint, shy.node.engine->id()};
    eve.node.engine->join(target, lab.now);
    lab.pass(1s);
    EXPECT_TRUE(eve.node.joined.empty());

    const RelationshipId id = relate(friendly, shy);
    friendly.node.engine->join(target, lab.now);
    lab.pass(1s);
    EXPECT_EQ(friendly.node.joined, std::vector{*target.node});
    EXPECT_EQ(shy.node.joined, std::vector{friendly.node.engine->id()});
    EXPECT_TRUE(friendly.node.engine->is_ready());
    EXPECT_EQ(friendly.node.dials, 1U);
    // What they say to each other goes over the same session.
    ASSERT_TRUE(shy.tell(id, "hello"));
    lab.pass(1s);
    EXPECT_EQ(friendly.heard, std::vector<std::string>{"hello"});
    EXPECT_EQ(lab.wires_between(friendly.node, shy.node), 1U);
  }
}

TEST_F(EngineRelatedEntrance, LeadsInWhoJoinsAsAnotherIdentity) {
  Keeper shy{lab, lab.add(4, [](EngineConfig& config) { config.listener = kStealthListener; })};
  Keeper somebody{lab, lab.add(5, [](EngineConfig& config) {
                    SeededRandom own(50);
                    config.identity_key = config.primitives->signatures->generate(own);
                  })};
  lab.pass(0s);
  RelationshipParams params;
  params.issued_at = lab.now.wall;
  params.proposer = place(somebody);
  params.partner = place(shy);
  params.partner_key = key(shy).public_key;
  SeededRandom own(50);
  const RelationshipToken token = sign(params, signatures.generate(own), key(shy));
  add(somebody, token, shy.node.endpoint);
  add(shy, token, somebody.node.endpoint);
  somebody.node.engine->join({shy.node.endpoint, shy.node.engine->id()}, lab.now);
  lab.pass(1s);
  EXPECT_TRUE(somebody.node.engine->is_ready());
}

TEST_F(EngineRelatedEntrance, LeadsInByTheFlowThatItAnswers) {
  const std::pair<Flow, std::size_t> ways[] = {{Flow::connection, 2}, {Flow::hidden, 3}};
  std::uint8_t number = 4;
  for (const auto& [flow, dials] : ways) {
    Keeper shy{lab, lab.add(number++, [&](EngineConfig& config) {
                 config.listener = {.accepted_flows = {flow}};
               })};
    Keeper friendly{lab, lab.add(number++)};
    lab.pass(0s);
    relate(friendly, shy);
    friendly.node.engine->join({shy.node.endpoint, shy.node.engine->id()}, lab.now);
    lab.pass(5s);
    EXPECT_TRUE(friendly.node.engine->is_ready());
    EXPECT_EQ(friendly.node.dials, dials);
    EXPECT_TRUE(friendly.node.join_failures.empty());
  }
}

TEST_F(EngineRelatedEntrance, LeadsInWhereTheRelationshipWasLost) {
  Keeper forgetful{lab, lab.add(4)};
  Keeper friendly{lab, lab.add(5)};
  lab.pass(0s);
  add(friendly, token_of(friendly, forgetful), forgetful.node.endpoint);
  friendly.node.engine->join({forgetful.node.endpoint, forgetful.node.engine->id()}, lab.now);
  lab.pass(5s);
  EXPECT_TRUE(friendly.node.engine->is_ready());
  EXPECT_EQ(friendly.node.dials, 3U);
  EXPECT_TRUE(friendly.node.join_failures.empty());
}

TEST_F(EngineRelatedEntrance, IsTheOtherNodeAndNobodyElse) {
  const RelationshipToken ours = relate_by_hand();
  test::TestNode other{8, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  lab.listen(EngineLab::endpoint_of(7), other);
  ada.node.engine->join({EngineLab::endpoint_of(7), hand.local.id}, lab.now);
  for (int i = 0; i < 60 && ada.node.join_failures.empty(); ++i) lab.pass(1s);
  std::string letters;
  for (const EngineLab::Stranger* visitor : lab.visitors) {
    ASSERT_GT(visitor->heard.size(), 2U);
    letters.push_back(static_cast<char>(visitor->heard[2]));
    EXPECT_FALSE(visitor->party->opened());
  }
  EXPECT_EQ(letters, "NCH");
  ASSERT_EQ(ada.node.join_failures.size(), 1U);
  EXPECT_EQ(ada.node.join_failures[0].why, Errc::wrong_key);
}

TEST_F(EngineRelatedEntrance, SaysThatTheRelationshipHasEnded) {
  Keeper shy{lab, lab.add(4, [](EngineConfig& config) { config.listener = kPrivateListener; })};
  lab.pass(0s);
  const RelationshipId id = relate(ada, shy);
  ASSERT_TRUE(shy.node.engine->add_relation_end(end_of(id, key(shy))));
  ada.node.engine->join({shy.node.endpoint, shy.node.engine->id()}, lab.now);
  lab.pass(5s);
  EXPECT_TRUE(ada.node.joined.empty());
  ASSERT_EQ(ada.ended.size(), 1U);
  EXPECT_FALSE(ada.ended[0].by_us);
}

TEST_F(EngineRelatedEntrance, StaysAContactWhereWeMayNotJoin) {
  bob.node.verdict = Verdict::no;
  ada.node.engine->join({bob.node.endpoint, bob.node.engine->id()}, lab.now);
  lab.pass(1s);
  EXPECT_TRUE(ada.node.joined.empty());
  ASSERT_EQ(ada.node.join_failures.size(), 1U);
  EXPECT_EQ(ada.node.join_failures[0].why, Errc::refused);
  ASSERT_TRUE(ada.tell(shared[0], "hello"));
  lab.pass(1s);
  EXPECT_EQ(bob.heard.size(), 1U);
  EXPECT_EQ(ada.node.dials, 1U);
}

}  // namespace
}  // namespace kith::overlay
