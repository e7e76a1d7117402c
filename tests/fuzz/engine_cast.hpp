#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <kith/subject.hpp>

#include "overlay/exchange/messages.hpp"
#include "overlay/membership/judgement.hpp"
#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "overlay/session/session.hpp"
#include "overlay/sim/crypto.hpp"
#include "tests/overlay/coordinator/actors.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

inline constexpr std::size_t kRogues = 2;
inline constexpr std::array<std::string_view, 2> kSubjects = {"a", "b"};

/// A node that says whatever the input wants.
struct Rogue {
  explicit Rogue(Random& random)
      : actor(random), static_key(sim::simulated_primitives().dh->generate(random)) {
    NodeTokenParams params;
    params.issued_at = kStart.wall;
    params.life = std::chrono::hours(24);
    params.endpoints = {Endpoint::v4({192, 0, 2, 1}, 3141)};
    params.static_key = static_key.public_key;
    const auto token = issue_node_token(params, actor.node_key, signatures(), random);
    const ByteView raw = token->token.raw();
    local.primitives = &sim::simulated_primitives();
    local.static_key = &static_key;
    local.token.assign(raw.begin(), raw.end());
    local.id = actor.node;
  }

  Actor actor;
  crypto::DhKeyPair static_key;
  LocalNode local;
};

/// What was signed once and for all; only the engine and its sessions are made anew.
struct EngineCast {
  EngineCast() {
    for (std::size_t i = 0; i < kRogues; ++i) rogues.push_back(std::make_unique<Rogue>(random));
    for (const auto& rogue : rogues) {
      messages.push_back(encode_update(rogue->local.token));
      messages.push_back(encode(PiggyMessage{.complete = true, .tokens = {rogue->local.token}}));
      messages.push_back(encode_announce(rogue->local.token));
      for (const std::string_view name : kSubjects)
        for (const auto role : {IntentRole::send, IntentRole::receive, IntentRole::both})
          add_intent(*rogue, *subject_id({}, name), role);
    }
    for (const auto kind : {MessageKind::leave, MessageKind::lookup, MessageKind::trace})
      messages.push_back(encode_bare(kind));
    for (const bool later : {false, true}) messages.push_back(encode_not_acknowledged(later));
    messages.push_back(encode_acknowledge(Participation::member));
    messages.push_back(encode(JoinMessage{.entering = true}));
    add_exchange();
    add_relations(*rogues[0]);
  }

  void add_intent(const Rogue& rogue, const Fingerprint& subject, IntentRole role) {
    const PeerIntent peer = rogue.actor.peer_intent({.subject = subject, .role = role});
    const IntentView view = view_of(peer);
    const Withdrawal withdrawal = rogue.actor.withdrawal(peer.intent);
    const IntentEnd end = withdrawal;
    messages.push_back(encode_declare(view, 0));
    messages.push_back(encode_withdraw(withdrawal));
    messages.push_back(encode_matches({&view, 1}));
    messages.push_back(encode_unmatched({&end, 1}));
    const std::vector<RecordView> records{{Duration(0), view},
                                          {std::chrono::seconds(1), &withdrawal}};
    const std::vector<SubjectSummary> summaries{{subject, 7}};
    messages.push_back(encode_replicate(1, records, summaries));
    messages.push_back(encode_declared(
        {DeclareVerdict::held, kStart.wall + std::chrono::minutes(10), {}, {&view, 1}}));
    OpenMessage open;
    open.receiver_channel = ChannelNumber{1};
    open.subscription_epoch = 5;
    open.identity = self.identity;
    open.credit_messages = 2;
    open.credit_bytes = 4096;
    open.intent = peer.intent.token.raw();
    messages.push_back(encode(open));
    messages.push_back(
        encode(AcceptMessage{ChannelNumber{1}, ChannelNumber{1}, 9, 0, open.intent}));
  }

  void add_exchange() {
    Bytes bytes;
    for (const std::uint64_t channel : {1U, 2U}) {
      encode(CreditMessage{ChannelNumber{channel}, 1, 4, 8192}, bytes);
      messages.push_back(bytes);
      encode(ExpiredMessage{ChannelNumber{channel}, 3}, bytes);
      messages.push_back(bytes);
      encode_header({ChannelNumber{channel}, 0, {}}, bytes);
      bytes.insert(bytes.end(), {2, 'h', 'i', 1, 'x'});
      messages.push_back(bytes);
      messages.push_back(
          encode(RefuseMessage{ChannelNumber{channel}, RefuseReason::limit_reached}));
      messages.push_back(encode(CloseMessage{channel == 1, ChannelNumber{channel}}));
    }
  }

  /// The engine's own.
  static crypto::DhKeyPair static_key() {
    SeededRandom keys(7);
    return sim::simulated_primitives().dh->generate(keys);
  }

  void add_relations(const Rogue& rogue) {
    RelationshipParams params;
    params.issued_at = kStart.wall;
    params.proposer = {rogue.actor.node, rogue.static_key.public_key};
    params.partner = {self.node, static_key().public_key};
    params.partner_key = self.identity_key.public_key;
    const auto& by = rogue.actor.identity_key;
    const auto proposal = propose_relationship(params, by, signatures(), random).value();
    relationship = countersign(proposal, self.identity_key, signatures(), kStart.wall).value();
    const RelationshipId id = relationship->terms().id;
    TicketTokenParams ticketed;
    ticketed.issued_at = kStart.wall;
    ticketed.dialed = {"10.0.0.1", 3141};
    ticketed.static_key = rogue.static_key.public_key;
    const auto issued = issue_ticket_token(ticketed, rogue.actor.node_key, signatures(), random);
    ticket.assign(issued->raw().begin(), issued->raw().end());

    messages.push_back(encode(RelateMessage{proposal.raw(), {}}));
    messages.push_back(encode_related(relationship->raw()));
    messages.push_back(encode_bare(MessageKind::not_related));
    RelationEnd end{id, kStart.wall, {}};
    end.signature = signatures().sign(by, {end_statement(id, end.at)});
    messages.push_back(encode(end));
    messages.push_back(encode_no_relation(id));
    messages.push_back(encode_introduce(rogue.local.token));
    for (const std::uint64_t number : {1U, 2U}) {
      messages.push_back(encode(RelationMessage{id, number, as_bytes("hi")}));
      messages.push_back(encode(RelationTaken{id, number}));
      messages.push_back(encode(QueryMessage{number, "known", as_bytes("?")}));
      messages.push_back(encode(ReplyMessage{number, QueryStatus::answered, as_bytes("!")}));
    }
    messages.push_back(encode(JudgeMessage{{}, rogue.local.token}));
    const Judgement judgement{{rogue.actor.node, rogue.actor.node},
                              true,
                              kStart.wall,
                              kStart.wall + std::chrono::hours(1),
                              {}};
    messages.push_back(encode(sign_judgement(judgement, by, signatures())));
  }

  SeededRandom random{1};
  Actor self{random};
  std::vector<std::unique_ptr<Rogue>> rogues;
  std::vector<Bytes> messages;
  /// With the first rogue.
  std::optional<RelationshipToken> relationship;
  /// Of the first rogue.
  Bytes ticket;
};

}  // namespace kith::overlay::test
