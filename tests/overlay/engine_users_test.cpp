// Several people who use one node, each with contacts of their own.

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

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

Fingerprint name_of(const crypto::SigningKeyPair& key) {
  return identity_fingerprint(key.public_key);
}

/// A house in which two people use one node, and a friend of both.
struct EngineUsers : testing::Test {
  /// The node of the house, as long as these live there; the first one joins.
  EngineLab::Node& home_of(const crypto::SigningKeyPair& first,
                           const std::vector<const crypto::SigningKeyPair*>& others) {
    return lab.add(1, [&](EngineConfig& config) {
      config.identity_key = first.clone();
      for (const crypto::SigningKeyPair* other : others)
        config.further_identities.push_back(other->clone());
    });
  }

  /// The friend becomes a contact of one of them.
  RelationshipToken befriend(const crypto::SigningKeyPair& one) {
    EXPECT_TRUE(bob.redeem(house.issue_as(name_of(one)), house, {.partner = one.public_key}));
    lab.pass(5s);
    return bob.kept.back();
  }

  /// Whoever listened in the house does so no more.
  void leave_house() {
    house.node.engine->leave(lab.now);
    lab.pass(5s);
    house.node.endpoint = EngineLab::endpoint_of(99);
  }

  /// What one of them says of itself who uses the node of the house.
  Bytes identity_token(const crypto::SigningKeyPair& one) {
    IdentityTokenParams params;
    params.issued_at = lab.now.wall;
    params.node = house.node.engine->id();
    const IdentityToken token = issue_identity_token(params, one, signatures, random).value();
    const ByteView raw = token.token.raw();
    return {raw.begin(), raw.end()};
  }

  const crypto::Signatures& signatures = *sim::simulated_primitives().signatures;
  SeededRandom random{77};
  crypto::SigningKeyPair ann = signatures.generate(random);
  crypto::SigningKeyPair ben = signatures.generate(random);
  crypto::SigningKeyPair stranger = signatures.generate(random);
  EngineLab lab;
  Keeper house{lab, home_of(ann, {&ben})};
  Keeper bob{lab, lab.add(2)};
};

TEST_F(EngineUsers, R62_R66_HaveContactsOfTheirOwnOverOneSession) {
  const RelationshipTerms anns = befriend(ann).terms();
  const RelationshipTerms bens = befriend(ben).terms();
  EXPECT_EQ(anns.partner.identity, name_of(ann));
  EXPECT_EQ(bens.partner.identity, name_of(ben));
  ASSERT_TRUE(bob.tell(anns.id, "for ann"));
  ASSERT_TRUE(bob.tell(bens.id, "for ben"));
  ASSERT_TRUE(house.tell(bens.id, "from ben"));
  lab.pass(5s);
  using Heard = decltype(house.heard_on);
  EXPECT_EQ(house.heard_on, (Heard{{{anns.id, name_of(ann)}, {"for ann"}},
                                   {{bens.id, name_of(ben)}, {"for ben"}}}));
  EXPECT_EQ(bob.heard_on, (Heard{{{bens.id, bob.identity()}, {"from ben"}}}));
  EXPECT_EQ(lab.wires_between(house.node, bob.node), 1U);
}

TEST_F(EngineUsers, R62_IssueTicketsThatLeadToNobodyElseInTheHouse) {
  ASSERT_TRUE(bob.redeem(house.issue_as(name_of(ben)), house, {.partner = ann.public_key}));
  ASSERT_TRUE(bob.redeem(house.issue(), house, {.partner = ben.public_key}));
  lab.pass(5s);
  EXPECT_EQ(bob.redeem_failures, (std::vector{Errc::refused, Errc::refused}));
  EXPECT_TRUE(house.kept.empty());
}

TEST_F(EngineUsers, RedeemEachForThemselves) {
  ASSERT_TRUE(house.redeem(bob.issue(), bob, {.identity = name_of(ben)}));
  ASSERT_TRUE(house.redeem(bob.issue(), bob));
  lab.pass(5s);
  ASSERT_EQ(bob.kept.size(), 2U);
  EXPECT_EQ(bob.kept[0].terms().proposer.identity, name_of(ben));
  EXPECT_EQ(bob.kept[1].terms().proposer.identity, name_of(ann));
}

TEST_F(EngineUsers, R58_RedeemWhatIsForOneOfThemAsThatOne) {
  const TicketToken ticket = bob.issue(name_of(ben));
  const auto redeem = [&](Keeper::Redemption how) {
    return house.redeem(*TicketToken::decode(ticket.raw()), bob, std::move(how));
  };
  EXPECT_EQ(redeem({}).error(), Errc::wrong_audience);
  ASSERT_TRUE(redeem({.identity = name_of(ben), .certificate = identity_token(ben)}));
  lab.pass(1s);
  ASSERT_EQ(bob.kept.size(), 1U);
  EXPECT_EQ(bob.kept[0].terms().proposer.identity, name_of(ben));
}

TEST_F(EngineUsers, AreThoseWhoseKeysTheNodeHas) {
  EXPECT_EQ(house.redeem(bob.issue(), bob, {.identity = name_of(stranger)}).error(),
            Errc::not_found);
  const auto ticket = house.node.engine->issue_ticket(
      {.identity = name_of(stranger), .partner = {}, .dialed = {"10.0.0.1", 3141}}, lab.now);
  EXPECT_EQ(ticket.error(), Errc::not_found);
}

TEST_F(EngineUsers, EndEachTheirOwn) {
  const RelationshipId anns = befriend(ann).terms().id;
  const RelationshipId bens = befriend(ben).terms().id;
  ASSERT_TRUE(house.node.engine->end(bens, lab.now));
  lab.pass(1s);
  ASSERT_EQ(bob.ended.size(), 1U);
  const RelationEnd& end = bob.ended[0].statement;
  EXPECT_TRUE(signatures.verify(ben.public_key, {end_statement(bens, end.at)}, end.signature));
  EXPECT_EQ(bob.tell(bens, "for ben").error(), Errc::closed);
  ASSERT_TRUE(bob.tell(anns, "for ann"));
  lab.pass(1s);
  EXPECT_EQ(house.heard, std::vector<std::string>{"for ann"});
  EXPECT_EQ(lab.wires_between(house.node, bob.node), 1U);
  ASSERT_TRUE(house.node.engine->end(anns, lab.now));
  lab.pass(2s);
  EXPECT_EQ(bob.ended.size(), 2U);
  EXPECT_EQ(lab.wires_between(house.node, bob.node), 0U);
}

TEST_F(EngineUsers, HaveTheirContactsAgainAfterARestart) {
  const RelationshipToken anns = befriend(ann);
  const RelationshipToken bens = befriend(ben);
  leave_house();
  // Whoever joins does not matter.
  Keeper again{lab, home_of(ben, {&ann})};
  for (const RelationshipToken* kept : {&anns, &bens})
    ASSERT_TRUE(again.node.engine->add_relationship(*kept, {bob.node.endpoint}));
  ASSERT_TRUE(again.tell(anns.terms().id, "from ann"));
  ASSERT_TRUE(bob.tell(bens.terms().id, "for ben"));
  lab.pass(5s);
  EXPECT_EQ(bob.heard, std::vector<std::string>{"from ann"});
  EXPECT_EQ(again.heard, std::vector<std::string>{"for ben"});
}

TEST_F(EngineUsers, TakeTheirContactsAndTicketsWithThem) {
  const RelationshipToken anns = befriend(ann);
  const RelationshipToken bens = befriend(ben);
  TicketToken ticket = house.issue_as(name_of(ben));
  leave_house();
  Keeper again{lab, home_of(ann, {})};
  again.tickets = house.tickets;
  EXPECT_TRUE(again.node.engine->add_relationship(anns, {bob.node.endpoint}));
  EXPECT_EQ(again.node.engine->add_relationship(bens, {bob.node.endpoint}).error(),
            Errc::not_found);
  ASSERT_TRUE(bob.tell(bens.terms().id, "for ben"));
  ASSERT_TRUE(bob.redeem(std::move(ticket), again, {.partner = ben.public_key}));
  lab.pass(1min);
  EXPECT_EQ(bob.lost, std::vector{Errc::not_authorized});
  EXPECT_EQ(bob.redeem_failures.size(), 1U);
  EXPECT_TRUE(again.heard.empty());
  EXPECT_TRUE(again.kept.empty());
}

}  // namespace
}  // namespace kith::overlay
