// The part of the engine that has to do with whom it has nothing to do with, and whom it turns
// away.

#include <variant>
#include <vector>

#include "overlay/engine_impl.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

/// Nothing more is said to those who have a session, and nobody hears why.
Result<void> Engine::Impl::block(const Fingerprint& who, WallTime until, Instant now) {
  if (who.is_zero() || who == local_.id || identities_.find(who))
    return std::unexpected(Errc::out_of_range);
  if (auto added = blocks_.add({who, until}, now.wall); !added) return added;
  std::vector<ConnectionId> with_them;
  for (const auto& connection : connections_.all())
    if (!connection->closed && is_with_blocked(*connection, now.wall))
      with_them.push_back(connection->id);
  for (const ConnectionId id : with_them) {
    const Connection* connection = connections_.find(id);
    if (!connection) continue;
    if (connection->opening) connection->opening->untried.clear();
    drop(id, Errc::closed, now);
  }
  return {};
}

/// Whoever may be called by this key: a node, and the identity that it is where it has no other.
bool Engine::Impl::is_blocked(const crypto::SigningPublicKey& key, WallTime now) const {
  return !blocks_.empty() && (blocks_.contains(node_fingerprint(key), now) ||
                              blocks_.contains(identity_fingerprint(key), now));
}

bool Engine::Impl::is_blocked(ContactIndex contact, WallTime now) const {
  return is_blocked(book_->token(contact).token.public_key(), now);
}

bool Engine::Impl::is_with_blocked(const Connection& connection, WallTime now) const {
  if (connection.node && blocks_.contains(*connection.node, now)) return true;
  if (connection.contact && is_blocked(*connection.contact, now)) return true;
  if (connection.joined) return blocks_.contains(peers_.find(*connection.contact)->identity, now);
  if (connection.scopes.related && relations_.shares_with_blocked(*connection.node, now))
    return true;
  if (!connection.opening) return false;
  const Opening& opening = *connection.opening;
  const auto expected = opening.entrance ? expected_at(*opening.entrance)
                        : opening.target ? opening.target->node
                                         : std::nullopt;
  if (expected && blocks_.contains(*expected, now)) return true;
  return opening.proven && is_blocked(opening.proven->token.public_key(), now);
}

/// Whether the application has answered a question once for all, by blocking whom it is about.
bool Engine::Impl::is_about_blocked(const PolicyQuestion& question, WallTime now) const {
  if (blocks_.empty()) return false;
  const auto* who = std::get_if<AuthenticateQuestion>(&question);
  if (who) return is_blocked(who->token.public_key(), now);
  const auto& what = std::get<AuthorizeQuestion>(question);
  if (is_blocked(what.peer.public_key(), now)) return true;
  if (const auto* relate = std::get_if<RelateRequest>(&what.request))
    return blocks_.contains(relate->identity, now);
  if (const auto* judge = std::get_if<JudgeRequest>(&what.request))
    return blocks_.contains(judge->node, now);
  return false;
}

/// What we have against whoever asks to go on, or nothing.
std::optional<Errc> Engine::Impl::objection_to(const Connection& connection,
                                               const SessionAsks& asks, Instant now) const {
  const auto& static_key = connection.opening->static_key;
  if (!static_key) return Errc::not_found;
  if (asks.time) {
    const auto fresh = replay_guard_.check(*static_key, *asks.time, now.wall);
    if (!fresh) return fresh.error();
  }
  const bool related =
      asks.flow != Flow::reconnect ||
      (asks.about && relations_.may_reconnect(*asks.about, asks.node, *static_key, now.wall));
  if (!related) return Errc::not_found;
  const bool blocked = blocks_.contains(asks.node, now.wall) ||
                       (asks.peer && is_blocked(asks.peer->token.public_key(), now.wall));
  if (blocked) return Errc::not_authorized;
  if (leave_by_) return Errc::shutting_down;
  return std::nullopt;
}

/// Whoever went away by itself, or with us, was not turned away.
void Engine::Impl::tell_turned_away(const Connection& connection, Errc why) {
  if (connection.opening) why = connection.opening->objection.value_or(why);
  if (why == Errc::connection_lost || why == Errc::closed || why == Errc::shutting_down) return;
  outputs_.emplace_back(TurnedAway{connection.endpoint, connection.node, why});
}

Result<void> Engine::block(const Fingerprint& who, WallTime until, Instant now) {
  return impl_->block(who, until, now);
}
bool Engine::unblock(const Fingerprint& who) { return impl_->unblock(who); }
std::vector<Blocked> Engine::blocked(WallTime now) const { return impl_->blocked(now); }

}  // namespace kith::overlay
