// The part of the engine that has to do with tickets and the first contact that they lead to, and
// with who reconnects.

#include <utility>

#include "overlay/engine_impl.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

Result<TicketToken> Engine::Impl::issue_ticket(const TicketOrder& order, Instant now) {
  const auto identity = identities_.key_for(order.identity);
  if (!identity) return std::unexpected(identity.error());
  TicketTokenParams params;
  params.realm = config_.realm;
  params.partner = order.partner;
  params.issued_at = now.wall;
  params.life = order.life;
  params.dialed = order.dialed;
  params.static_key = config_.static_key.public_key;
  auto ticket = issue_ticket_token(params, config_.node_key, signatures_, *random_);
  if (!ticket) return ticket;
  outputs_.emplace_back(StoreTicket{
      ticket_hash(ticket->secret()),
      ticket->uuid(),
      {.identity = identity_fingerprint((*identity)->public_key), .partner = order.partner},
      ticket->expires_at()});
  return ticket;
}

Result<RedeemId> Engine::Impl::redeem(RedeemOrder order, Instant now) {
  return first_contact_.redeem(std::move(order), now.wall);
}

/// Asks for the ticket that was shown: the handshake waits for the answer.
void Engine::Impl::check_ticket(Connection& connection, SessionAsks asks) {
  Opening& opening = *connection.opening;
  const NodeToken& token = *opening.proven;
  opening.ticket = ticket_hash(*asks.ticket);
  opening.guest = TicketGuest{.node = token.fingerprint(),
                              .static_key = token.static_key,
                              .endpoints = {token.endpoints.begin(), token.endpoints.end()},
                              .certificate = std::move(asks.certificate),
                              .terms = {}};
  const QuestionId question = question_about(connection.id, RelationQuestion::Of::checking);
  outputs_.emplace_back(CheckTicket{question, *opening.ticket});
}

void Engine::Impl::on_ticket_checked(QuestionId question, const std::optional<TicketTerms>& terms,
                                     Instant now) {
  const auto asked = relation_questions_.extract(question);
  Connection* connection = asked ? connections_.find(asked.mapped().connection) : nullptr;
  if (!connection || !connection->opening->guest) return;
  // Whom it is from may be no identity of ours any more.
  const bool leads_to_us = terms && terms->purpose == TicketPurpose::relationship &&
                           identities_.key_for(terms->identity).has_value();
  const bool good = leads_to_us && may_be(*connection, terms->partner, now.wall);
  if (good) {
    connection->opening->guest->terms = *terms;
  } else {
    connection->opening->objection = leads_to_us ? Errc::wrong_audience : Errc::not_found;
  }
  connection->session->on_verdict(good, now);
  attend(*connection);
}

/// Whether a guest is the one that the ticket is for.  If that is not its node's own identity, its
/// certificate must be the identity's token, which names the node.
bool Engine::Impl::may_be(const Connection& guest, const Fingerprint& partner, WallTime now) const {
  const Token& node = guest.opening->proven->token;
  if (partner == Fingerprint() || identity_fingerprint(node.public_key()) == partner) return true;
  const auto identity = decode_identity_token(guest.opening->guest->certificate);
  const auto& leader = config_.realm_leader;
  return identity && identity->fingerprint() == partner && identity->node == node.fingerprint() &&
         verify(identity->token, signatures_, now, leader ? &*leader : nullptr).has_value();
}

void Engine::Impl::on_session_spends(Connection& connection) {
  const QuestionId question = question_about(connection.id, RelationQuestion::Of::spending);
  outputs_.emplace_back(SpendTicket{question, *connection.opening->ticket, *connection.node});
}

void Engine::Impl::on_guest_opened(Connection& connection, Instant now) {
  connection.scopes.ticket = true;
  connections_.end_by(connection, now.time + kRelateTimeout);
  first_contact_.on_guest(connection.id, *std::exchange(connection.opening->guest, std::nullopt));
}

void Engine::Impl::ask_to_relate(AskToRelate ask, Instant now) {
  const Connection* connection = connections_.find(ask.connection);
  if (!connection || connection->closed) return;
  if (relations_.knows(ask.relationship) || relations_.is_full())
    return first_contact_.on_verdict(ask.connection, false, now.wall);
  const QuestionId question = question_about(ask.connection, RelationQuestion::Of::relating);
  outputs_.emplace_back(AskPolicy{
      question, AuthorizeQuestion{
                    book_->token(*connection->contact).token,
                    RelateRequest{ask.identity, std::move(ask.certificate), ask.own_identity}}});
}

QuestionId Engine::Impl::question_about(ConnectionId connection, RelationQuestion::Of what) {
  const QuestionId question = next_question();
  relation_questions_.emplace(question, RelationQuestion{what, connection});
  return question;
}

void Engine::Impl::on_relation_verdict(QuestionId question, bool yes, Instant now) {
  const auto it = relation_questions_.find(question);
  // A ticket is not good by itself: its terms are asked for.
  if (it == relation_questions_.end() || it->second.of == RelationQuestion::Of::checking) return;
  const RelationQuestion asked = it->second;
  relation_questions_.erase(it);
  if (asked.of == RelationQuestion::Of::keeping)
    return first_contact_.on_kept(asked.connection, yes, now.wall);
  if (asked.of == RelationQuestion::Of::relating)
    return first_contact_.on_verdict(asked.connection, yes, now.wall);
  Connection* connection = connections_.find(asked.connection);
  if (!connection || connection->closed) return;
  if (!yes) connection->opening->objection = Errc::not_found;
  connection->session->on_verdict(yes, now);
  attend(*connection);
}

void Engine::Impl::on_relation_made(RelationMade made, Instant now) {
  const auto id = relations_.add(std::move(made.relationship), std::move(made.endpoints));
  Connection* began = connections_.find(made.connection);
  if (began) began->scopes.ticket = false;
  if (!id) return close(made.connection, CloseReason::done, id.error(), now);
  if (!began || began->closed) return;
  const Fingerprint node = *began->node;
  for (const auto& connection : connections_.all())
    if (connection->opened && !connection->closed && connection->node == node)
      relate(*connection, now);
}

/// Whoever names a node that we share nothing with finds out nothing: the session goes on with a
/// key that nobody has.
void Engine::Impl::on_session_seeks(Connection& connection, const SessionSeeks& seeks,
                                    Instant now) {
  const auto key = relations_.static_key_of(seeks.node, now.wall);
  connection.opening->static_key = key;
  if (!key) connection.opening->objection = Errc::not_found;
  connection.session->on_static_key(key, now);
}

Result<TicketToken> Engine::issue_ticket(const TicketOrder& order, Instant now) {
  return impl_->issue_ticket(order, now);
}
Result<RedeemId> Engine::redeem(RedeemOrder order, Instant now) {
  return impl_->redeem(std::move(order), now);
}
Result<RelationshipId> Engine::add_relationship(RelationshipToken relationship,
                                                std::vector<Endpoint> endpoints) {
  return impl_->add_relationship(std::move(relationship), std::move(endpoints));
}
Result<void> Engine::add_relation_end(const RelationEnd& end) {
  return impl_->add_relation_end(end);
}
Result<void> Engine::connect(const RelationshipId& relationship, Instant now) {
  return impl_->connect(relationship, now);
}
Result<std::uint64_t> Engine::send_to(const RelationshipId& relationship, ByteView payload,
                                      Instant now) {
  return impl_->send_to(relationship, payload, now);
}
std::optional<DialProgress> Engine::last_dial(const RelationshipId& relationship) const {
  return impl_->last_dial(relationship);
}
void Engine::take(const RelationshipId& relationship, std::uint64_t number) {
  impl_->take(relationship, number);
}
Result<void> Engine::end(const RelationshipId& relationship, Instant now) {
  return impl_->end(relationship, now);
}
void Engine::on_ticket_checked(QuestionId question, const std::optional<TicketTerms>& terms,
                               Instant now) {
  impl_->on_ticket_checked(question, terms, now);
}
Result<QueryId> Engine::query(const JoinTarget& target, std::string_view topic, ByteView payload) {
  return impl_->query(target, topic, payload);
}
Result<void> Engine::answer_query(QuestionId question, QueryStatus status, ByteView payload) {
  return impl_->answer_query(question, status, payload);
}

}  // namespace kith::overlay
