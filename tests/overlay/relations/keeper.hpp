#pragma once

#include <map>
#include <optional>
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

  /// How a ticket is redeemed.
  struct Redemption {
    std::optional<Fingerprint> identity{};
    std::optional<crypto::SigningPublicKey> partner{};
    Bytes certificate = Bytes(10, 0xce);
  };

  /// A ticket that leads to this node.
  TicketToken issue(const Fingerprint& partner = {}, Duration life = std::chrono::hours(1));
  /// The same, from this identity.
  TicketToken issue_as(const Fingerprint& identity);
  /// Redeems it, which leads to the node of `issuer`.
  Result<RedeemId> redeem(TicketToken ticket, const Keeper& issuer);
  Result<RedeemId> redeem(TicketToken ticket, const Keeper& issuer, Redemption how);
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
  /// The same by the relationship, and by the identity that it was for.
  std::map<std::pair<RelationshipId, Fingerprint>, std::vector<std::string>> heard_on;
  std::vector<std::uint64_t> taken;
  std::vector<Errc> lost;
  std::size_t spendings = 0;

 private:
  TicketToken issue(const TicketOrder& order);
  void hear(const RelationOutput& told);
  [[nodiscard]] bool spend(const SpendTicket& order);
};

}  // namespace kith::overlay::test
