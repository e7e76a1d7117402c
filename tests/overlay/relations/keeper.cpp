#include "tests/overlay/relations/keeper.hpp"

#include "core/assert.hpp"
#include "core/overloaded.hpp"

namespace kith::overlay::test {

Keeper::Keeper(EngineLab& within, EngineLab::Node& whose) : lab(within), node(whose) {
  node.on_relation = [this](const RelationOutput& told) { hear(told); };
}

TicketToken Keeper::issue(const Fingerprint& partner, Duration life) {
  return issue({.partner = partner, .life = life, .dialed = {"10.0.0.1", 3141}});
}

TicketToken Keeper::issue_as(const Fingerprint& identity) {
  return issue({.identity = identity, .partner = {}, .dialed = {"10.0.0.1", 3141}});
}

TicketToken Keeper::issue(const TicketOrder& order) {
  auto ticket = node.engine->issue_ticket(order, lab.now);
  KITH_ASSERT(ticket.has_value());
  lab.pass(Duration(0));
  return *std::move(ticket);
}

Result<RedeemId> Keeper::redeem(TicketToken ticket, const Keeper& issuer) {
  return redeem(std::move(ticket), issuer, {});
}

Result<RedeemId> Keeper::redeem(TicketToken ticket, const Keeper& issuer, Redemption how) {
  return node.engine->redeem({.ticket = std::move(ticket),
                              .endpoints = {issuer.node.endpoint},
                              .identity = how.identity,
                              .partner = how.partner,
                              .certificate = std::move(how.certificate)},
                             lab.now);
}

Result<std::uint64_t> Keeper::tell(const RelationshipId& id, std::string_view text) {
  return node.engine->send_to(id, as_bytes(text), lab.now);
}

bool Keeper::spend(const SpendTicket& order) {
  const auto it = tickets.find(order.hash);
  if (it == tickets.end() || it->second.is_gone || it->second.expires_at <= lab.now.wall)
    return false;
  it->second.is_gone = true;
  ++spendings;
  return true;
}

void Keeper::hear(const RelationOutput& told) {
  Engine& engine = *node.engine;
  const auto answer = [&](QuestionId question, bool yes) {
    if (answers) engine.on_verdict(question, yes ? Verdict::yes : Verdict::no, lab.now);
  };
  std::visit(Overloaded{[&](const StoreTicket& ticket) {
                          tickets.emplace(ticket.hash, Kept{ticket.terms, ticket.expires_at});
                        },
                        [&](const CheckTicket& check) {
                          const auto it = tickets.find(check.hash);
                          const bool good = it != tickets.end() && !it->second.is_gone &&
                                            it->second.expires_at > lab.now.wall;
                          if (!answers) return;
                          engine.on_ticket_checked(
                              check.question, good ? std::optional(it->second.terms) : std::nullopt,
                              lab.now);
                        },
                        [&](const SpendTicket& order) { answer(order.question, spend(order)); },
                        [&](const KeepRelationship& keep) {
                          if (keeps) kept.push_back(keep.relationship);
                          certificates.push_back(keep.certificate);
                          answer(keep.question, keeps);
                        },
                        [&](const Redeemed& done) { redeemed.push_back(done); },
                        [&](const RedeemFailed& failed) { redeem_failures.push_back(failed.why); },
                        [&](const RelationshipEnded& end) { ended.push_back(end); },
                        [&](const RelationReached& it) { reached.push_back(it.relationship); },
                        [&](const RelationUnreachable& it) { unreachable.push_back(it.why); },
                        [&](const RelationMessageArrived& it) {
                          heard.emplace_back(it.payload.begin(), it.payload.end());
                          heard_on[{it.relationship, it.own_identity}].push_back(heard.back());
                          if (takes) engine.take(it.relationship, it.number);
                        },
                        [&](const RelationMessageTaken& it) { taken.push_back(it.number); },
                        [&](const RelationMessageLost& it) { lost.push_back(it.why); },
                        [](const auto&) {}},
             told);
}

}  // namespace kith::overlay::test
