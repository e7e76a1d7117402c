#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "overlay/membership/messages.hpp"
#include "overlay/relations/messages.hpp"
#include "tests/overlay/coordinator/actors.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

inline constexpr std::size_t kOthers = 2;
inline constexpr crypto::DhPublicKey kOurKey{9};

inline Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

/// A node, two others that it deals with, a stranger, and what they have signed once and for all.
struct RelationsCast {
  RelationsCast() {
    for (std::size_t i = 0; i < kOthers; ++i) {
      const Actor& other = others.emplace_back(random);
      for (const Duration life :
           std::array<Duration, 2>{std::chrono::minutes(10), std::chrono::hours(24)})
        add_relationship(other, key_of(i), life);
      TicketTokenParams ticket;
      ticket.issued_at = kStart.wall;
      ticket.dialed = {"10.0.0.1", 3141};
      ticket.static_key = key_of(i);
      tickets.push_back(
          copy(issue_ticket_token(ticket, other.node_key, signatures(), random).value().raw()));
      RelationshipParams proposal = params(other, key_of(i), std::chrono::hours(24));
      std::swap(proposal.proposer, proposal.partner);
      proposal.partner_key = self.identity_key.public_key;
      const auto proposed =
          propose_relationship(proposal, other.identity_key, signatures(), random).value();
      messages.push_back(encode(RelateMessage{proposed.raw(), as_bytes("card")}));
      messages.push_back(encode(RelateMessage{proposed.raw(), {}}));
    }
    messages.push_back(encode_bare(MessageKind::not_related));
    messages.push_back(encode_no_relation(RelationshipId{1}));
    for (const std::uint64_t number : {1U, 2U}) {
      for (const std::string_view topic : {"known", "other"})
        messages.push_back(encode(QueryMessage{number, topic, as_bytes("?")}));
      for (const auto status : {QueryStatus::answered, QueryStatus::refused})
        messages.push_back(encode(ReplyMessage{number, status, {}}));
      messages.push_back(encode(RelationMessage{RelationshipId{1}, number, as_bytes("hi")}));
    }
  }

  static crypto::DhPublicKey key_of(std::size_t other) { return {static_cast<Byte>(1 + other)}; }

  [[nodiscard]] RelationshipParams params(const Actor& other, const crypto::DhPublicKey& key,
                                          Duration life) const {
    RelationshipParams params;
    params.issued_at = kStart.wall;
    params.life = life;
    params.proposer = {self.node, kOurKey};
    params.partner = {other.node, key};
    params.partner_key = other.identity_key.public_key;
    return params;
  }

  void add_relationship(const Actor& other, const crypto::DhPublicKey& key, Duration life) {
    const auto proposal =
        propose_relationship(params(other, key, life), self.identity_key, signatures(), random);
    relationships.push_back(
        countersign(*proposal, other.identity_key, signatures(), kStart.wall).value());
    const RelationshipId id = relationships.back().terms().id;
    messages.push_back(encode_related(relationships.back().raw()));
    messages.push_back(encode_no_relation(id));
    for (const std::uint64_t number : {1U, 2U, 3U}) {
      messages.push_back(encode(RelationMessage{id, number, as_bytes("hi")}));
      messages.push_back(encode(RelationTaken{id, number}));
    }
    for (const crypto::SigningKeyPair* by :
         {&other.identity_key, &std::as_const(stranger.identity_key)}) {
      RelationEnd end{id, kStart.wall, {}};
      end.signature = signatures().sign(*by, {end_statement(id, end.at)});
      messages.push_back(encode(end));
    }
  }

  SeededRandom random{1};
  Actor self{random};
  Actor stranger{random};
  std::deque<Actor> others;
  std::vector<RelationshipToken> relationships;
  std::vector<Bytes> tickets;
  std::vector<Bytes> messages;
};

}  // namespace kith::overlay::test
