// The part of the engine that has to do with tickets, relationships and queries.

#include <algorithm>
#include <utility>
#include <vector>

#include "core/overloaded.hpp"
#include "overlay/engine_impl.hpp"
#include "tokens/intent_token.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

bool Engine::Impl::step_relations(Instant now) {
  return pass_on(relations_.poll_output(), now) || pass_on(first_contact_.poll_output(), now) ||
         pass_on(queries_.poll_output(), now);
}

void Engine::Impl::handle(QueriesOutput output, Instant now) {
  std::visit(
      Overloaded{[&](const QueryDial& order) {
                   dial_for(order.query, {order.target.endpoint}, target_at(order.target, now.wall),
                            now);
                 },
                 [&](const QuerySend& order) { send(order.connection, order.message, now); },
                 [&](const QueryDone& order) {
                   close(order.connection, CloseReason::done, Errc::closed, now);
                 },
                 [&](QueryArrived& arrived) {
                   const QuestionId question = next_question();
                   inquiries_.emplace(question, AskedQuery{arrived.inquiry, arrived.connection});
                   const Fingerprint& node = *connections_.find(arrived.connection)->node;
                   outputs_.emplace_back(
                       QueryAsked{question, node, std::move(arrived.topic), arrived.payload});
                 },
                 [&](const QueryAnswered& answered) { outputs_.emplace_back(answered); },
                 [&](const QueryFailed& failed) { outputs_.emplace_back(failed); }},
      output);
}

void Engine::Impl::handle(FirstContactOutput output, Instant now) {
  std::visit(
      Overloaded{[&](ContactDial& order) {
                   dial_for(order.redeem, std::move(order.endpoints), std::move(order.target), now);
                 },
                 [&](const ContactSend& order) { send(order.connection, order.message, now); },
                 [&](const ContactOver& order) {
                   Connection* guest = connections_.find(order.connection);
                   if (guest && guest->opening && !guest->dialed)
                     guest->opening->objection = Errc::not_authorized;
                   close(order.connection, CloseReason::done, order.why, now);
                 },
                 [&](AskToRelate& ask) { ask_to_relate(std::move(ask), now); },
                 [&](KeepRelation& keep) {
                   const QuestionId question =
                       question_about(keep.connection, RelationQuestion::Of::keeping);
                   outputs_.emplace_back(KeepRelationship{question, std::move(keep.relationship),
                                                          std::move(keep.endpoints),
                                                          std::move(keep.certificate)});
                 },
                 [&](RelationMade& made) { on_relation_made(std::move(made), now); },
                 [&](const Redeemed& redeemed) { outputs_.emplace_back(redeemed); },
                 [&](const RedeemFailed& failed) { outputs_.emplace_back(failed); }},
      output);
}

void Engine::Impl::handle(RelationsOutput output, Instant now) {
  std::visit(Overloaded{[&](RelationDial& order) {
                          if (order.target.flow == Flow::reconnect) put_known_first(order);
                          dial_for(order.about, std::move(order.endpoints), std::move(order.target),
                                   now);
                        },
                        [&](RelationSend& order) { send(order.connection, order.message, now); },
                        [&](RelationOver& order) {
                          const Connection* connection = connections_.find(order.connection);
                          if (!connection) return;
                          if (connection->joined && order.reason == CloseReason::done)
                            return end_needless_session(*connection->node, now);
                          close(order.connection, order.reason, Errc::closed, now);
                        },
                        [&](auto& told) { outputs_.emplace_back(std::move(told)); }},
             output);
}

// Errands.

/// Its newest token says best where a node is, if we have one.
void Engine::Impl::put_known_first(RelationDial& order) const {
  const auto contact = book_->find(*order.target.node);
  if (!contact) return;
  const auto& known = book_->token(*contact).endpoints;
  std::erase_if(order.endpoints, [&](const Endpoint& endpoint) {
    return std::ranges::find(known, endpoint) != known.end();
  });
  order.endpoints.insert(order.endpoints.begin(), known.begin(), known.end());
}

void Engine::Impl::on_errand_opened(Connection& connection, Instant now) {
  connection.opening->target.reset();
  std::visit(Overloaded{[](std::monostate) {},
                        [&](QueryId query) {
                          connection.scopes.queried = true;
                          queries_.on_opened(query, connection.id);
                        },
                        [&](RedeemId redeem) {
                          connection.scopes.ticket = true;
                          connections_.end_by(connection, now.time + kRelateTimeout);
                          first_contact_.on_opened(redeem, connection.id);
                        },
                        [&](const RelationshipId& about) {
                          relate(connection, now);
                          relations_.on_opened(about, connection.id, now);
                        }},
             connection.opening->errand);
}

void Engine::Impl::fail_errand(const Errand& errand, Errc why, Instant now,
                               std::span<const Endpoint> met) {
  std::visit(
      Overloaded{
          [](std::monostate) {}, [&](QueryId query) { queries_.on_failed(query, why); },
          [&](RedeemId redeem) { first_contact_.on_failed(redeem, why); },
          [&](const RelationshipId& about) { relations_.on_failed(about, why, met, now.wall); }},
      errand);
}

// Sessions.

/// The session carries messages on relationships from now on.
void Engine::Impl::relate(Connection& connection, Instant now) {
  if (connection.scopes.queried || connection.scopes.ticket) return;
  connection.scopes.related = true;
  connection.session->let_in();
  // One that was dialed to join waits for the answer to that.
  if (!connection.dialed || is_errand(connection)) connection.deadline.reset();
  if (!connection.dialed) limiter_.on_confirmed(std::to_underlying(connection.id), now.time);
  if (connection.dialed && !connection.renew_at) renew_in_time(connection);
  relations_.on_session({connection.id, *connection.node}, connection.dialed, now);
  look_for_surplus(*connection.node, now);
}

/// Of several sessions with a related node one will do (docs/protocol.md §5): each of the others is
/// for its responder to end, once it has heard something on the one that is left.
void Engine::Impl::look_for_surplus(const Fingerprint& node, Instant now) {
  std::vector<Connection*> related;
  for (const auto& connection : connections_.all()) {
    if (connection->scopes.related && !connection->closed && connection->node == node)
      related.push_back(connection.get());
  }
  if (related.size() < 2 || config_.keeps_duplicates) return;
  for (Connection* connection : related) {
    if (!connection->dialed) {
      connection->surplus_at = now.time + kDuplicateQuiet;
      connections_.look_by(*connection, connection->surplus_at);
    } else if (!connection->session->has_heard_record()) {
      connection->session->ping(0);
      announce_write(*connection);
    }
  }
}

/// Ends a session beside the one that is used, if we are its responder and it is quiet and owes
/// nobody an answer; otherwise looks again later.
void Engine::Impl::end_if_surplus(Connection& connection, Instant now) {
  if (!connection.surplus_at || *connection.surplus_at > now.time) return;
  connection.surplus_at.reset();
  const auto used = relations_.link_to(*connection.node);
  const Connection* survivor = used ? connections_.find(*used) : nullptr;
  const bool is_over = connection.closed || connection.closing_because;
  if (!survivor || survivor == &connection || connection.joined || is_over) return;
  const bool is_at_rest =
      relations_.is_at_rest(connection.id) && !membership_.is_judging(connection.id) &&
      std::ranges::none_of(
          inquiries_, [&](const auto& asked) { return asked.second.connection == connection.id; });
  const auto end = duplicate_end(ConvergingSession::of(*connection.session),
                                 ConvergingSession::of(*survivor->session));
  if (is_at_rest && end && *end <= now.time)
    return close(connection.id, CloseReason::duplicate, Errc::closed, now);
  connection.surplus_at = end && *end > now.time ? *end : now.time + kDuplicateQuiet;
}

/// By flow `H` nobody says what relationship they are there for.  Whether that has ended they hear
/// when they speak on it, or have said nothing for too long.
bool Engine::Impl::tell_of_end(const Connection& connection,
                               const std::optional<RelationshipId>& about) {
  if (!connection.opened || connection.dialed || connection.closed) return false;
  if (!scopes_of(connection).is_fresh()) return false;
  if (about && !relations_.has_ended(*about, *connection.node)) return false;
  const Relations::Sender with{connection.id, *connection.node};
  return about ? relations_.tell_ends(with, about) : relations_.on_silence(with);
}

/// What is being kept is kept all the same.
std::size_t Engine::Impl::end_relations(const Connection& connection, Errc why) {
  queries_.on_closed(connection.id, why);
  first_contact_.on_closed(connection.id, why);
  relations_.on_closed(connection.id, why);
  const auto is_about_it = [&](const auto& asked) {
    return asked.second.connection == connection.id;
  };
  const auto open = std::ranges::count_if(relation_questions_, is_about_it);
  std::erase_if(relation_questions_, [&](const auto& asked) {
    return is_about_it(asked) && asked.second.of != RelationQuestion::Of::keeping;
  });
  return static_cast<std::size_t>(open) + std::erase_if(inquiries_, is_about_it);
}

Scopes Engine::Impl::scopes_of(const Connection& connection) const {
  Scopes scopes = connection.scopes;
  scopes.joined = connection.joined;
  scopes.joining = membership_.is_judging(connection.id);
  scopes.answers_queries = queries_.answers_any();
  return scopes;
}

Result<void> Engine::Impl::dispatch_relations(Connection& connection, MessageKind kind,
                                              ByteView message, Instant now) {
  switch (kind) {
    case MessageKind::relate:
    case MessageKind::related:
    case MessageKind::not_related:
      return first_contact_.on_message(connection.id, kind, message, now.wall);
    case MessageKind::query: {
      const bool is_public = scopes_of(connection).is_fresh();
      connection.scopes.queried = connection.scopes.queried || is_public;
      return queries_.on_query(connection.id, is_public, message);
    }
    case MessageKind::reply:
      return queries_.on_reply(connection.id, message);
    case MessageKind::introduce:
      return on_introduce(connection, message, now);
    default:
      return relations_.on_message({connection.id, *connection.node}, kind, message, now.wall);
  }
}

// Joining over a session that began without tokens.

/// How to dial an entrance by `flow` if we share a relationship with the node there.
void Engine::Impl::aim_at_related(DialTarget& target, Flow flow, WallTime now) const {
  if (flow != Flow::reconnect && flow != Flow::connection) return;
  const auto about = target.node ? relations_.newest_with(*target.node, now) : std::nullopt;
  if (!about) {
    if (flow == Flow::reconnect) target.flow = Flow::hidden;
    return;
  }
  target.flow = flow;
  target.about = about;
  target.static_key = relations_.static_key_of(*target.node, now);
  if (flow == Flow::reconnect) target.site = site();
}

/// An entrance that did not answer us as it answers related nodes may answer as it does others: it
/// may have lost the relationship, and say so by flow C alone.  False if there is no other way to
/// dial it.
bool Engine::Impl::dial_entrance_otherwise(const Connection& connection, Instant now) {
  auto entrance = connection.opening->entrance;
  if (!entrance || !connection.session || leave_by_) return false;
  if (connection.opened && entrance->flow != Flow::connection) return false;
  const auto node = expected_at(*entrance);
  const auto next = fallback({.flow = entrance->flow, .is_pinned = true});
  if (!node || !next || !relations_.shares(*node, now.wall)) return false;
  entrance->flow = next->flow;
  dial({&entrance->endpoint, 1}, std::nullopt, entrance, now);
  return true;
}

void Engine::Impl::ask_to_join(Connection& connection, Instant now) {
  connection.joins = true;
  connection.introduced = true;
  send(connection.id, encode_introduce(local_.token), now);
}

void Engine::Impl::send_join(Connection& connection, Instant now) {
  membership_.on_join_sent(connection.id, *connection.contact, connection.opening->entrance);
  send(connection.id,
       has_identity() ? join_of_identity(connection, now)
                      : encode(membership_.join_message(connection.opening->entrance.has_value())),
       now);
}

Result<void> Engine::Impl::on_introduce(Connection& connection, ByteView message, Instant now) {
  if (std::exchange(connection.knows_token, true)) return std::unexpected(Errc::protocol_error);
  const auto bytes = decode_introduce(message);
  if (!bytes) return std::unexpected(bytes.error());
  auto token = decode_node_token(*bytes);
  if (!token) return std::unexpected(token.error());
  const auto valid = verify(token->token, signatures_, now.wall);
  if (!valid) return valid;
  if (token->token.realm() != config_.realm) return std::unexpected(Errc::wrong_realm);
  if (!in_audience(token->token, local_.id, config_.realm))
    return std::unexpected(Errc::wrong_audience);
  if (token->fingerprint() != connection.node) return std::unexpected(Errc::wrong_key);
  if (!connection.contact) connection.contact = book_->keep(std::move(*token));
  // Whoever takes nothing more is dropped by the send, which is therefore the last thing to do. Who
  // wants to join and has the contact only now has introduced itself before.
  if (!std::exchange(connection.introduced, true)) {
    send(connection.id, encode_introduce(local_.token), now);
  } else if (connection.joins && !connection.joined) {
    send_join(connection, now);
  }
  return {};
}

// Commands.

Result<RelationshipId> Engine::Impl::add_relationship(RelationshipToken relationship,
                                                      std::vector<Endpoint> endpoints) {
  return relations_.add(std::move(relationship), std::move(endpoints));
}

Result<QueryId> Engine::Impl::query(const JoinTarget& target, std::string_view topic,
                                    ByteView payload) {
  return queries_.ask(target, topic, payload);
}

Result<void> Engine::Impl::answer_query(QuestionId question, QueryStatus status, ByteView payload) {
  const auto asked = inquiries_.find(question);
  if (asked == inquiries_.end()) return {};
  if (auto done = queries_.answer(asked->second.inquiry, status, payload); !done) return done;
  inquiries_.erase(asked);
  return {};
}

}  // namespace kith::overlay
