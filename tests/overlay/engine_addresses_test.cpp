// Engines that dial a node which is said to be in several places.

#include <chrono>
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

/// Another node is at `elsewhere` by now.  It ends no connection: an engine that it refuses gives
/// up after ten seconds.
struct EngineAddresses : test::EngineRelations {
  EngineAddresses() { lab.listen(elsewhere, other); }

  /// One that `ada` shares with `partner`, whom it takes for being in one of these places.
  RelationshipId relate_at(Keeper& partner, std::vector<Endpoint> places) {
    const RelationshipToken token = token_of(ada, partner);
    EXPECT_TRUE(ada.node.engine->add_relationship(token, std::move(places)));
    add(partner, token, ada.node.endpoint);
    return token.terms().id;
  }

  /// By which flows somebody was dialed who is no engine, and that no session opened there.
  [[nodiscard]] std::string letters() const {
    std::string letters;
    for (const EngineLab::Stranger* visitor : lab.visitors) {
      EXPECT_FALSE(visitor->party->opened());
      letters.push_back(visitor->heard.size() > 2 ? static_cast<char>(visitor->heard[2]) : '-');
    }
    return letters;
  }

  const Endpoint elsewhere = EngineLab::endpoint_of(8);
  test::TestNode other{8, sim::simulated_primitives(), elsewhere};
};

TEST_F(EngineAddresses, OfAContactAreTriedUntilItAnswers) {
  const RelationshipId id = relate_at(bob, {elsewhere, bob.node.endpoint});
  ASSERT_TRUE(ada.tell(id, "hello"));
  lab.pass(50s);
  EXPECT_EQ(bob.heard, std::vector<std::string>{"hello"});
  EXPECT_EQ(letters(), "N");
  EXPECT_EQ(ada.node.dials, 2U);
}

TEST_F(EngineAddresses, OfAContactAreTriedByEachFlowInTurn) {
  Keeper shy{lab, lab.add(4, [](EngineConfig& config) {
               config.listener = {.accepted_flows = {Flow::hidden}};
             })};
  lab.pass(0s);
  const RelationshipId id = relate_at(shy, {elsewhere, shy.node.endpoint});
  ASSERT_TRUE(ada.tell(id, "hello"));
  lab.pass(50s);
  EXPECT_EQ(shy.heard, std::vector<std::string>{"hello"});
  EXPECT_EQ(letters(), "NCH");
  EXPECT_EQ(ada.node.dials, 6U);
}

/// Several addresses may be those of one listener, which shuts out who fails five times.
TEST_F(EngineAddresses, LeaveTheLastFlowAChanceWhereTheOthersFail) {
  const std::vector<std::pair<std::uint8_t, std::string>> cases{
      {2, "NNCCHH"}, {3, "NNNCHHH"}, {6, "NNNNHHHH"}};
  for (const auto& [count, expected] : cases) {
    std::vector<Endpoint> places;
    for (std::uint8_t i = 0; i < count; ++i) {
      places.push_back(EngineLab::endpoint_of(static_cast<std::uint8_t>(20 + i)));
      lab.listen(places.back(), other);
    }
    lab.visitors.clear();
    ada.unreachable.clear();
    ASSERT_TRUE(ada.node.engine->connect(relate_at(bob, places), lab.now));
    lab.pass(1min);
    EXPECT_EQ(letters(), expected);
    EXPECT_FALSE(ada.unreachable.empty());
  }
}

TEST_F(EngineAddresses, WhereNobodyListensAreDialedByOneFlow) {
  const RelationshipId id =
      relate_at(bob, {EngineLab::endpoint_of(98), EngineLab::endpoint_of(99)});
  ASSERT_TRUE(ada.node.engine->connect(id, lab.now));
  lab.pass(1min);
  EXPECT_FALSE(ada.unreachable.empty());
  EXPECT_EQ(ada.node.dials, 2U);
}

TEST_F(EngineAddresses, OfATicketAreTriedUntilItsIssuerAnswers) {
  ASSERT_TRUE(ada.node.engine->redeem(
      {.ticket = eve.issue(), .endpoints = {elsewhere, eve.node.endpoint}}, lab.now));
  lab.pass(15s);
  EXPECT_EQ(ada.redeemed.size(), 1U);
  EXPECT_EQ(eve.spendings, 1U);
  EXPECT_EQ(letters(), "I");
}

TEST_F(EngineAddresses, AreTriedNoMoreOnceTheRightNodeHasSaidNo) {
  eve.node.verdict = Verdict::no;
  ASSERT_TRUE(ada.node.engine->redeem(
      {.ticket = eve.issue(), .endpoints = {eve.node.endpoint, elsewhere}}, lab.now));
  lab.pass(1min);
  EXPECT_EQ(ada.redeem_failures, std::vector{Errc::refused});
  EXPECT_EQ(eve.spendings, 1U);
  EXPECT_EQ(letters(), "");
}

TEST_F(EngineAddresses, OfAMemberAreTriedUntilItAnswers) {
  bob.node.engine->join({ada.node.endpoint, ada.node.engine->id()}, lab.now);
  lab.pass(5s);
  ASSERT_EQ(bob.node.joined.size(), 1U);
  bob.node.engine->set_endpoints({elsewhere, bob.node.endpoint}, lab.now);
  lab.pass(5s);
  // Nobody can dial it.
  eve.node.engine->set_endpoints({}, lab.now);
  eve.node.engine->join({ada.node.endpoint, ada.node.engine->id()}, lab.now);
  lab.pass(15s);
  EXPECT_EQ(eve.node.joined.size(), 2U);
  EXPECT_EQ(letters(), "C");
}

}  // namespace
}  // namespace kith::overlay
