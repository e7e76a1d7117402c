// The part of the engine that takes the messages of sessions to the machines of their kinds.

#include <utility>

#include "overlay/engine_impl.hpp"

namespace kith::overlay {

void Engine::Impl::on_session_message(Connection& connection, ByteView message, Instant now) {
  const auto done = dispatch(connection, message, now);
  // What has no place here is an attack or another version: not worth a session (R17, R54).
  if (!done) connection.session->abort(done.error());
}

/// What came with the first messages of a session is taken as the first message in its first
/// record, and so by nobody while it may be a recording.  Whether there was any.
bool Engine::Impl::hear_early(Connection& connection, Instant now) {
  if (!connection.opening || connection.opening->early.empty()) return false;
  if (!connection.opened || !connection.session->is_open()) return false;
  early_ = std::exchange(connection.opening->early, {});
  on_session_message(connection, early_, now);
  return true;
}

Result<void> Engine::Impl::dispatch(Connection& connection, ByteView message, Instant now) {
  const auto kind = peek_kind(message);
  if (!kind) return std::unexpected(kind.error());
  if (!allows(scopes_of(connection), *kind)) {
    const auto told = decode_relation_message(message);
    if (told && tell_of_end(connection, told->relationship)) return {};
    return std::unexpected(Errc::not_authorized);
  }
  // Whoever came by a relationship introduces itself before it joins.
  const bool is_for_relations = *kind >= MessageKind::relate && *kind <= MessageKind::reply;
  if (is_for_relations) {
    // Afterwards there may be no connection any more.
    const auto asker = connection.contact;
    const std::uint64_t before = signatures_.checked();
    const auto done = dispatch_relations(connection, *kind, message, now);
    if (asker) charge(*asker, &Peer::checks_until, before, now);
    return done;
  }
  if (!connection.contact) return std::unexpected(Errc::protocol_error);
  const ContactIndex contact = *connection.contact;
  if (has_overspent(contact, &Peer::checks_until, now)) {
    // One that waits for an answer may try again with a new session; all else is repeated in time.
    if (*kind == MessageKind::channel_open) return std::unexpected(Errc::limit_reached);
    if (*kind == MessageKind::update || *kind == MessageKind::piggy ||
        *kind == MessageKind::replicate)
      return {};
  }
  const std::uint64_t checked = signatures_.checked();
  const auto done = hand_over(connection, *kind, message, now);
  charge(contact, &Peer::checks_until, checked, now);
  return done;
}

Result<void> Engine::Impl::hand_over(Connection& connection, MessageKind kind, ByteView message,
                                     Instant now) {
  const ContactIndex contact = *connection.contact;
  switch (kind) {
    case MessageKind::join:
    case MessageKind::acknowledge:
    case MessageKind::not_acknowledged:
    case MessageKind::update:
    case MessageKind::piggy:
    case MessageKind::leave:
      return membership_.on_message({connection.id, contact, connection.joined, connection.endpoint,
                                     connection.session->session_id()},
                                    kind, message, now);
    case MessageKind::route: {
      const auto route = decode_route(message);
      if (!route) return std::unexpected(route.error());
      router_.on_route(contact, *route, now.time);
      return {};
    }
    case MessageKind::answer: {
      const auto answer = decode_answer(message);
      if (!answer) return std::unexpected(answer.error());
      router_.on_answer(contact, *answer, now.time);
      return {};
    }
    default:
      return dispatch_pubsub(connection, kind, message, now);
  }
}

}  // namespace kith::overlay
