// What an engine tells its operator of those whom it does not let in.

#include <chrono>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/sim/crypto.hpp"
#include "tests/overlay/relations/keeper.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;
using test::kSource;
using test::TestNode;

/// One that others connect to.
struct EngineRefusals : testing::Test {
  /// Why those were turned away that came since the last call.
  std::vector<Errc> reasons() {
    std::vector<Errc> reasons;
    for (const TurnedAway& turned : std::exchange(host.node.turned_away, {}))
      reasons.push_back(turned.why);
    return reasons;
  }

  EngineLab::Stranger& dial(DialTarget target) {
    EngineLab::Stranger& visitor =
        lab.knock(host.node, kSource,
                  Session::dial(stranger.local, std::move(target), test::default_config(),
                                stranger.random, lab.now));
    lab.pass(1s);
    return visitor;
  }

  EngineLab lab;
  Keeper host{lab, lab.add(1)};
  Keeper guest{lab, lab.add(2)};
  TestNode stranger{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
};

TEST_F(EngineRefusals, TellWhereWhoeverNamesNoFlowComesFrom) {
  EngineLab::Stranger& visitor = lab.knock(host.node, kSource);
  Bytes frame(35, 1);
  frame[0] = 0;
  frame[1] = 33;
  frame[2] = 'X';
  lab.say(visitor, frame);
  lab.pass(1s);
  ASSERT_EQ(host.node.turned_away.size(), 1U);
  EXPECT_EQ(host.node.turned_away[0].endpoint, kSource);
  EXPECT_FALSE(host.node.turned_away[0].node);
  EXPECT_EQ(host.node.turned_away[0].why, Errc::unknown_kind);
}

TEST_F(EngineRefusals, TellOfAFlowThatIsNotAccepted) {
  EngineLab::Node& hidden = lab.add(
      3, [](EngineConfig& config) { config.listener = {.accepted_flows = {Flow::hidden}}; });
  guest.node.engine->join({hidden.endpoint, hidden.engine->id(), Flow::open}, lab.now);
  lab.pass(500ms);
  ASSERT_EQ(hidden.turned_away.size(), 1U);
  EXPECT_EQ(hidden.turned_away[0].why, Errc::unknown_kind);
}

TEST_F(EngineRefusals, TellWhatIsWrongWithAToken) {
  stranger.local.token.back() ^= 1U;
  EXPECT_FALSE(dial(lab.target_by_token(host.node)).party->opened());
  EXPECT_EQ(reasons(), std::vector{Errc::bad_signature});
}

TEST_F(EngineRefusals, TellOfAReplay) {
  const DialTarget target = lab.target_by_token(host.node);
  EXPECT_TRUE(dial(copy_of(target)).party->opened());
  EXPECT_FALSE(dial(copy_of(target)).party->opened());
  ASSERT_EQ(host.node.turned_away.size(), 1U);
  EXPECT_EQ(host.node.turned_away[0].why, Errc::replayed);
  EXPECT_EQ(host.node.turned_away[0].node, stranger.local.id);
}

TEST_F(EngineRefusals, TellOfWhomThePolicyDoesNotKnow) {
  host.node.verdict = Verdict::no;
  DialTarget target;
  target.flow = Flow::sealed;
  EXPECT_FALSE(dial(std::move(target)).party->opened());
  EXPECT_EQ(reasons(), std::vector{Errc::not_authorized});
}

TEST_F(EngineRefusals, TellOfAJoinThatThePolicyDoesNotWant) {
  host.node.verdict = Verdict::no;
  guest.node.engine->join({host.node.endpoint, {}}, lab.now);
  lab.pass(500ms);
  ASSERT_EQ(host.node.turned_away.size(), 1U);
  EXPECT_EQ(host.node.turned_away[0].why, Errc::not_authorized);
  EXPECT_EQ(host.node.turned_away[0].node, guest.node.engine->id());
}

TEST_F(EngineRefusals, TellOfATicketThatThereIsNotOrIsForSomebodyElse) {
  const TicketToken unknown = host.issue();
  host.tickets.erase(ticket_hash(unknown.secret()));
  const TicketToken for_another = host.issue(guest.identity());
  for (const auto& [ticket, why] :
       {std::pair{&unknown, Errc::not_found}, std::pair{&for_another, Errc::wrong_audience}}) {
    DialTarget target;
    target.flow = Flow::ticket;
    target.node = ticket->node();
    target.static_key = ticket->static_key();
    target.time = lab.now.wall;
    target.ticket = ticket->secret().clone();
    EXPECT_FALSE(dial(std::move(target)).party->opened());
    EXPECT_EQ(reasons(), std::vector{why});
  }
}

TEST_F(EngineRefusals, TellOfARelationshipThatThePolicyDoesNotWant) {
  host.node.verdict = Verdict::no;
  ASSERT_TRUE(guest.redeem(host.issue(), host));
  lab.pass(1s);
  EXPECT_EQ(reasons(), std::vector{Errc::not_authorized});
}

TEST_F(EngineRefusals, TellOfOneThatSaidNoItself) {
  // It wants another node than answers.
  guest.node.engine->join({host.node.endpoint, stranger.local.id}, lab.now);
  lab.pass(500ms);
  EXPECT_EQ(reasons(), std::vector{Errc::refused});
}

TEST_F(EngineRefusals, AreNotWhenSomebodyIsLetInOrGoesAway) {
  guest.node.engine->join({host.node.endpoint, {}}, lab.now);
  lab.pass(1s);
  EXPECT_EQ(host.node.joined.size(), 1U);
  guest.node.engine->leave(lab.now);
  lab.pass(5s);
  EXPECT_TRUE(reasons().empty());
}

}  // namespace
}  // namespace kith::overlay
