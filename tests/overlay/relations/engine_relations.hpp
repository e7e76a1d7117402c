#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "overlay/relations/messages.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/relations/keeper.hpp"

namespace kith::overlay::test {

/// Two that share relationships and have no session, one that has nothing to do with them, and a
/// node in hand whose relationship with the first we may say anything on.
struct EngineRelations : testing::Test {
  EngineRelations() {
    for (int i = 0; i < 2; ++i) shared.push_back(relate(ada, bob));
  }

  [[nodiscard]] RelationshipPlace place(const Keeper& keeper) const {
    const auto token = decode_node_token(keeper.node.engine->node_token());
    return {token->fingerprint(), token->static_key};
  }

  /// Signed by both, and not known to either yet.
  [[nodiscard]] RelationshipToken token_of(Keeper& proposer, Keeper& partner,
                                           Duration life = std::chrono::hours(1)) {
    RelationshipParams params;
    params.issued_at = lab.now.wall;
    params.life = life;
    params.proposer = place(proposer);
    params.partner = place(partner);
    params.partner_key = key(partner).public_key;
    return sign(params, key(proposer), key(partner));
  }

  /// Both know it, as if from their stores.
  RelationshipId relate(Keeper& proposer, Keeper& partner, Duration life = std::chrono::hours(1)) {
    const RelationshipToken token = token_of(proposer, partner, life);
    add(proposer, token, partner.node.endpoint);
    add(partner, token, proposer.node.endpoint);
    return token.terms().id;
  }

  /// The same between `ada`, or another one, and the node in hand.
  RelationshipToken relate_by_hand(Duration life = std::chrono::hours(1)) {
    return relate_by_hand(ada, life);
  }
  RelationshipToken relate_by_hand(Keeper& partner, Duration life = std::chrono::hours(1)) {
    RelationshipParams params;
    params.issued_at = lab.now.wall;
    params.life = life;
    params.proposer = {hand.local.id, hand.static_key.public_key};
    params.partner = place(partner);
    params.partner_key = key(partner).public_key;
    const RelationshipToken token = sign(params, hand.node_key, key(partner));
    add(partner, token, EngineLab::endpoint_of(7));
    return token;
  }

  RelationshipToken sign(const RelationshipParams& params, const crypto::SigningKeyPair& proposer,
                         const crypto::SigningKeyPair& partner) {
    const auto proposal = propose_relationship(params, proposer, signatures, random);
    return *countersign(*proposal, partner, signatures, lab.now.wall);
  }

  static void add(Keeper& keeper, const RelationshipToken& token, const Endpoint& endpoint) {
    ASSERT_TRUE(keeper.node.engine->add_relationship(token, {endpoint}));
  }

  /// The node key, which is the identity's, as the lab makes it.
  static crypto::SigningKeyPair key(const Keeper& keeper) {
    std::uint8_t number = 1;
    while (keeper.node.endpoint != EngineLab::endpoint_of(number)) ++number;
    SeededRandom same(number);
    return sim::simulated_primitives().signatures->generate(same);
  }

  [[nodiscard]] RelationEnd end_of(const RelationshipId& id,
                                   const crypto::SigningKeyPair& signer) const {
    RelationEnd end{id, lab.now.wall, {}};
    end.signature = signatures.sign(signer, {end_statement(id, end.at)});
    return end;
  }

  /// The node in hand reconnects to `ada`.
  EngineLab::Stranger& reconnect(const RelationshipId& about) {
    return dial(ada, Flow::reconnect, about);
  }

  /// How the node in hand dials somebody whose static key it has, later than ever before.
  DialTarget target_to(Keeper& whom, Flow flow, const std::optional<RelationshipId>& about) {
    lab.pass(std::chrono::milliseconds(1));
    DialTarget target;
    target.flow = flow;
    target.node = whom.node.engine->id();
    target.static_key = place(whom).static_key;
    target.time = lab.now.wall;
    target.about = about;
    if (flow == Flow::reconnect) target.site = "home@1";
    return target;
  }

  EngineLab::Stranger& dial(Keeper& whom, Flow flow, const std::optional<RelationshipId>& about,
                            Bytes first_message = {}) {
    DialTarget target = target_to(whom, flow, about);
    target.first_message = std::move(first_message);
    return dial(whom, std::move(target));
  }
  EngineLab::Stranger& dial(Keeper& whom, DialTarget target) {
    EngineLab::Stranger& visitor = lab.knock(
        whom.node, kSource,
        Session::dial(hand.local, std::move(target), default_config(), hand.random, lab.now));
    lab.pass(std::chrono::seconds(1));
    return visitor;
  }

  void say(EngineLab::Stranger& visitor, const Bytes& message) {
    ASSERT_TRUE(visitor.party->session.send({message}));
    lab.say(visitor);
    lab.pass(std::chrono::seconds(1));
  }

  const crypto::Signatures& signatures = *sim::simulated_primitives().signatures;
  SeededRandom random{99};
  EngineLab lab;
  Keeper ada{lab, lab.add(1)};
  Keeper bob{lab, lab.add(2)};
  Keeper eve{lab, lab.add(3)};
  TestNode hand{7, sim::simulated_primitives(), EngineLab::endpoint_of(7)};
  std::vector<RelationshipId> shared;
};

}  // namespace kith::overlay::test
