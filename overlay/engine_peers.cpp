// The part of the engine that has to do with peers: nodes with joined sessions.

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "overlay/engine_impl.hpp"
#include "routing/admission.hpp"

namespace kith::overlay {
namespace {

/// Two where both dialed, one more where one side dialed anew before its end.
constexpr int kSessionsPerPeerMax = 4;
/// How long before the end of a session's life its successor is dialed, give or take a quarter;
/// and when again if it did not come.
constexpr Duration kRenewBefore = std::chrono::minutes(45);
constexpr Duration kRenewAgain = std::chrono::minutes(5);
constexpr std::uint32_t kRenewJitterPerMille = 250;

/// Sends to `peer` on this session from now on.
void use(Peer& peer, const Connection& connection) {
  peer.connection = connection.id;
  peer.dialed_by_us = connection.dialed;
}

}  // namespace

/// Whom we dialed by name, deal with already, or owe the word that it is over.
bool Engine::Impl::is_known(const Connection& connection, Instant now) const {
  const Fingerprint& node = *connection.node;
  const auto contact = book_->find(node);
  const auto& about = connection.opening->about;
  return connection.opening->is_named || relations_.shares(node, now.wall) ||
         (about && relations_.has_ended(*about, node)) ||
         (contact && peers_.find(*contact) != nullptr) || declarations_.is_matched(node);
}

void Engine::Impl::handle_joined(const SessionJoined& joined, Instant now) {
  Connection* connection = connections_.find(joined.connection);
  if (!connection || connection->closed) return;
  connection->joined = true;
  connection->opening.reset();
  connection->deadline.reset();
  connection->session->let_in();
  if (connection->dialed) renew_in_time(*connection);
  if (!connection->dialed) limiter_.on_confirmed(std::to_underlying(connection->id), now.time);
  relations_.tell_ends({connection->id, *connection->node}, std::nullopt);
  if (Peer* known = peers_.find(joined.contact)) return add_session(*known, *connection, now);
  peers_.add({.contact = joined.contact,
              .connection = joined.connection,
              .role = joined.role,
              .identity = joined.identity,
              .dialed_by_us = connection->dialed,
              .only_exchange = joined.only_exchange,
              .address = connection->endpoint,
              .exchange = {},
              .joined_at = now.time,
              .health = {},
              .last_heard = now.time,
              .ping_sent = {}});
  if (config_.role == Participation::member && joined.role == Participation::member &&
      !joined.only_exchange)
    table_.on_connected(joined.contact, connection->endpoint, std::nullopt);
  PeerJoined told{book_->id(joined.contact), connection->endpoint, {}};
  if (const auto& home = book_->token(joined.contact).endpoints;
      joined.role == Participation::member)
    told.home.assign(home.begin(), home.end());
  outputs_.emplace_back(std::move(told));
  // How far away it is we want to know at once: who is near is chosen first.
  liveness_.confirm(joined.contact, now.time);
  liveness_.watch(joined.contact, now.time);
  on_session_usable(joined.contact, now);
  on_neighbourhood_changed(now);
}

/// One session more with a peer; of too many the oldest goes.
void Engine::Impl::add_session(Peer& peer, Connection& connection, Instant now) {
  ++peer.sessions;
  converging_.insert(peer.contact);
  if (connection.dialed) {
    // It survives only if it has carried something both ways.
    connection.session->ping(0);
    announce_write(connection);
  }
  if (peer.sessions <= kSessionsPerPeerMax) return;
  for (const auto& other : connections_.all()) {
    const bool may_go = other->joined && other->contact == peer.contact && !other->dialed &&
                        !other->closing_because && other->id != connection.id;
    if (may_go) return close(other->id, CloseReason::duplicate, Errc::closed, now);
  }
}

void Engine::Impl::renew_in_time(Connection& connection) {
  connection.renew_at = connection.opened_at + session_config_.timers.life -
                        random_->jittered(kRenewBefore, kRenewJitterPerMille);
  connections_.look_by(connection, connection.renew_at);
}

/// Its listener ends a session when it has lived long enough: before that its dialer opens another
/// one, and convergence takes everything over to that.
void Engine::Impl::renew_session(Connection& connection, Instant now) {
  connection.renew_at = now.time + random_->jittered(kRenewAgain, kRenewJitterPerMille);
  connections_.look_by(connection, connection.renew_at);
  if (connection.closed || connection.closing_because || leave_by_) return;
  if (!connection.joined) {
    if (connection.scopes.related) relations_.renew(connection.id, now.wall);
    return;
  }
  const ContactIndex contact = *connection.contact;
  if (peers_.find(contact)->sessions > 1) return;
  // Where we found it before, then wherever it says.
  std::vector<Endpoint> endpoints{connection.endpoint};
  for (const Endpoint& endpoint : book_->token(contact).endpoints)
    if (endpoint != connection.endpoint) endpoints.push_back(endpoint);
  dial(endpoints, contact, std::nullopt, now);
}

void Engine::Impl::take_into_table(ContactIndex contact, Instant now) {
  Peer* peer = peers_.find(contact);
  if (!peer || !peer->only_exchange) return;
  peers_.make_ordinary(*peer);
  table_.on_connected(contact, peer->address, peer->health.rtt());
  liveness_.watch(contact, now.time);
  on_neighbourhood_changed(now);
}

void Engine::Impl::on_join_verdict(ConnectionId id, Verdict verdict, Instant now) {
  const Connection* connection = connections_.find(id);
  const bool is_matched = connection && connection->contact &&
                          declarations_.is_matched(book_->id(*connection->contact));
  membership_.on_verdict(id, verdict, now, is_matched);
}

void Engine::Impl::lose_peer(Connection& connection, Errc why, Instant now) {
  const ContactIndex contact = *connection.contact;
  connection.joined = false;
  Peer& peer = *peers_.find(contact);
  if (--peer.sessions > 0) {
    if (peer.connection != connection.id) return;
    // The newest; one that is being closed only if there is no other.
    const Connection* next = nullptr;
    for (const auto& other : connections_.all()) {
      if (other->joined && other->contact == contact &&
          (!next || next->closing_because || !other->closing_because))
        next = other.get();
    }
    use(peer, *next);
    restart_on_other_session(peer, now);
    return;
  }
  const auto exchange = peer.exchange;
  peers_.remove(contact);
  on_session_unusable(contact, exchange, now);
  // Who hangs up in order is about to be gone.
  if (why == Errc::closed) needs_.on_failed(book_->id(contact), why, now.time);
  membership_.on_peer_lost(contact, why, now.time);
  router_.on_suspect(contact, now.time);
  outputs_.emplace_back(PeerLost{book_->id(contact), why});
  on_neighbourhood_changed(now);
}

void Engine::Impl::restart_on_other_session(Peer& peer, Instant now) {
  peer.ping_sent.reset();
  router_.on_suspect(peer.contact, now.time);
  on_session_unusable(peer.contact, peer.exchange, now);
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
  for (Connection* connection : connections) {
    sessions.push_back(ConvergingSession::of(*connection->session));
    connection->is_weighed = sessions.back().has_heard;
  }
  const std::size_t winner = survivor(sessions, local_.id, book_->id(contact));
  if (peer->connection != connections[winner]->id) {
    use(*peer, *connections[winner]);
    restart_on_other_session(*peer, now);
  }
  if (config_.keeps_duplicates) return;
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

std::vector<ConnectionId> Engine::Impl::connections_of(ContactIndex contact) const {
  std::vector<ConnectionId> found;
  for (const auto& connection : connections_.all())
    if (connection->joined && connection->contact == contact) found.push_back(connection->id);
  return found;
}

Peer* Engine::Impl::find_peer(const Fingerprint& node) {
  const auto contact = book_->find(node);
  return contact ? peers_.find(*contact) : nullptr;
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

}  // namespace kith::overlay
