// The part of the engine that has to do with coordinators, both ways, and exchange.

#include <algorithm>
#include <utility>

#include "core/overloaded.hpp"
#include "overlay/engine_impl.hpp"

namespace kith::overlay {
namespace {

/// What the exchange may still say before its session closes.
constexpr std::size_t kFarewellBytes = 256U << 10;

}  // namespace

bool Engine::Impl::step_pubsub(Instant now) {
  // First what may point into the message being handled.
  return pass_on(exchange_.poll_output(now), now) || pass_on(coordinator_.poll_output(), now) ||
         pass_on(declarations_.poll_output(), now);
}

/// Calls `tell` for whoever shares a declaration.
void Engine::Impl::tell_sharers_of(Declarations::Id declaration, const auto& tell) {
  const auto wish = wishes_.find(declaration);
  if (wish == wishes_.end()) return;
  for (const SubscriptionId subscription : wish->second.subscriptions) tell(subscription);
  if (wish->second.publisher) tell(*wish->second.publisher);
}

void Engine::Impl::handle(Declarations::Output output, Instant now) {
  std::visit(
      Overloaded{
          [&](Declarations::RouteToSubject& order) {
            RouteRequest request;
            request.key = order.key;
            request.payload = std::move(order.payload);
            const RequestId id = router_.route(std::move(request), now.time);
            askers_.emplace(id, Asker{.of = Asker::Of::declarations, .request = order.request});
          },
          [&](const Declarations::Held& held) {
            tell_sharers_of(held.declaration, [&](auto intent) {
              outputs_.emplace_back(Declared{intent, held.holders, held.until});
            });
          },
          [&](const Declarations::Refused& refused) {
            tell_sharers_of(refused.declaration, [&](auto intent) {
              outputs_.emplace_back(DeclareRefused{intent, refused.why});
            });
          },
          [&](const Declarations::NeedsRenewal& renewal) { renew(renewal, now); },
          [&](const Declarations::Matched& matched) {
            handle_matched(matched.declaration, matched.peer, now);
          },
          [&](const Declarations::PeerChanged& changed) {
            handle_matched(changed.declaration, changed.peer, now);
          },
          [&](const Declarations::Unmatched& unmatched) { handle_unmatched(unmatched, now); }},
      output);
}

void Engine::Impl::renew(const Declarations::NeedsRenewal& renewal, Instant now) {
  const auto it = wishes_.find(renewal.declaration);
  if (it == wishes_.end()) return;
  Wish& wish = it->second;
  const auto& old = wish.intent;
  auto intent = issue_intent({.subject = old.subject(),
                              .audience = old.token.audience(),
                              .role = old.role,
                              .threshold = old.threshold,
                              .issued_at = std::max(now.wall, renewal.issued_after + Duration(1))},
                             *wish.identity);
  KITH_ASSERT(intent.has_value());
  for (const SubscriptionId subscription : wish.subscriptions)
    exchange_.set_intent(subscription, *intent);
  if (wish.publisher) exchange_.set_intent(*wish.publisher, *intent);
  wish.intent = *intent;
  declarations_.renew(renewal.declaration, std::move(*intent), now);
}

void Engine::Impl::handle_matched(Declarations::Id id, const PeerIntent& peer, Instant now) {
  if (id == seeking_leader_) return judgements_.on_matched(peer, now);
  const auto wish = wishes_.find(id);
  if (wish == wishes_.end()) return;
  if (wish->second.publisher) exchange_.on_matched(*wish->second.publisher, peer);
  for (const SubscriptionId subscription : wish->second.subscriptions)
    exchange_.on_matched(subscription, peer, now);
  if (!wish->second.subscriptions.empty())
    wish->second.matches.insert_or_assign(key_of(peer.intent), peer);
}

void Engine::Impl::handle_unmatched(const Declarations::Unmatched& unmatched, Instant now) {
  if (unmatched.declaration == seeking_leader_) return judgements_.on_unmatched(unmatched.peer);
  const auto wish = wishes_.find(unmatched.declaration);
  if (wish == wishes_.end()) return;
  wish->second.matches.erase(unmatched.peer);
  if (wish->second.publisher) exchange_.on_unmatched(*wish->second.publisher, unmatched.peer);
  for (const SubscriptionId subscription : wish->second.subscriptions)
    exchange_.on_unmatched(subscription, unmatched.peer);
  end_needless_session(unmatched.peer.node, now);
}

void Engine::Impl::end_needless_session(const Fingerprint& node, Instant now) {
  const Peer* peer = find_peer(node);
  if (!peer || !peer->only_exchange || peer->in_exchange || declarations_.is_matched(node)) return;
  if (relations_.shares(node, now.wall)) return;
  for (const ConnectionId connection : connections_of(peer->contact))
    close(connection, CloseReason::done, Errc::closed, now);
}

void Engine::Impl::handle(Coordinator::Output output, Instant now) {
  std::visit(Overloaded{[&](const Coordinator::Answer& answer) {
                          router_.answer(answer.route, AnswerStatus::final, answer.payload,
                                         now.time);
                        },
                        [&](const Coordinator::SendToNode& order) {
                          if (const Peer* peer = find_peer(order.peer))
                            send(peer->connection, order.message, now);
                        },
                        [&](Coordinator::Push& order) {
                          push(order.to, order.relays, std::move(order.payload), now);
                        },
                        [&](const Coordinator::Ask& ask) { ask_for_coordinator(ask, now); }},
             output);
}

void Engine::Impl::ask_for_coordinator(const Coordinator::Ask& ask, Instant now) {
  // What our own node declares has been allowed by whoever runs it.
  if (ask.intent.node == local_.id) return coordinator_.on_verdict(ask.question, Verdict::yes, now);
  const QuestionId question = next_question();
  coordinator_questions_.emplace(question, ask.question);
  // The coordinator has given up what was asked before so many others.
  if (coordinator_questions_.size() > 2 * CoordinatorConfig{}.questions_max)
    coordinator_questions_.erase(coordinator_questions_.begin());
  outputs_.emplace_back(AskPolicy{
      question, AuthorizeQuestion{ask.intent.token, SubjectRequest{ask.intent.subject()}}});
}

void Engine::Impl::push(const Fingerprint& to, std::span<const Fingerprint> relays, Bytes payload,
                        Instant now) {
  if (to == local_.id) return declarations_.on_push(payload, now);
  const RequestId id = route_to_node(to, relays, std::move(payload), now);
  askers_.emplace(id, Asker{.of = Asker::Of::nobody});
}

RequestId Engine::Impl::route_to_node(const Fingerprint& to, std::span<const Fingerprint> relays,
                                      Bytes payload, Instant now) {
  RouteRequest request;
  request.key = relays.empty() ? to : relays[random_->below(relays.size())];
  request.target = to;
  request.payload = std::move(payload);
  return router_.route(std::move(request), now.time);
}

void Engine::Impl::handle_arrived_pubsub(const Arrived& arrived, MessageKind kind, Instant now) {
  switch (kind) {
    case MessageKind::declare:
      if (config_.role == Participation::member) {
        const auto peer = arrived.from ? std::optional(book_->id(*arrived.from)) : std::nullopt;
        coordinator_.on_declare(arrived.route, peer, arrived.payload, now);
      }
      return;
    case MessageKind::withdraw:
      if (config_.role == Participation::member)
        coordinator_.on_withdraw(arrived.route, arrived.payload, now);
      return;
    case MessageKind::matches:
    case MessageKind::unmatched:
      declarations_.on_push(arrived.payload, now);
      router_.answer(arrived.route, AnswerStatus::final, {}, now.time);
      return;
    default:
      return;
  }
}

void Engine::Impl::handle_answered_pubsub(const Asker& asker, const Answered& answered,
                                          Instant now) {
  if (answered.status == AnswerStatus::unreachable)
    return declarations_.on_no_answer(asker.request, now);
  declarations_.on_answer(asker.request, answered.payload, now);
}

Result<void> Engine::Impl::dispatch_pubsub(Connection& connection, MessageKind kind,
                                           ByteView message, Instant now) {
  const Peer& peer = *peers_.find(*connection.contact);
  switch (kind) {
    case MessageKind::replicate:
    case MessageKind::replicated:
      if (peer.role == Participation::client || config_.role == Participation::client)
        return std::unexpected(Errc::not_authorized);
      coordinator_.on_message(book_->id(peer.contact), message, now);
      return {};
    case MessageKind::channel_open:
    case MessageKind::channel_accept:
    case MessageKind::channel_refuse:
    case MessageKind::channel_data:
    case MessageKind::channel_credit:
    case MessageKind::channel_expired:
    case MessageKind::channel_close:
      // The peer may be ahead of us with this session: what it opens there it opens once.
      if (peer.connection != connection.id && !connection.is_weighed) converge(peer.contact, now);
      // What still comes over a session that lost to another one is sent again over that one.
      if (peer.connection != connection.id) return {};
      return exchange_.on_message(*peer.exchange, message, now);
    default:
      return std::unexpected(Errc::unknown_kind);
  }
}

void Engine::Impl::handle(ExchangeOutput output, Instant now) {
  std::visit(
      Overloaded{[&](NeedSession& need) { need_session(std::move(need), now); },
                 [&](const SessionNotNeeded& order) {
                   needs_.release(order.node);
                   if (Peer* peer = find_peer(order.node)) peer->in_exchange = false;
                   end_needless_session(order.node, now);
                 },
                 [&](Ask& ask) {
                   const QuestionId question = next_question();
                   exchange_questions_.emplace(question, ask.question);
                   asked_by_exchange_.emplace(ask.question, question);
                   outputs_.emplace_back(AskPolicy{question, std::move(ask.what)});
                 },
                 [&](const AskNoMore& over) {
                   if (const auto asked = asked_by_exchange_.extract(over.question))
                     exchange_questions_.erase(asked.mapped());
                 },
                 [&](const Account& account) { outputs_.emplace_back(Accounted{account.what}); },
                 [&](const WantsWrite& order) {
                   const auto contact = exchange_peers_.find(order.peer);
                   if (contact == exchange_peers_.end()) return;
                   const Peer* peer = peers_.find(contact->second);
                   announce_write(*connections_.find(peer->connection));
                 },
                 // The rest is for the application.
                 [&](const auto& event) { outputs_.emplace_back(event); }},
      output);
}

void Engine::Impl::need_session(NeedSession order, Instant now) {
  std::optional<ContactIndex> dial;
  if (order.dial) dial = book_->keep(std::move(*order.dial));
  needs_.need(order.node, dial);
  if (Peer* peer = find_peer(order.node)) {
    peer->in_exchange = true;
    liveness_.watch(peer->contact, now.time);
  } else {
    needs_.on_missing(order.node, now.time);
    dial_needed(now);
  }
}

/// Dials what is due and has its turn.
void Engine::Impl::dial_needed(Instant now) {
  if (leave_by_) return;
  while (const auto contact = needs_.next_dial(now.time)) dial_contact(*contact, now);
}

void Engine::Impl::on_dial_failed(ContactIndex contact, Errc why, Instant now) {
  membership_.on_dial_failed(contact, why, now.time);
  if (!peers_.find(contact)) needs_.on_failed(book_->id(contact), why, now.time);
}

void Engine::Impl::on_session_usable(ContactIndex contact, Instant now) {
  Peer& peer = *peers_.find(contact);
  const Fingerprint& id = book_->id(contact);
  peer.exchange = exchange_.on_session_open(id, now);
  exchange_peers_.insert_or_assign(*peer.exchange, contact);
  declarations_.on_session_open(id);
  needs_.on_connected(id);
  if (needs_.is_needed(id)) peer.in_exchange = true;
}

void Engine::Impl::on_session_unusable(ContactIndex contact, std::optional<PeerIndex> exchange,
                                       Instant now) {
  if (!exchange) return;
  exchange_.on_session_lost(*exchange, now);
  exchange_peers_.erase(*exchange);
  declarations_.on_session_lost(book_->id(contact));
  needs_.on_missing(book_->id(contact), now.time);
}

void Engine::Impl::on_neighbourhood_changed(Instant now) {
  if (config_.role == Participation::member) coordinator_.on_region_changed(now);
  refresh_attachment(now);
}

void Engine::Impl::refresh_attachment(Instant now) {
  std::vector<Fingerprint> relays;
  if (config_.role == Participation::client) {
    // Those that still serve come first: every change is told to every coordinator.
    for (const Fingerprint& relay : relays_) {
      if (find_peer(relay)) relays.push_back(relay);
    }
    for (const Peer& peer : peers_.all()) {
      const Fingerprint& id = book_->id(peer.contact);
      if (relays.size() == kRelaysMax) break;
      if (peer.role == Participation::member && std::ranges::find(relays, id) == relays.end())
        relays.push_back(id);
    }
    if (relays.empty()) return;
  } else if (!membership_.is_ready()) {
    return;
  }
  if (std::exchange(attached_, true) && relays == relays_) return;
  relays_ = std::move(relays);
  declarations_.set_node(book_->token(self_), relays_, now);
}

void Engine::Impl::fill(Connection& connection, std::size_t budget, Instant now) {
  const Peer& peer = *peers_.find(*connection.contact);
  if (peer.connection != connection.id || !peer.exchange) return;
  if (connection.session->queued_bytes() >= budget) return;
  exchange_.fill(*peer.exchange, budget - connection.session->queued_bytes(),
                 MessageSink(*connection.session), now);
}

/// What the exchange still has to say, acknowledgements above all, goes before the farewell.
void Engine::Impl::finish_exchange(Connection& connection, Instant now) {
  fill(connection, kFarewellBytes, now);
}

}  // namespace kith::overlay
