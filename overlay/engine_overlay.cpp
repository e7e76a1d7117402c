// The part of the engine that has to do with membership and the routing of messages.

#include <algorithm>
#include <utility>

#include "core/overloaded.hpp"
#include "overlay/engine_impl.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay {
namespace {

/// A token is renewed when so much of its life is over.
constexpr int kRenewAfterPercent = 50;

/// Whether we have dialed `contact` to join it and do not know yet what comes of it.  Whoever wants
/// a session with it will be told.
bool is_on_its_way(const Connections& connections, ContactIndex contact) {
  return std::ranges::any_of(connections.all(), [&](const auto& connection) {
    const Opening* opening = connection->opening.get();
    return connection->dialed && connection->contact == contact && !connection->closed && opening &&
           !opening->entrance && !opening->refused && !is_errand(*connection);
  });
}

}  // namespace

bool Engine::Impl::step_overlay(Instant now) {
  if (pass_on(membership_.poll_output(), now) || pass_on(router_.poll_output(), now) ||
      pass_on(liveness_.poll_output(), now))
    return true;
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
                        [&](const DialEntrance& order) { dial_entrance(order.target, now); },
                        [&](const SendOn& order) { send(order.connection, order.message, now); },
                        [&](const CloseSession& order) { end_membership(order, now); },
                        [&](AskAboutJoin& order) {
                          const QuestionId question = next_question();
                          join_questions_.emplace(question, order.connection);
                          outputs_.emplace_back(AskPolicy{question, std::move(order.question)});
                        },
                        [&](const SessionJoined& joined) { handle_joined(joined, now); },
                        [&](const TakeIntoTable& order) { take_into_table(order.contact, now); },
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
                        [&](JoinFailed& failed) {
                          if (failed.why == Errc::changed_node)
                            failed.met_first = expected_at({failed.endpoint, std::nullopt});
                          outputs_.emplace_back(failed);
                        }},
             output);
}

/// Related nodes may go on without the overlay.
void Engine::Impl::end_membership(const CloseSession& order, Instant now) {
  Connection* connection = connections_.find(order.connection);
  if (order.reason != CloseReason::done || !connection || connection->closed ||
      !connection->scopes.related)
    return close(order.connection, order.reason, order.why, now);
  connection->joins = false;
  if (!connection->dialed) return tell_turned_away(*connection, order.why);
  if (is_errand(*connection)) return;
  connection->deadline.reset();
  if (!std::exchange(connection->opening->refused, true))
    on_not_joined(*connection, order.why, now);
}

/// Tells whoever had it dialed to join.
void Engine::Impl::on_not_joined(const Connection& connection, Errc why, Instant now) {
  if (!connection.opening->entrance) return on_dial_failed(*connection.contact, why, now);
  const JoinTarget& entrance = *connection.opening->entrance;
  const bool has_changed = why == Errc::wrong_key && !entrance.node && expected_at(entrance);
  const JoinStep step = connection.opened    ? JoinStep::joining
                        : connection.session ? JoinStep::handshake
                                             : JoinStep::connecting;
  membership_.on_entrance_failed(entrance, step, has_changed ? Errc::changed_node : why, now.time);
}

std::optional<Fingerprint> Engine::Impl::expected_at(const JoinTarget& entrance) const {
  if (entrance.node) return entrance.node;
  const auto known = config_.known_entrances.find(entrance.endpoint);
  if (known == config_.known_entrances.end()) return std::nullopt;
  return known->second;
}

void Engine::Impl::dial_entrance(const JoinTarget& target, Instant now) {
  const auto node = expected_at(target);
  if (node && blocks_.contains(*node, now.wall))
    return membership_.on_entrance_failed(target, JoinStep::connecting, Errc::not_authorized,
                                          now.time);
  JoinTarget entrance = target;
  // It may answer nobody but those that it deals with.
  const bool is_free = target.flow == Flow::hidden || target.flow == Flow::connection;
  if (node && is_free && relations_.shares(*node, now.wall)) entrance.flow = Flow::reconnect;
  dial({&target.endpoint, 1}, std::nullopt, entrance, now);
}

void Engine::Impl::remember_entrance(const Connection& connection) {
  const auto& entrance = connection.opening->entrance;
  if (!entrance || expected_at(*entrance)) return;
  const Endpoint& endpoint = entrance->endpoint;
  const Fingerprint& node = book_->id(*connection.contact);
  config_.known_entrances.emplace(endpoint, node);
  outputs_.emplace_back(EntranceLearned{endpoint, node});
}

void Engine::Impl::dial_contact(ContactIndex contact, Instant now) {
  if (leave_by_) return;
  if (peers_.find(contact)) return membership_.on_dial_failed(contact, Errc::closed, now.time);
  if (is_on_its_way(connections_, contact)) return;
  // As if it had said no: another one will do.
  if (is_blocked(contact, now.wall)) return on_dial_failed(contact, Errc::refused, now);
  const NodeToken& token = book_->token(contact);
  if (token.endpoints.empty()) return on_dial_failed(contact, Errc::no_route, now);
  dial(token.endpoints, contact, std::nullopt, now);
}

/// What is not answered comes again, over another way; what is not told is asked for in time.
void Engine::Impl::charge_for(std::optional<ContactIndex> from, const auto& act, Instant now) {
  if (from && has_overspent(*from, &Peer::passed_on_until, now)) return;
  const std::uint64_t checked = signatures_.checked();
  act();
  if (from) charge(*from, &Peer::passed_on_until, checked, now);
}

void Engine::Impl::handle(RouterOutput output, Instant now) {
  std::visit(
      Overloaded{[&](const RouterSend& order) { send_routed(order, now); },
                 [&](const Arrived& arrived) {
                   charge_for(arrived.from, [&] { handle_arrived(arrived, now); }, now);
                 },
                 [&](const Passing& passing) {
                   charge_for(
                       passing.from,
                       [&] { membership_.on_announce(passing.route, false, passing.payload, now); },
                       now);
                 },
                 [&](Answered& answered) {
                   // The last answer comes once; of others there is no end.
                   const bool is_last = answered.status != AnswerStatus::partial;
                   charge_for(
                       is_last ? std::nullopt : answered.from,
                       [&] { handle_answered(std::move(answered), now); }, now);
                 },
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
    case MessageKind::judge:
      return on_judge(arrived, now);
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
    case Asker::Of::realm:
      on_realm_answered(asker, answered, now);
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
    case Asker::Of::realm:
      judgements_.on_no_answer(asker.request, now);
      break;
    case Asker::Of::trace:
      outputs_.emplace_back(TraceDone{asker.trace, asker.key, {}, {}});
      break;
    case Asker::Of::declarations:
      declarations_.on_no_answer(asker.request, now);
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
  const Duration age_max = config_.node_token_life * kRenewAfterPercent / 100;
  const bool date_fits =
      now.wall >= last_token_at_ - kClockSkewMax && now.wall <= last_token_at_ + age_max;
  if (now.time >= renew_token_at_ || !date_fits) renew_token(now);
}

Bytes Engine::Impl::join_of_identity(const Connection& connection, Instant now) {
  const IdentityToken identity =
      config_.identity_token ? *config_.identity_token : issue_identity(now.wall);
  JoinMessage join = membership_.join_message(connection.opening->entrance.has_value());
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
  if (!own_book_ || !book_->is_worth_sweeping()) return;
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
  needs_.append_contacts(used);
  std::ranges::sort(used);
  book_->retain(used);
}

}  // namespace kith::overlay
