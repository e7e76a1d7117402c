// The part of the engine that has to do with membership and the routing of messages.

#include <algorithm>
#include <utility>

#include "core/overloaded.hpp"
#include "overlay/engine_impl.hpp"
#include "routing/admission.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {
namespace {

/// A token is renewed when so much of its life is over.
constexpr int kRenewAfterPercent = 50;
/// A book with fewer contacts is not worth sweeping.
constexpr std::size_t kContactsBeforeSweep = 4096;

}  // namespace

bool Engine::Impl::step_overlay(Instant now) {
  if (auto output = membership_.poll_output()) {
    handle(std::move(*output), now);
    return true;
  }
  if (auto output = router_.poll_output()) {
    handle(std::move(*output), now);
    return true;
  }
  if (const auto output = liveness_.poll_output()) {
    handle(*output, now);
    return true;
  }
  if (!converging_.empty()) {
    converge(converging_.extract(converging_.begin()).value(), now);
    return true;
  }
  while (table_.poll_released()) {
    // The book is swept when it has grown, see `forget_unused`.
  }
  return false;
}

void Engine::Impl::handle(MembershipOutput output, Instant now) {
  std::visit(Overloaded{[&](const DialContact& order) { dial_contact(order.contact, now); },
                        [&](const DialEntrance& order) {
                          dial({&order.target.endpoint, 1}, std::nullopt, order.target, now);
                        },
                        [&](const SendOn& order) { send(order.connection, order.message, now); },
                        [&](const CloseSession& order) {
                          // Related nodes may go on without the overlay.
                          Connection* connection = connections_.find(order.connection);
                          if (order.reason == CloseReason::done && connection &&
                              connection->scopes.related) {
                            connection->joins = false;
                          } else {
                            close(order.connection, order.reason, order.why, now);
                          }
                        },
                        [&](AskAboutJoin& order) {
                          const auto question = static_cast<QuestionId>(next_question_++);
                          join_questions_.emplace(question, order.connection);
                          outputs_.emplace_back(AskPolicy{question, std::move(order.question)});
                        },
                        [&](const SessionJoined& joined) { handle_joined(joined, now); },
                        [&](RouteForMembership& order) {
                          const RequestId request =
                              router_.route(std::move(order.request), now.time);
                          membership_.on_requested(request);
                          askers_.emplace(request, Asker{});
                        },
                        [&](const AnswerRoute& order) {
                          router_.answer(order.route, order.status, order.payload, now.time);
                        },
                        [&](const ReadyChanged& changed) { outputs_.emplace_back(changed); },
                        [&](const JoinFailed& failed) { outputs_.emplace_back(failed); }},
             output);
}

void Engine::Impl::dial_contact(ContactIndex contact, Instant now) {
  if (peers_.find(contact) || leave_by_) return;
  const NodeToken& token = book_->token(contact);
  if (token.endpoints.empty()) return on_dial_failed(contact, Errc::no_route, now);
  dial(token.endpoints, contact, std::nullopt, now);
}

void Engine::Impl::handle_joined(const SessionJoined& joined, Instant now) {
  Connection* connection = connections_.find(joined.connection);
  if (!connection || connection->closed) return;
  connection->joined = true;
  connection->deadline.reset();
  connection->session->let_in();
  if (!connection->dialed) limiter_.on_confirmed(std::to_underlying(connection->id), now.time);
  if (Peer* known = peers_.find(joined.contact)) {
    ++known->sessions;
    converging_.insert(joined.contact);
    return;
  }
  peers_.add({.contact = joined.contact,
              .connection = joined.connection,
              .role = joined.role,
              .identity = joined.identity,
              .dialed_by_us = connection->dialed,
              .exchange = {},
              .joined_at = now.time,
              .health = {},
              .last_heard = now.time,
              .ping_sent = {}});
  if (config_.role == Participation::member && joined.role == Participation::member)
    table_.on_connected(joined.contact, book_->endpoint(joined.contact), std::nullopt);
  outputs_.emplace_back(PeerJoined{book_->id(joined.contact), connection->endpoint});
  // How far away it is we want to know at once: who is near is chosen first.
  liveness_.confirm(joined.contact, now.time);
  liveness_.watch(joined.contact, now.time);
  on_session_usable(joined.contact, now);
  on_neighbourhood_changed(now);
}

void Engine::Impl::lose_peer(Connection& connection, Errc why, Instant now) {
  const ContactIndex contact = *connection.contact;
  connection.joined = false;
  Peer& peer = *peers_.find(contact);
  if (--peer.sessions > 0) {
    if (peer.connection != connection.id) return;
    for (const auto& other : connections_.all())
      if (other->joined && other->contact == contact) peer.connection = other->id;
    restart_on_other_session(peer, now);
    return;
  }
  peers_.remove(contact);
  on_session_unusable(contact, now);
  membership_.on_peer_lost(contact, why, now.time);
  router_.on_suspect(contact, now.time);
  outputs_.emplace_back(PeerLost{book_->id(contact), why});
  on_neighbourhood_changed(now);
}

void Engine::Impl::restart_on_other_session(Peer& peer, Instant now) {
  peer.ping_sent.reset();
  router_.on_suspect(peer.contact, now.time);
  on_session_unusable(peer.contact, now);
  on_session_usable(peer.contact, now);
}

void Engine::Impl::converge(ContactIndex contact, Instant now) {
  Peer* peer = peers_.find(contact);
  if (!peer || peer->sessions < 2) return;
  std::vector<Connection*> connections;
  std::vector<ConvergingSession> sessions;
  for (const auto& connection : connections_.all()) {
    if (!connection->joined || connection->contact != contact) continue;
    connections.push_back(connection.get());
  }
  std::ranges::sort(connections, {}, [](const Connection* connection) {
    return std::pair(connection->opened_at, connection->id);
  });
  sessions.reserve(connections.size());
  for (const Connection* connection : connections)
    sessions.push_back(ConvergingSession::of(*connection->session));
  const std::size_t winner = survivor(sessions, local_.id, book_->id(contact));
  if (peer->connection != connections[winner]->id) {
    peer->connection = connections[winner]->id;
    peer->dialed_by_us = connections[winner]->dialed;
    restart_on_other_session(*peer, now);
  }
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    if (i == winner) continue;
    const auto end = duplicate_end(sessions[i], sessions[winner]);
    if (!end) continue;
    if (*end <= now.time) {
      close(connections[i]->id, CloseReason::duplicate, Errc::closed, now);
    } else {
      convergence_.set(contact, *end);
    }
  }
}

void Engine::Impl::handle(RouterOutput output, Instant now) {
  std::visit(
      Overloaded{[&](const RouterSend& order) {
                   const Peer* peer = peers_.find(order.peer);
                   if (!peer) return;
                   send(peer->connection, order.message, now);
                   if (order.confirm) liveness_.confirm(order.peer, now.time);
                 },
                 [&](const Arrived& arrived) { handle_arrived(arrived, now); },
                 [&](const Passing& passing) {
                   membership_.on_announce(passing.route, false, passing.payload, now);
                 },
                 [&](Answered& answered) { handle_answered(std::move(answered), now); },
                 [&](const Unanswered& unanswered) { handle_unanswered(unanswered.request, now); }},
      output);
}

void Engine::Impl::handle_arrived(const Arrived& arrived, Instant now) {
  const auto kind = peek_kind(arrived.payload);
  if (!kind) return;
  switch (*kind) {
    case MessageKind::announce:
      return membership_.on_announce(arrived.route, true, arrived.payload, now);
    case MessageKind::lookup:
      return membership_.on_lookup(arrived.route, arrived.key, arrived.payload, now);
    case MessageKind::trace:
      if (decode_bare(arrived.payload, *kind))
        router_.answer(arrived.route, AnswerStatus::final, {}, now.time);
      return;
    default:
      handle_arrived_pubsub(arrived, *kind, now);
  }
}

void Engine::Impl::handle_answered(Answered answered, Instant now) {
  const auto it = askers_.find(answered.request);
  if (it == askers_.end()) return;
  const Asker asker = it->second;
  if (answered.status != AnswerStatus::partial) askers_.erase(it);
  switch (asker.of) {
    case Asker::Of::membership:
      membership_.on_answered(answered.request, answered.status, answered.payload, now);
      break;
    case Asker::Of::trace:
      std::ranges::reverse(answered.record);
      outputs_.emplace_back(
          TraceDone{asker.trace, asker.key, std::move(answered.record), answered.after});
      break;
    case Asker::Of::declarations:
      handle_answered_pubsub(asker, answered, now);
      break;
    case Asker::Of::nobody:
      break;
  }
}

void Engine::Impl::handle_unanswered(RequestId request, Instant now) {
  const auto it = askers_.find(request);
  if (it == askers_.end()) return;
  const Asker asker = it->second;
  askers_.erase(it);
  switch (asker.of) {
    case Asker::Of::membership:
      membership_.on_unanswered(request, now);
      break;
    case Asker::Of::trace:
      outputs_.emplace_back(TraceDone{asker.trace, asker.key, {}, {}});
      break;
    case Asker::Of::declarations:
      handle_unanswered_pubsub(asker, now);
      break;
    case Asker::Of::nobody:
      break;
  }
}

void Engine::Impl::handle(LivenessOutput output, Instant now) {
  std::visit(Overloaded{[&](const SendPing& ping) {
                          Connection* connection = connections_.find(ping.connection);
                          if (!connection || !connection->session) return;
                          connection->session->ping(ping.value);
                          router_.on_ping_sent(ping.peer, ping.value);
                          announce_write(*connection);
                        },
                        [&](const PeerSuspect& suspect) {
                          static_cast<void>(table_.on_missed_ping(suspect.peer));
                          router_.on_suspect(suspect.peer, now.time);
                          on_neighbourhood_changed(now);
                        },
                        [&](const PeerDead& dead) {
                          for (const ConnectionId id : connections_of(dead.peer))
                            drop(id, Errc::timed_out, now);
                        }},
             output);
}

std::vector<ConnectionId> Engine::Impl::connections_of(ContactIndex contact) const {
  std::vector<ConnectionId> found;
  for (const auto& connection : connections_.all())
    if (connection->joined && connection->contact == contact) found.push_back(connection->id);
  return found;
}

std::optional<Duration> Engine::Impl::patience_with(const Peer& peer) const {
  if (peer.in_exchange) return config_.ping_interval;
  if (peer.role == Participation::client) return std::nullopt;
  if (config_.role == Participation::client) return config_.ping_interval;
  if (!routing::is_needed(table_, peer.contact)) return std::nullopt;
  // Of a neighbour's death everybody must know; of another one's, who next has a message for it.
  return table_.peers().is_neighbour(book_->id(peer.contact)) ? config_.ping_interval
                                                              : config_.ping_interval_far;
}

ContactIndex Engine::Impl::issue_token(Instant now) {
  NodeTokenParams params;
  params.realm = config_.realm;
  // Newer than the one before, so that others take it for it; unless the date was set back so far
  // that they would not believe it.
  const WallTime newer = last_token_at_ + Duration(1);
  last_token_at_ = newer > now.wall && newer <= now.wall + kClockSkewMax ? newer : now.wall;
  params.issued_at = last_token_at_;
  params.life = config_.node_token_life;
  params.endpoints.assign(endpoints_.begin(), endpoints_.end());
  params.static_key = config_.static_key.public_key;
  params.reachability = endpoints_.empty() ? Reachability::outbound_only : Reachability::direct;
  auto token =
      issue_node_token(params, config_.node_key, *config_.primitives->signatures, *random_);
  KITH_ASSERT(token.has_value());
  const ByteView raw = token->token.raw();
  local_.token.assign(raw.begin(), raw.end());
  local_.id = token->fingerprint();
  renew_token_at_ = now.time + config_.node_token_life * kRenewAfterPercent / 100;
  return book_->replace(std::move(*token));
}

/// Renews it when its time has come, or when the date has jumped: set by hand, or while the machine
/// slept.
void Engine::Impl::renew_token_if_due(Instant now) {
  const Duration age_most = config_.node_token_life * kRenewAfterPercent / 100;
  const bool date_fits =
      now.wall >= last_token_at_ - kClockSkewMax && now.wall <= last_token_at_ + age_most;
  if (now.time >= renew_token_at_ || !date_fits) renew_token(now);
}

Bytes Engine::Impl::join_of_identity(const Connection& connection, Instant now) {
  const IdentityToken identity =
      config_.identity_token ? *config_.identity_token : issue_identity(now.wall);
  JoinMessage join = membership_.join_message();
  join.identity = identity.token.raw();
  const Bytes statement = join_statement(connection.session->session_id(), local_.id);
  join.proof = config_.primitives->signatures->sign(identity_key(), {statement});
  return encode(join);
}

IdentityToken Engine::Impl::issue_identity(WallTime at) {
  IdentityTokenParams params;
  params.realm = config_.realm;
  params.issued_at = at;
  params.life = config_.node_token_life;
  params.node = local_.id;
  auto identity =
      issue_identity_token(params, identity_key(), *config_.primitives->signatures, *random_);
  KITH_ASSERT(identity.has_value());
  return std::move(*identity);
}

void Engine::Impl::forget_unused() {
  if (!own_book_ || book_->size() < kContactsBeforeSweep) return;
  std::vector<ContactIndex> used{self_};
  for (const Peer& peer : peers_.all()) used.push_back(peer.contact);
  for (const auto& connection : connections_.all())
    if (connection->contact) used.push_back(*connection->contact);
  for (std::size_t at = 0; at < table_.peers().size(); ++at)
    used.push_back(table_.peers().order()[at]);
  for (std::size_t at = 0; at < table_.spares().size(); ++at)
    used.push_back(table_.spares().order()[at]);
  membership_.append_used(used);
  router_.append_used(used);
  append_used_by_pubsub(used);
  std::ranges::sort(used);
  book_->retain(used);
}

}  // namespace kith::overlay
