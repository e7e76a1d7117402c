#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/relations/keeper.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

using test::EngineLab;
using test::Keeper;
using test::kSource;
using test::TestNode;

/// One that issues tickets, and two that may redeem them.
struct EngineTickets : testing::Test {
  /// Somebody who shows what a ticket says, and says no more by himself.
  EngineLab::Stranger& show(TestNode& who, const TicketToken& ticket, Bytes certificate = {}) {
    return show_to(issuer.node, who, ticket, std::move(certificate));
  }
  EngineLab::Stranger& show_to(EngineLab::Node& node, TestNode& who, const TicketToken& ticket,
                               Bytes certificate) {
    DialTarget target;
    target.flow = Flow::ticket;
    target.node = ticket.node();
    target.static_key = ticket.static_key();
    target.time = lab.now.wall;
    target.ticket = ticket.secret().clone();
    target.certificate = std::move(certificate);
    return lab.knock(
        node, kSource,
        Session::dial(who.local, std::move(target), test::default_config(), who.random, lab.now));
  }

  static void expect_silence(const EngineLab::Stranger& visitor) {
    EXPECT_TRUE(visitor.is_over());
    EXPECT_TRUE(visitor.heard.empty());
    EXPECT_FALSE(visitor.party->opened());
  }

  EngineLab lab;
  Keeper issuer{lab, lab.add(1)};
  Keeper redeemer{lab, lab.add(2)};
  Keeper rival{lab, lab.add(3)};
  TestNode stranger{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
};

TEST_F(EngineTickets, R57_R60_LeadToARelationshipThatBothKeep) {
  ASSERT_TRUE(redeemer.redeem(issuer.issue(), issuer));
  lab.pass(1s);
  ASSERT_EQ(redeemer.redeemed.size(), 1U);
  ASSERT_EQ(issuer.kept.size(), 1U);
  ASSERT_EQ(redeemer.kept.size(), 1U);
  EXPECT_EQ(issuer.kept[0], redeemer.kept[0]);
  const RelationshipTerms& terms = issuer.kept[0].terms();
  EXPECT_EQ(terms.id, redeemer.redeemed[0].relationship);
  EXPECT_EQ(terms.proposer.identity, redeemer.identity());
  EXPECT_EQ(terms.proposer.node, redeemer.node.engine->id());
  EXPECT_EQ(terms.partner.identity, issuer.identity());
  EXPECT_EQ(terms.partner.node, issuer.node.engine->id());
  EXPECT_EQ(issuer.certificates[0], Bytes(10, 0xce));
  EXPECT_EQ(issuer.spendings, 1U);
  // The session goes on for what they have to say.
  ASSERT_TRUE(issuer.tell(terms.id, "welcome"));
  ASSERT_TRUE(redeemer.tell(terms.id, "thanks"));
  lab.pass(1s);
  EXPECT_EQ(redeemer.heard, std::vector<std::string>{"welcome"});
  EXPECT_EQ(issuer.heard, std::vector<std::string>{"thanks"});
  EXPECT_EQ(issuer.taken.size(), 1U);
  EXPECT_EQ(lab.wires_between(redeemer.node, issuer.node), 1U);
}

TEST_F(EngineTickets, R57_AreRedeemedByOneOfTwoAtOnce) {
  const TicketToken ticket = issuer.issue();
  ASSERT_TRUE(redeemer.redeem(*TicketToken::decode(ticket.raw()), issuer));
  ASSERT_TRUE(rival.redeem(*TicketToken::decode(ticket.raw()), issuer));
  lab.pass(5s);
  EXPECT_EQ(redeemer.redeemed.size() + rival.redeemed.size(), 1U);
  EXPECT_EQ(redeemer.redeem_failures.size() + rival.redeem_failures.size(), 1U);
  EXPECT_EQ(issuer.kept.size(), 1U);
  EXPECT_EQ(issuer.spendings, 1U);
}

TEST_F(EngineTickets, AreNotSpentByARecordedFirstMessage) {
  const TicketToken ticket = issuer.issue();
  EngineLab::Stranger& first = show(stranger, ticket);
  const Bytes recorded = first.party->said;
  EngineLab::Stranger& replayer = lab.knock(issuer.node, kSource);
  lab.say(replayer, recorded);
  // It is answered, as it may be the first to arrive, and then says nothing that is understood.
  lab.pass(20s);
  EXPECT_TRUE(replayer.is_over());
  EXPECT_LE(issuer.spendings, 1U);
  EXPECT_TRUE(issuer.kept.empty());
}

TEST_F(EngineTickets, StayGoodWhenTheirFirstMessageAloneIsReplayed) {
  const TicketToken ticket = issuer.issue();
  // The holder's connection breaks before the answer comes.
  TestNode& holder = stranger;
  DialTarget target;
  target.flow = Flow::ticket;
  target.node = ticket.node();
  target.static_key = ticket.static_key();
  target.time = lab.now.wall;
  target.ticket = ticket.secret().clone();
  Session unheard = Session::dial(holder.local, std::move(target), test::default_config(),
                                  holder.random, lab.now);
  Bytes recorded;
  unheard.take_bytes(recorded, lab.now);
  EngineLab::Stranger& replayer = lab.knock(issuer.node, kSource);
  lab.say(replayer, recorded);
  lab.pass(20s);
  EXPECT_EQ(issuer.spendings, 0U);
  ASSERT_TRUE(redeemer.redeem(*TicketToken::decode(ticket.raw()), issuer));
  lab.pass(1s);
  EXPECT_EQ(redeemer.redeemed.size(), 1U);
}

TEST_F(EngineTickets, R61_AreRefusedSilentlyWhenSpentRevokedOverOrUnknown) {
  const TicketToken spent = issuer.issue();
  issuer.tickets.at(ticket_hash(spent.secret())).is_gone = true;
  const TicketToken over = issuer.issue({}, 1min);
  const TicketToken unknown = issuer.issue();
  issuer.tickets.erase(ticket_hash(unknown.secret()));
  lab.pass(2min);
  for (const TicketToken* ticket : {&spent, &over, &unknown}) {
    EngineLab::Stranger& visitor = show(stranger, *ticket);
    lab.pass(1s);
    expect_silence(visitor);
    lab.pass(2min);
  }
  EXPECT_EQ(issuer.spendings, 0U);
}

TEST_F(EngineTickets, R61_ShutOutWhoeverShowsFiveThatAreNone) {
  const TicketToken unknown = issuer.issue();
  issuer.tickets.clear();
  for (int i = 0; i < 5; ++i) {
    const EngineLab::Stranger& visitor = show(stranger, unknown);
    ASSERT_FALSE(visitor.refused);
    lab.pass(1s);
    expect_silence(visitor);
  }
  EXPECT_TRUE(lab.knock(issuer.node, kSource).refused);
}

TEST_F(EngineTickets, R58_ForOnePartnerAreSilentToOthers) {
  const TicketToken ticket = issuer.issue(redeemer.identity());
  EngineLab::Stranger& visitor = show(stranger, ticket);
  lab.pass(1s);
  expect_silence(visitor);
  ASSERT_TRUE(redeemer.redeem(*TicketToken::decode(ticket.raw()), issuer));
  lab.pass(1s);
  EXPECT_EQ(redeemer.redeemed.size(), 1U);
}

TEST_F(EngineTickets, R58_ForOnePartnerAreGoodWhereTheRealmsLeaderVouchesForIt) {
  const crypto::Signatures& signatures = *sim::simulated_primitives().signatures;
  SeededRandom random(1);
  const crypto::SigningKeyPair leader = signatures.generate(random);
  const crypto::SigningKeyPair person = signatures.generate(random);
  Keeper host{lab,
              lab.add(4, [&](EngineConfig& config) { config.realm_leader = leader.public_key; })};
  const TicketToken ticket = host.issue(identity_fingerprint(person.public_key));
  for (const bool by_leader : {false, true}) {
    IdentityTokenParams vouched;
    vouched.issued_at = lab.now.wall;
    vouched.node = stranger.local.id;
    vouched.holder = person.public_key;
    const auto identity =
        issue_identity_token(vouched, by_leader ? leader : stranger.node_key, signatures, random);
    const ByteView certificate = identity->token.raw();
    EngineLab::Stranger& visitor =
        show_to(host.node, stranger, ticket, Bytes(certificate.begin(), certificate.end()));
    lab.pass(1s);
    EXPECT_EQ(visitor.party->opened(), by_leader);
    lab.pass(2min);
  }
}

TEST_F(EngineTickets, MeanNoWhenTheStoreIsSilent) {
  issuer.answers = false;
  EngineLab::Stranger& visitor = show(stranger, issuer.issue());
  lab.pass(20s);
  expect_silence(visitor);
}

TEST_F(EngineTickets, ComeToNothingWhenThePolicySaysNo) {
  issuer.node.verdict = Verdict::no;
  ASSERT_TRUE(redeemer.redeem(issuer.issue(), issuer));
  lab.pass(5s);
  EXPECT_EQ(redeemer.redeem_failures, std::vector{Errc::refused});
  EXPECT_TRUE(issuer.kept.empty());
  EXPECT_TRUE(redeemer.kept.empty());
  EXPECT_EQ(lab.wires_between(redeemer.node, issuer.node), 0U);
}

TEST_F(EngineTickets, ComeToNothingWhenTheRelationshipIsNotKept) {
  issuer.keeps = false;
  ASSERT_TRUE(redeemer.redeem(issuer.issue(), issuer));
  lab.pass(5s);
  EXPECT_EQ(redeemer.redeem_failures.size(), 1U);
  EXPECT_TRUE(redeemer.kept.empty());
}

TEST_F(EngineTickets, WaitAMinuteForThePolicy) {
  issuer.node.verdict.reset();
  ASSERT_TRUE(redeemer.redeem(issuer.issue(), issuer));
  lab.pass(50s);
  EXPECT_TRUE(redeemer.redeem_failures.empty());
  lab.pass(15s);
  EXPECT_EQ(redeemer.redeem_failures.size(), 1U);
}

TEST_F(EngineTickets, EndTheRelationshipThatTheirRedeemerDoesNotKeep) {
  redeemer.keeps = false;
  ASSERT_TRUE(redeemer.redeem(issuer.issue(), issuer));
  lab.pass(5s);
  EXPECT_EQ(redeemer.redeem_failures, std::vector{Errc::refused});
  ASSERT_EQ(issuer.kept.size(), 1U);
  ASSERT_EQ(issuer.ended.size(), 1U);
  EXPECT_EQ(issuer.ended[0].statement.relationship, issuer.kept[0].terms().id);
  EXPECT_FALSE(issuer.ended[0].by_us);
  EXPECT_EQ(lab.wires_between(redeemer.node, issuer.node), 0U);
}

TEST_F(EngineTickets, R58_AreNotShownWhenTheyAreOverByTheClockOfTheirHolder) {
  TicketToken ticket = issuer.issue({}, 1min);
  lab.pass(1min);
  EXPECT_EQ(redeemer.redeem(std::move(ticket), issuer).error(), Errc::expired);
  lab.pass(1s);
  EXPECT_EQ(redeemer.node.dials, 0U);
}

TEST_F(EngineTickets, AreNotHeldAgainstTheirHoldersWhenThePolicyIsSilent) {
  issuer.node.verdict.reset();
  SeededRandom random(1);
  for (int i = 0; i < 5; ++i) {
    const TicketToken ticket = issuer.issue();
    EngineLab::Stranger& visitor = show(stranger, ticket);
    lab.pass(1s);
    RelationshipParams params;
    params.issued_at = lab.now.wall;
    params.proposer = {stranger.local.id, stranger.static_key.public_key};
    params.partner = {ticket.node(), ticket.static_key()};
    params.partner_key = ticket.public_key();
    const auto proposal = propose_relationship(params, stranger.node_key,
                                               *stranger.local.primitives->signatures, random);
    ASSERT_TRUE(visitor.party->session.send({encode(RelateMessage{proposal->raw(), {}})}));
    lab.say(visitor);
  }
  lab.pass(61s);
  ASSERT_EQ(issuer.spendings, 5U);
  ASSERT_EQ(issuer.node.engine->status().half_open, 0U);
  EXPECT_FALSE(lab.knock(issuer.node, kSource).refused);
}

TEST_F(EngineTickets, FailWhereNobodyListens) {
  Keeper away{lab, lab.add(4)};
  auto ticket = away.issue();
  ASSERT_TRUE(redeemer.node.engine->redeem(
      {.ticket = std::move(ticket), .endpoints = {EngineLab::endpoint_of(99)}}, lab.now));
  lab.pass(20s);
  EXPECT_EQ(redeemer.redeem_failures.size(), 1U);
}

TEST_F(EngineTickets, OpenSessionsThatCarryNothingElse) {
  const Bytes others[] = {encode(JoinMessage{.entering = true}),
                          encode_update(stranger.local.token), encode(RelationMessage{}),
                          encode_bare(MessageKind::not_related), encode(QueryMessage{1, "t", {}})};
  for (const Bytes& other : others) {
    lab.pass(2min);
    const TicketToken ticket = issuer.issue();
    EngineLab::Stranger& visitor = show(stranger, ticket);
    lab.pass(1s);
    ASSERT_TRUE(visitor.party->opened());
    ASSERT_TRUE(visitor.party->session.send({other}));
    lab.say(visitor);
    lab.pass(1s);
    EXPECT_TRUE(visitor.ended) << static_cast<int>(other[1]);
  }
}

}  // namespace
}  // namespace kith::overlay
