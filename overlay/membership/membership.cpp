#include "overlay/membership/membership.hpp"

#include <utility>

#include "core/assert.hpp"
#include "core/take_front.hpp"
#include "routing/admission.hpp"
#include "tokens/identity_token.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kForwardedMax = 4096;
/// Who lets us in has an answer for us by then, or none.
constexpr Duration kIntroductionTimeout{5'000'000};

}  // namespace

Membership::Membership(const MembershipConfig& config, const Shared& shared, TimePoint now)
    : config_(config),
      book_(&shared.book),
      table_(&shared.table),
      peers_(&shared.peers),
      random_(&shared.random),
      judgements_(&shared.judgements),
      entrance_(shared.random),
      lost_(shared.random),
      forwarded_(kForwardedMax),
      refresh_interval_(config.refresh_first),
      neighbourhood_interval_(config.neighbourhood_interval) {
  timers_.set(Timer::start, now);
}

void Membership::enter(const JoinTarget& target, TimePoint now) {
  entrance_.add(target, now);
  timers_.set(Timer::entrance, now);
}

void Membership::leave() {
  leaving_ = true;
  for (const Timer timer : {Timer::start, Timer::entrance, Timer::refresh, Timer::neighbourhood,
                            Timer::dial, Timer::lost, Timer::introduction})
    timers_.cancel(timer);
  for (const Peer& peer : peers_->all()) {
    outputs_.emplace_back(SendOn{peer.connection, encode_bare(MessageKind::leave)});
    outputs_.emplace_back(
        CloseSession{peer.connection, CloseReason::shutdown, Errc::shutting_down});
  }
}

JoinMessage Membership::join_message(bool at_entrance) const {
  // Whoever was found by another one on its way in is still to be introduced.
  const bool entering = relays() == 0 || (at_entrance && !introduced_);
  return {.role = config_.role, .entering = entering, .identity = {}, .proof = {}};
}

void Membership::on_join_sent(ConnectionId connection, ContactIndex contact,
                              const std::optional<JoinTarget>& entrance) {
  candidates_.insert_or_assign(connection,
                               Candidate{.contact = contact, .identity = {}, .entrance = entrance});
}

Result<void> Membership::on_message(const Sender& from, MessageKind kind, ByteView message,
                                    Instant now) {
  const ConnectionId connection = from.connection;
  const ContactIndex contact = from.contact;
  const bool joined = from.joined;
  switch (kind) {
    case MessageKind::join:
      if (joined) return std::unexpected(Errc::protocol_error);
      return on_join(from, message, now);
    case MessageKind::acknowledge:
      return on_acknowledge(from, message, now.time);
    case MessageKind::not_acknowledged:
      return on_not_acknowledged(connection, message);
    case MessageKind::update:
      if (!joined) return std::unexpected(Errc::protocol_error);
      return on_update(contact, message, now);
    case MessageKind::piggy:
      if (!joined && !may_name_others(connection)) return std::unexpected(Errc::protocol_error);
      return on_piggy(message, now);
    case MessageKind::leave:
      if (!joined) return std::unexpected(Errc::protocol_error);
      return on_leave(connection, contact, message, now.time);
    default:
      return std::unexpected(Errc::unknown_kind);
  }
}

Result<void> Membership::on_join(const Sender& from, ByteView message, Instant now) {
  const ConnectionId connection = from.connection;
  const ContactIndex contact = from.contact;
  if (candidates_.contains(connection)) return std::unexpected(Errc::protocol_error);
  const auto decoded = decode_join(message);
  if (!decoded) return std::unexpected(decoded.error());
  Candidate candidate{.contact = contact,
                      .address = from.address,
                      .stage = Stage::authenticating,
                      .role = decoded->role,
                      .entering = decoded->entering,
                      .identity = {},
                      .entrance = {}};
  if (!decoded->identity.empty()) {
    auto identity = decode_identity_token(decoded->identity);
    if (!identity) return std::unexpected(identity.error());
    // Whoever it may be, it is told that it is not let in (R42).
    if (const auto good = check_identity(*identity, *decoded->proof, from, now.wall); !good) {
      refuse(connection, good.error());
      return {};
    }
    candidate.identity = std::move(identity->token);
  }
  ask(connection, candidates_.emplace(connection, std::move(candidate)).first->second);
  return {};
}

/// Whether somebody's identity, and that it uses the node at the other end, is proven.
Result<void> Membership::check_identity(const IdentityToken& identity,
                                        const crypto::Signature& proof, const Sender& from,
                                        WallTime now) const {
  const Fingerprint& node = book_->id(from.contact);
  const auto valid = verify(identity.token, *config_.signatures, now,
                            config_.realm_leader ? &*config_.realm_leader : nullptr);
  if (!valid) return valid;
  if (identity.token.realm() != config_.realm) return std::unexpected(Errc::wrong_realm);
  // The identity names the node, and says so in this very session (R40).
  if (identity.node != node) return std::unexpected(Errc::wrong_key);
  const Bytes statement = join_statement(from.session_id, node);
  if (!config_.signatures->verify(identity.token.public_key(), {statement}, proof))
    return std::unexpected(Errc::bad_signature);
  return {};
}

bool Membership::awaits_answer(ConnectionId connection) const {
  const auto it = candidates_.find(connection);
  return it != candidates_.end() && it->second.stage == Stage::joining;
}

/// A node that has no room for us names others before it says so.  Once: who is no peer yet has no
/// budget of signatures that we check for it.
bool Membership::may_name_others(ConnectionId connection) {
  return awaits_answer(connection) &&
         !std::exchange(candidates_.at(connection).has_named_others, true);
}

Result<void> Membership::on_acknowledge(const Sender& from, ByteView message, TimePoint now) {
  const ConnectionId connection = from.connection;
  if (!awaits_answer(connection)) return std::unexpected(Errc::protocol_error);
  const auto role = decode_acknowledge(message);
  if (!role) return std::unexpected(role.error());
  const auto it = candidates_.find(connection);
  const ContactIndex contact = it->second.contact;
  const auto entrance = it->second.entrance;
  candidates_.erase(it);
  const Fingerprint id = book_->id(contact);
  // Whom the exchange dialed takes no room that we would not give it.
  const bool is_wanted = entrance || dialing_.contains(contact) || peers_->find(contact);
  const bool is_admitted = is_wanted || config_.role == Participation::client ||
                           *role == Participation::client ||
                           routing::admit(*table_, id, from.address).admitted;
  end_dial(contact, now);
  join({connection, contact, *role, id, !is_admitted}, now);
  if (!entrance) return {};
  entrance_.on_entered(*entrance);
  // Whoever was not to be reached so far may belong to another overlay.
  if (relays() > 0) look_beyond(contact, now);
  return {};
}

Result<void> Membership::on_not_acknowledged(ConnectionId connection, ByteView message) {
  if (!awaits_answer(connection)) return std::unexpected(Errc::protocol_error);
  const auto later = decode_not_acknowledged(message);
  if (!later) return std::unexpected(later.error());
  candidates_.erase(connection);
  outputs_.emplace_back(
      CloseSession{connection, CloseReason::done, *later ? Errc::deferred : Errc::refused});
  return {};
}

Result<void> Membership::on_leave(ConnectionId connection, ContactIndex contact, ByteView message,
                                  TimePoint now) {
  const auto decoded = decode_bare(message, MessageKind::leave);
  if (!decoded) return decoded;
  leave_table(contact, routing::Parting::left, now);
  outputs_.emplace_back(CloseSession{connection, CloseReason::shutdown, Errc::closed});
  return {};
}

const Token& Membership::identity_of(const Candidate& candidate) const {
  return candidate.identity ? *candidate.identity : book_->token(candidate.contact).token;
}

void Membership::ask(ConnectionId connection, const Candidate& candidate) {
  const Token& identity = identity_of(candidate);
  if (candidate.stage == Stage::authenticating) {
    outputs_.emplace_back(AskAboutJoin{connection, AuthenticateQuestion{identity}});
  } else {
    outputs_.emplace_back(
        AskAboutJoin{connection, AuthorizeQuestion{identity, JoinRequest{candidate.role}}});
  }
}

void Membership::on_verdict(ConnectionId connection, Verdict verdict, Instant now,
                            bool is_matched) {
  const auto it = candidates_.find(connection);
  if (it == candidates_.end() || it->second.stage == Stage::joining) return;
  if (leaving_) return refuse(connection, Errc::shutting_down);
  if (verdict == Verdict::defer) {
    const Candidate& candidate = it->second;
    verdict = judgements_->judge(candidate.identity ? &*candidate.identity : nullptr,
                                 book_->token(candidate.contact).token,
                                 table_->network(candidate.address), now);
  }
  if (verdict == Verdict::no) return refuse(connection, Errc::not_authorized);
  if (verdict == Verdict::defer) return refuse(connection, Errc::deferred);
  if (it->second.stage == Stage::authenticating) {
    it->second.stage = Stage::authorizing;
    return ask(connection, it->second);
  }
  accept(connection, is_matched, now);
}

void Membership::refuse(ConnectionId connection, Errc why) {
  candidates_.erase(connection);
  outputs_.emplace_back(SendOn{connection, encode_not_acknowledged(why == Errc::deferred)});
  outputs_.emplace_back(CloseSession{connection, CloseReason::done, why});
}

void Membership::accept(ConnectionId connection, bool is_matched, Instant now) {
  const Candidate candidate = candidates_.at(connection);
  auto alternatives = alternatives_for(candidate, now.wall);
  // A client that exchanges with us leaves its room to one that needs a relay.
  const bool is_client = candidate.role == Participation::client;
  const bool only_exchange = (alternatives || is_client) && is_matched && has_room_for_exchange() &&
                             !peers_->find(candidate.contact);
  if (alternatives && !only_exchange) {
    outputs_.emplace_back(SendOn{connection, *std::move(alternatives)});
    return refuse(connection, Errc::limit_reached);
  }
  candidates_.erase(connection);
  outputs_.emplace_back(SendOn{connection, encode_acknowledge(config_.role)});
  welcome(connection, candidate, now);
  join({connection, candidate.contact, candidate.role, identity_of(candidate).fingerprint(),
        only_exchange},
       now.time);
}

bool Membership::has_room_for_exchange() const {
  return peers_->only_exchange() < config_.exchange_sessions_max;
}

std::optional<Bytes> Membership::alternatives_for(const Candidate& candidate, WallTime now) const {
  if (peers_->find(candidate.contact)) return std::nullopt;
  const Fingerprint& id = book_->id(candidate.contact);
  if (config_.role == Participation::client || candidate.role == Participation::client) {
    const std::size_t others = table_->peers().size() + peers_->only_exchange();
    if (peers_->size() < others + config_.clients_max) return std::nullopt;
    return piggy_near(id, id, now);
  }
  const auto joiner = candidate.entering ? routing::Joiner::entering : routing::Joiner::settled;
  const auto admission = routing::admit(*table_, id, candidate.address, joiner);
  if (admission.admitted) return std::nullopt;
  return piggy_of(admission.alternatives, false, now);
}

void Membership::welcome(ConnectionId connection, const Candidate& candidate, Instant now) {
  if (config_.role == Participation::client) return;
  const Fingerprint& id = book_->id(candidate.contact);
  if (candidate.role == Participation::client) {
    outputs_.emplace_back(SendOn{connection, piggy_near(id, id, now.wall)});
    return;
  }
  const bool neighbours = table_->is_neighbour_of(id, config_.self);
  if (candidate.entering || neighbours)
    outputs_.emplace_back(
        SendOn{connection, piggy_for({.node = id, .whole_table = candidate.entering}, now.wall)});
  if (!candidate.entering) return;
  RouteRequest request;
  request.key = id;
  request.avoid = id;
  request.payload = encode_announce(book_->token(candidate.contact).token.raw());
  requested_.push_back({.on_behalf_of = candidate.contact, .nearer_in = {}});
  outputs_.emplace_back(RouteForMembership{std::move(request)});
}

void Membership::join(const SessionJoined& joined, TimePoint now) {
  outputs_.emplace_back(joined);
  // Nobody is to choose what the table does not know of.
  if (joined.only_exchange) table_->forget(joined.contact);
  if (lost_.on_found(joined.contact, now)) look_beyond(joined.contact, now);
  if (config_.role == Participation::member && joined.role == Participation::member)
    spread(joined.contact, joined.contact);
  timers_.set(Timer::dial, now);
  if (config_.role == Participation::client) return;
  if (!timers_.deadline_of(Timer::refresh)) timers_.set(Timer::refresh, now + refresh_interval_);
  if (!introduced_ && entrance_.is_needed() && !timers_.deadline_of(Timer::introduction))
    timers_.set(Timer::introduction, now + kIntroductionTimeout);
}

/// Whoever let us in may be gone before it has introduced us, and who is found by others need not
/// reach its entrance at all: then nobody else does it.
void Membership::announce_ourselves(TimePoint now) {
  if (introduced_ || leaving_ || relays() == 0) return;
  timers_.set(Timer::introduction, now + kIntroductionTimeout);
  const auto neighbours = table_->neighbourhood();
  if (neighbours.empty()) return;
  route(config_.self, neighbours[random_->below(neighbours.size())],
        encode_announce(book_->token(table_->self()).token.raw()));
}

void Membership::take_in_if_admitted(const Peer& peer) {
  if (config_.role == Participation::client || peer.role == Participation::client) return;
  if (routing::admit(*table_, book_->id(peer.contact), peer.address).admitted)
    outputs_.emplace_back(TakeIntoTable{peer.contact});
}

/// Which peers are neighbours has changed.
void Membership::take_in_neighbours() {
  if (config_.role == Participation::client || peers_->only_exchange() == 0) return;
  for (const Peer& peer : peers_->all()) {
    if (!peer.only_exchange || peer.role == Participation::client) continue;
    const Fingerprint& id = book_->id(peer.contact);
    if (table_->peers().is_neighbour(id) || table_->is_neighbour_of(id, config_.self))
      outputs_.emplace_back(TakeIntoTable{peer.contact});
  }
}

void Membership::on_session_closed(ConnectionId connection) { candidates_.erase(connection); }

void Membership::append_used(std::vector<ContactIndex>& used) const {
  used.insert(used.end(), dialing_.begin(), dialing_.end());
  used.insert(used.end(), relays_heard_of_.begin(), relays_heard_of_.end());
  used.insert(used.end(), perhaps_near_.begin(), perhaps_near_.end());
  if (explored_) used.push_back(*explored_);
  lost_.append_to(used);
  for (const auto& [connection, candidate] : candidates_) used.push_back(candidate.contact);
  for (const auto& [request, asked] : requests_)
    if (asked.on_behalf_of) used.push_back(*asked.on_behalf_of);
}

std::optional<MembershipOutput> Membership::poll_output() { return take_front(outputs_); }

}  // namespace kith::overlay
