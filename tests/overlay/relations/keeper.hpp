#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/overlay/engine_lab.hpp"

namespace kith::overlay::test {

/// What stands behind an engine in matters of tickets and relationships: a store and a user.
struct Keeper {
  struct Kept {
    TicketTerms terms;
    WallTime expires_at;
    bool is_gone = false;
  };

  Keeper(EngineLab& within, EngineLab::Node& whose);
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// A ticket that leads to this node.
  TicketToken issue(const Fingerprint& partner = {}, Duration life = std::chrono::hours(1));
  /// Redeems it, which leads to the node of `issuer`.
  Result<RedeemId> redeem(TicketToken ticket, const Keeper& issuer);
  [[nodiscard]] Fingerprint identity() const { return node.engine->status().identity; }
  Result<std::uint64_t> tell(const RelationshipId& id, std::string_view text);

  EngineLab& lab;
  EngineLab::Node& node;
  /// Whether questions are answered; whether what arrives is taken; what the store says.
  bool answers = true;
  bool takes = true;
  bool keeps = true;

  std::map<Fingerprint, Kept> tickets;
  std::vector<RelationshipToken> kept;
  std::vector<Bytes> certificates;
  std::vector<Redeemed> redeemed;
  std::vector<Errc> redeem_failures;
  std::vector<RelationshipEnded> ended;
  std::vector<RelationshipId> reached;
  std::vector<Errc> unreachable;
  std::vector<std::string> heard;
  std::vector<std::uint64_t> taken;
  std::vector<Errc> lost;
  std::size_t spendings = 0;

 private:
  void hear(const RelationOutput& told);
  [[nodiscard]] bool spend(const SpendTicket& order);
};

}  // namespace kith::overlay::test
