// The part of the engine that has to do with connections and their sessions.

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "overlay/engine_impl.hpp"

namespace kith::overlay {
namespace {

/// How long an open session may take to join.
constexpr Duration kJoinTimeout{10'000'000};
/// How long a closed connection is remembered for what it has left to say.
constexpr Duration kClosedTimeout{5'000'000};

/// Whether a peer whose session ended so before it joined has done nothing wrong.
bool is_no_fault(Errc why) {
  return why == Errc::connection_lost || why == Errc::closed || why == Errc::shutting_down ||
         why == Errc::limit_reached || why == Errc::deferred;
}

}  // namespace

std::optional<ConnectionId> Engine::Impl::on_accepted(const Endpoint& from, Instant now) {
  if (leave_by_) return std::nullopt;
  renew_token_if_due(now);
  Connection& connection = connections_.add(from, false);
  const ConnectionId id = connection.id;
  const auto admitted = limiter_.on_accepted(std::to_underlying(id), from, now.time);
  if (!admitted) {
    connections_.remove(id);
    return std::nullopt;
  }
  connection.session = Session::accept(local_, session_config_, *random_, now);
  connections_.look_by(connection, connection.session->next_deadline());
  if (*admitted) drop(static_cast<ConnectionId>(**admitted), Errc::limit_reached, now);
  return id;
}

void Engine::Impl::on_connected(ConnectionId id, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection || connection->session) return;
  connection->deadline.reset();
  begin_session(*connection, now);
}

void Engine::Impl::on_connect_failed(ConnectionId id, Instant now, Errc why) {
  Connection* connection = connections_.find(id);
  if (!connection || connection->session) return;
  on_handshake_failed(*connection, why, now);
  connections_.remove(id);
}

void Engine::Impl::on_bytes(ConnectionId id, ByteView bytes, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection || !connection->session) return;
  bytes_in_ += bytes.size();
  if (connection->joined) {
    Peer* peer = peers_.find(*connection->contact);
    peer->last_heard = now.time;
    if (peer->sessions > 1) converging_.insert(peer->contact);
    if (peer->health.is_suspect()) {
      peer->health.on_alive();
      table_.on_alive(peer->contact);
      on_neighbourhood_changed(now);
    }
  }
  connection->session->on_bytes(bytes, now);
  attend(*connection);
}

void Engine::Impl::on_end_of_stream(ConnectionId id, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection || !connection->session) return;
  connection->session->on_end_of_stream(now);
  attend(*connection);
}

void Engine::Impl::on_connection_lost(ConnectionId id, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection) return;
  if (!connection->closed) lose(*connection, Errc::connection_lost, now);
  connections_.remove(id);
}

bool Engine::Impl::step_sessions(Instant now) {
  if (in_line_.empty()) return false;
  Connection* connection = connections_.find(in_line_.front());
  if (connection && connection->session) {
    if (hear_early(*connection, now)) return true;
    if (auto event = connection->session->poll_event(now)) {
      handle(*connection, std::move(*event), now);
      return true;
    }
    connection->in_line = false;
    if (connection->session->queued_bytes() > 0) announce_write(*connection);
    connections_.look_by(*connection, connection->session->next_deadline());
  }
  in_line_.pop_front();
  return true;
}

void Engine::Impl::handle(Connection& connection, SessionEvent event, Instant now) {
  std::visit(
      Overloaded{[&](SessionAsks& asks) { on_session_asks(connection, std::move(asks), now); },
                 [&](const SessionSeeks& seeks) { on_session_seeks(connection, seeks, now); },
                 [&](const SessionSpends&) { on_session_spends(connection); },
                 [&](const SessionOpened&) { on_session_opened(connection, now); },
                 [&](const SessionMessage& message) {
                   on_session_message(connection, message.message, now);
                 },
                 [&](const SessionPong& pong) { on_session_pong(connection, pong, now); },
                 [&](const SessionClosed& closed) { on_session_closed(connection, closed, now); }},
      event);
}

void Engine::Impl::on_session_asks(Connection& connection, SessionAsks asks, Instant now) {
  Opening& opening = *connection.opening;
  if (asks.peer) opening.static_key = asks.peer->static_key;
  opening.objection = objection_to(connection, asks, now);
  connection.node = asks.node;
  if (opening.objection) return connection.session->on_verdict(false, now);
  opening.proven = std::move(asks.peer);
  opening.time = asks.time;
  opening.about = asks.about;
  opening.early = std::move(asks.early);
  if (asks.ticket) return check_ticket(connection, std::move(asks));
  const bool only_known = asks.flow == Flow::connection && config_.listener.only_known;
  if (asks.flow == Flow::sealed || only_known) return ask_whether_known(connection, now);
  connection.session->on_verdict(true, now);
}

/// Whoever proves itself by flow `S`, or dials a private listener, goes on only if we know it
/// (R18): because we deal with it, or the policy says so.
void Engine::Impl::ask_whether_known(Connection& connection, Instant now) {
  if (is_known(connection, now)) {
    connection.session->on_verdict(true, now);
    return;
  }
  const QuestionId question = next_question();
  session_questions_.emplace(question, connection.id);
  outputs_.emplace_back(
      AskPolicy{question, AuthorizeQuestion{connection.opening->proven->token, MeetRequest{}}});
}

void Engine::Impl::on_session_verdict(ConnectionId id, bool known, Instant now) {
  Connection& connection = *connections_.find(id);
  if (!known) connection.opening->objection = Errc::not_authorized;
  connection.session->on_verdict(known, now);
  attend(connection);
}

/// Only now is anything kept of the peer: what came before may be a recording (docs/protocol.md
/// §4.4).  To the limiter it stays half-open: anybody can make keys and prove to have them.
void Engine::Impl::on_session_opened(Connection& connection, Instant now) {
  Opening& opening = *connection.opening;
  if (opening.time) {
    replay_guard_.remember(*opening.static_key, *opening.time);
    outputs_.emplace_back(DialTimeSeen{*opening.static_key, *opening.time});
  }
  if (auto peer = std::exchange(opening.proven, std::nullopt))
    connection.contact = book_->keep(*std::move(peer));
  if (connection.contact) connection.node = book_->id(*connection.contact);
  connection.opened = true;
  connection.opened_at = now.time;
  connections_.end_by(connection, now.time + kJoinTimeout);
  if (opening.guest) return on_guest_opened(connection, now);
  if (is_errand(connection)) return on_errand_opened(connection, now);
  if (relations_.shares(*connection.node, now.wall)) {
    relate(connection, now);
  } else if (opening.about) {
    relations_.tell_ends({connection.id, *connection.node}, opening.about);
  }
  if (!connection.dialed) return;
  if (!connection.contact) return ask_to_join(connection, now);
  remember_entrance(connection);
  membership_.on_join_sent(connection.id, *connection.contact, opening.entrance);
  if (has_identity()) send(connection.id, join_of_identity(connection, now), now);
}

void Engine::Impl::on_session_pong(Connection& connection, const SessionPong& pong, Instant now) {
  if (!connection.joined) return;
  const ContactIndex contact = *connection.contact;
  const Peer* peer = peers_.find(contact);
  if (peer->connection != connection.id) return;
  if (const auto round_trip = liveness_.on_pong(contact, pong.value, now.time)) {
    table_.on_rtt(contact, *round_trip);
    router_.on_pong(contact, pong.value);
  }
}

void Engine::Impl::on_session_closed(Connection& connection, const SessionClosed& closed,
                                     Instant now) {
  const Errc why = connection.closing_because.value_or(closed.why);
  lose(connection, why, now);
  connection.closed = true;
  outputs_.emplace_back(
      CloseConnection{connection.id, closed.linger ? CloseMode::linger : CloseMode::drop});
  if (closed.linger) {
    connections_.end_by(connection, now.time + kClosedTimeout);
  } else {
    connections_.remove(connection.id);
  }
}

/// Tells everybody that the session of `connection` is no more.
void Engine::Impl::lose(Connection& connection, Errc why, Instant now) {
  std::size_t unanswered = end_relations(connection, why);
  const auto is_about_it = [&](const auto& question) { return question.second == connection.id; };
  unanswered += std::erase_if(session_questions_, is_about_it);
  unanswered += std::erase_if(join_questions_, is_about_it);
  if (!connection.dialed) {
    const auto number = std::to_underlying(connection.id);
    // That the application was slow is not held against the peer.
    if (unanswered > 0 || is_no_fault(why)) {
      limiter_.on_gone(number, now.time);
    } else {
      limiter_.on_failed(number, now.time);
    }
  }
  if (connection.joined) {
    lose_peer(connection, why, now);
  } else {
    on_handshake_failed(connection, why, now);
  }
}

void Engine::Impl::on_handshake_failed(Connection& connection, Errc why, Instant now) {
  membership_.on_session_closed(connection.id);
  if (!connection.dialed) return tell_turned_away(connection, why);
  Opening& opening = *connection.opening;
  if (dial_next(connection, now)) return;
  if (is_errand(connection)) {
    if (!connection.opened) fail_errand(opening.errand, why, now, opening.met);
  } else if (!opening.refused && !dial_entrance_otherwise(connection, now)) {
    on_not_joined(connection, why, now);
  }
}

void Engine::Impl::send(ConnectionId id, ByteView message, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection || !connection->session || connection->closed) return;
  const auto sent = connection->session->send({message});
  // A peer that takes nothing must not make us keep everything.
  if (!sent && sent.error() == Errc::would_block) return drop(id, Errc::timed_out, now);
  announce_write(*connection);
}

void Engine::Impl::close(ConnectionId id, CloseReason reason, Errc why, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection || connection->closed) return;
  connection->closing_because = why;
  if (!connection->session) return drop(id, why, now);
  if (connection->joined) finish_exchange(*connection, now);
  connection->session->close(reason, now);
  attend(*connection);
}

void Engine::Impl::drop(ConnectionId id, Errc why, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection) return;
  if (!connection->closed) {
    lose(*connection, connection->closing_because.value_or(why), now);
    outputs_.emplace_back(CloseConnection{id, CloseMode::drop});
  }
  connections_.remove(id);
}

void Engine::Impl::attend(Connection& connection) {
  if (connection.in_line) return;
  connection.in_line = true;
  in_line_.push_back(connection.id);
}

void Engine::Impl::announce_write(Connection& connection) {
  if (std::exchange(connection.write_announced, true)) return;
  outputs_.emplace_back(WriteReady{connection.id});
}

void Engine::Impl::take_bytes(ConnectionId id, std::size_t most, Bytes& out, Instant now) {
  Connection* connection = connections_.find(id);
  if (!connection || !connection->session) return;
  const std::size_t before = out.size();
  if (connection->joined) fill(*connection, most, now);
  connection->session->take_bytes(out, now);
  bytes_out_ += out.size() - before;
  if (out.size() > before) return attend(*connection);
  connection->write_announced = false;
  if (connection->closed) {
    connections_.remove(id);
  } else {
    attend(*connection);
  }
}

void Engine::Impl::expire_sessions(Instant now) {
  // Those whose time has come only: to look at all of them costs more than all else.
  while (Connection* connection = connections_.pop_look(now.time)) {
    if (connection->deadline && *connection->deadline <= now.time) {
      if (!tell_of_end(*connection, std::nullopt)) {
        drop(connection->id, Errc::timed_out, now);
        continue;
      }
      connection->deadline = now.time + kClosedTimeout;
    }
    if (connection->renew_at && *connection->renew_at <= now.time) renew_session(*connection, now);
    end_if_surplus(*connection, now);
    if (connection->session) {
      const auto deadline = connection->session->next_deadline();
      if (deadline && *deadline <= now.time) {
        connection->session->on_deadline(now);
        attend(*connection);
      } else {
        connections_.look_by(*connection, deadline);
      }
    }
    connections_.look_by(*connection, connection->deadline);
    connections_.look_by(*connection, connection->renew_at);
    connections_.look_by(*connection, connection->surplus_at);
  }
}

}  // namespace kith::overlay
