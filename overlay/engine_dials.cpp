// The part of the engine that dials.

#include <string>
#include <utility>
#include <vector>

#include "overlay/engine_impl.hpp"
#include "overlay/membership/messages.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

/// How long a connection may take to come about; what the transport itself would wait is too long.
constexpr Duration kConnectTimeout{10'000'000};

}  // namespace

Connection& Engine::Impl::dial(std::span<const Endpoint> endpoints,
                               std::optional<ContactIndex> contact,
                               std::optional<JoinTarget> entrance, Instant now) {
  Connection& connection = connections_.add(endpoints.front(), true);
  connection.opening->untried.assign(endpoints.begin() + 1, endpoints.end());
  connection.contact = contact;
  connection.opening->entrance = entrance;
  connections_.end_by(connection, now.time + kConnectTimeout);
  outputs_.emplace_back(Dial{connection.id, connection.endpoint});
  return connection;
}

/// Whoever listens at an endpoint may be another program or another node by now: what failed before
/// a session opened says nothing of the other endpoints.  Whether there is another one to be tried.
bool Engine::Impl::dial_next(Connection& failed, Instant now) {
  if (failed.opened || leave_by_) return false;
  Opening& opening = *failed.opening;
  if (failed.session) opening.met.push_back(failed.endpoint);
  if (opening.untried.empty() || opening.met.size() >= kFailedHandshakesMax) return false;
  Connection& next = dial(opening.untried, failed.contact, opening.entrance, now);
  next.opening->met = std::move(opening.met);
  next.opening->errand = opening.errand;
  next.opening->target = std::move(opening.target);
  if (next.opening->target) note_dialing(next, next.opening->target->flow, JoinStep::connecting);
  return true;
}

/// How to dial whoever is to answer at an entrance.
DialTarget Engine::Impl::target_at(const JoinTarget& entrance, WallTime now) const {
  DialTarget target;
  target.node = expected_at(entrance);
  target.flow = entrance.flow;
  if (entrance.flow != Flow::connection) return target;
  target.flow = Flow::hidden;
  const auto contact = target.node ? book_->find(*target.node) : std::nullopt;
  if (contact) aim(target, *contact, now);
  return target;
}

/// By the token of `contact`, if that is still good.
void Engine::Impl::aim(DialTarget& target, ContactIndex contact, WallTime now) const {
  const NodeToken& token = book_->token(contact);
  target.node = token.fingerprint();
  if (!verify_dates(token.token, now)) return;
  target.flow = Flow::connection;
  target.static_key = token.static_key;
}

/// The flow follows from what we know of the peer: its token, or only where it listens
/// (docs/protocol.md §4.3, 4.4).
void Engine::Impl::begin_session(Connection& connection, Instant now) {
  renew_token_if_due(now);
  DialTarget target;
  if (is_errand(connection)) {
    target = target_of_errand(connection);
  } else if (connection.contact) {
    aim(target, *connection.contact, now.wall);
  } else {
    const JoinTarget& entrance = *connection.opening->entrance;
    target = target_at(entrance, now.wall);
    aim_at_related(target, entrance.flow, now.wall);
    // By this flow it does not show its token.
    if (target.flow == Flow::connection) connection.contact = book_->find(*target.node);
    if (target.static_key) connection.node = target.node;
  }
  if (target.static_key) {
    target.time = dial_clock_.next(now.wall);
    outputs_.emplace_back(DialTimeUsed{target.time});
  }
  connection.opening->is_named = target.node.has_value();
  // Who has no token of the other introduces itself first.  A foreign identity signs the session
  // itself, which must exist first.
  const bool introduces = target.static_key && !connection.contact;
  if (!has_identity() && !is_errand(connection) && !introduces)
    target.first_message =
        encode(membership_.join_message(connection.opening->entrance.has_value()));
  connection.session = Session::dial(local_, std::move(target), session_config_, *random_, now);
  attend(connection);
}

void Engine::Impl::dial_for(const Errand& errand, std::vector<Endpoint> endpoints,
                            DialTarget target, Instant now) {
  if (leave_by_ || endpoints.empty())
    return fail_errand(errand, leave_by_ ? Errc::shutting_down : Errc::no_route, now);
  if (target.node && blocks_.contains(*target.node, now.wall))
    return fail_errand(errand, Errc::not_authorized, now);
  Connection& connection = dial(endpoints, std::nullopt, std::nullopt, now);
  connection.opening->errand = errand;
  note_dialing(connection, target.flow, JoinStep::connecting);
  connection.opening->target = std::move(target);
}

void Engine::Impl::note_dialing(const Connection& connection, Flow flow, JoinStep step) {
  if (const auto* about = std::get_if<RelationshipId>(&connection.opening->errand))
    relations_.on_dialing(*about, {flow, connection.endpoint, step});
}

DialTarget Engine::Impl::target_of_errand(Connection& connection) {
  DialTarget target = copy_of(*connection.opening->target);
  connection.node = target.node;
  note_dialing(connection, target.flow, JoinStep::handshake);
  if (target.flow == Flow::reconnect) target.site = site();
  return target;
}

/// Where we are at home: `host@port`, an IPv6 address without brackets (docs/protocol.md §4.2).
std::string Engine::Impl::site() const {
  if (endpoints_.empty()) return "nowhere@0";
  const Endpoint& home = endpoints_.front();
  const std::string text = home.to_string();
  const std::size_t colon = text.rfind(':');
  std::string host = text.substr(0, colon);
  if (!home.is_v4()) host = host.substr(1, host.size() - 2);
  return host + "@" + text.substr(colon + 1);
}

}  // namespace kith::overlay
