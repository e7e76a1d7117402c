#include "overlay/relations/relations.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"
#include "core/take_front.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {
namespace {

/// How often dates are looked at, at least: a clock that is set tells nobody.
constexpr Duration kDatesInterval{60'000'000};

}  // namespace

Result<RelationshipId> Relations::add(RelationshipToken relationship,
                                      std::vector<Endpoint> endpoints) {
  const RelationshipTerms& terms = relationship.terms();
  const RelationshipId id = terms.id;
  if (terms.realm != config_.realm) return std::unexpected(Errc::wrong_realm);
  const RelationshipParty* our_side = terms.party(config_.self);
  if (!our_side || terms.proposer.node == terms.partner.node)
    return std::unexpected(Errc::wrong_key);
  if (!config_.identities->find(our_side->identity)) return std::unexpected(Errc::not_found);
  if (const auto known = relations_.find(id); known != relations_.end()) {
    if (known->second.token != relationship) return std::unexpected(Errc::duplicate_key);
    known->second.endpoints = std::move(endpoints);
    return id;
  }
  if (relations_.size() >= config_.relationships_max) return std::unexpected(Errc::limit_reached);
  // Dates are judged when it is used.
  if (const auto valid = relationship.verify(*config_.signatures, terms.not_before); !valid)
    return std::unexpected(valid.error());
  const auto added = relations_.emplace(
      id, Relation{.token = std::move(relationship), .endpoints = std::move(endpoints)});
  by_node_[theirs(added.first->second).node].insert(id);
  return id;
}

Result<void> Relations::add_end(const RelationEnd& end) {
  const auto it = relations_.find(end.relationship);
  if (it == relations_.end()) return std::unexpected(Errc::not_found);
  const auto signer = signer_of(end, it->second);
  if (!signer) return std::unexpected(signer.error());
  it->second.end = end;
  // Whether the other node has heard of ours was not kept.
  it->second.is_end_untold = (*signer)->node == config_.self;
  return {};
}

Result<void> Relations::connect(const RelationshipId& id, WallTime now) {
  const auto it = relations_.find(id);
  if (it == relations_.end()) return std::unexpected(Errc::not_found);
  Relation& relation = it->second;
  const Fingerprint& node = theirs(relation).node;
  if (!dialing_.contains(node)) last_dials_.erase(node);
  if (relation.end) return std::unexpected(Errc::closed);
  if (is_blocked(relation, now)) return std::unexpected(Errc::not_authorized);
  const RelationshipTerms& terms = relation.token.terms();
  if (const auto valid = verify_dates(terms.not_before, terms.expires_at, now); !valid)
    return valid;
  if (link_to(node)) {
    outputs_.emplace_back(RelationReached{id});
  } else {
    dial(id, relation);
  }
  return {};
}

Result<std::uint64_t> Relations::send(const RelationshipId& id, ByteView payload, WallTime now) {
  const auto it = relations_.find(id);
  if (it == relations_.end()) return std::unexpected(Errc::not_found);
  Relation& relation = it->second;
  if (payload.size() > kRelationPayloadBytesMax) return std::unexpected(Errc::too_long);
  if (relation.outgoing.size() >= config_.under_way_max) return std::unexpected(Errc::would_block);
  const auto link = link_to(theirs(relation).node);
  if (!link || !holds(relation, now)) {
    if (const auto dialed = connect(id, now); !dialed) return std::unexpected(dialed.error());
  }
  const std::uint64_t number = relation.next_number++;
  Outgoing& outgoing =
      relation.outgoing.emplace(number, Outgoing{{payload.begin(), payload.end()}, {}})
          .first->second;
  if (link) transmit(id, number, outgoing, *link);
  return number;
}

void Relations::transmit(const RelationshipId& id, std::uint64_t number, Outgoing& outgoing,
                         ConnectionId connection) {
  outgoing.connection = connection;
  outputs_.emplace_back(
      RelationSend{connection, encode(RelationMessage{id, number, outgoing.payload})});
  outgoing.payload = Bytes();
}

void Relations::take(const RelationshipId& id, std::uint64_t number) {
  for (auto& [connection, link] : links_) {
    const auto untaken = link.untaken.find(id);
    if (untaken == link.untaken.end() || untaken->second.erase(number) == 0) continue;
    if (untaken->second.empty()) link.untaken.erase(untaken);
    outputs_.emplace_back(RelationSend{connection, encode(RelationTaken{id, number})});
    return;
  }
}

Result<void> Relations::end(const RelationshipId& id, WallTime now) {
  const auto it = relations_.find(id);
  if (it == relations_.end()) return std::unexpected(Errc::not_found);
  Relation& relation = it->second;
  if (relation.end) return std::unexpected(Errc::closed);
  const crypto::SigningKeyPair& key = *config_.identities->find(ours(relation).identity);
  const bool was_valid = holds(relation, now);
  close(relation, sign_end(id, now, key, *config_.signatures), true);
  relation.is_end_untold = was_valid;
  const Fingerprint& node = theirs(relation).node;
  if (const auto link = link_to(node)) {
    flush(node, *link, now);
    leave_if_unrelated(node, now);
  } else if (was_valid) {
    dial(id, relation);
  }
  return {};
}

/// From here on nothing goes either way.
void Relations::close(Relation& relation, const RelationEnd& end, bool by_us) {
  relation.end = end;
  outputs_.emplace_back(RelationshipEnded{end, by_us});
  lose_on(std::nullopt, end.relationship, relation, Errc::closed);
  for (auto& [connection, link] : links_) {
    lose_on(connection, end.relationship, relation, Errc::closed);
    link.untaken.erase(end.relationship);
  }
}

void Relations::lose_on(std::optional<ConnectionId> connection, const RelationshipId& id,
                        Relation& relation, Errc why) {
  std::erase_if(relation.outgoing, [&](const auto& entry) {
    if (entry.second.connection != connection) return false;
    outputs_.emplace_back(RelationMessageLost{id, entry.first, why});
    return true;
  });
}

void Relations::on_session(const Sender& with, bool dialed, Instant now) {
  const auto shared = by_node_.find(with.node);
  if (shared == by_node_.end()) return;
  watch_dates(with.node, now);
  const bool is_first = !link_to(with.node);
  Link& link = links_.try_emplace(with.connection, Link{.node = with.node}).first->second;
  link.dialed = dialed;
  if (std::exchange(link.is_related, true)) return;
  dialing_.erase(with.node);
  for (const RelationshipId& id : shared->second)
    if (is_first && holds(relations_.at(id), now.wall)) outputs_.emplace_back(RelationReached{id});
  flush(with.node, with.connection, now.wall);
  end_surplus(with);
}

/// Of too many sessions with one node the oldest that it dialed goes.
void Relations::end_surplus(const Sender& newest) {
  std::size_t sessions = 0;
  auto oldest = links_.end();
  for (auto it = links_.begin(); it != links_.end(); ++it) {
    const Link& link = it->second;
    if (link.node != newest.node || !link.is_related || link.is_surplus) continue;
    ++sessions;
    if (oldest == links_.end() && !link.dialed && it->first != newest.connection) oldest = it;
  }
  if (sessions <= config_.sessions_per_node_max || oldest == links_.end()) return;
  oldest->second.is_surplus = true;
  outputs_.emplace_back(RelationOver{oldest->first, CloseReason::duplicate});
}

bool Relations::tell_ends(const Sender& with, const std::optional<RelationshipId>& about) {
  bool told = false;
  if (const auto shared = by_node_.find(with.node); shared != by_node_.end()) {
    for (const RelationshipId& id : shared->second) {
      Relation& relation = relations_.at(id);
      const bool is_asked_for = relation.end && about == id;
      if (!std::exchange(relation.is_end_untold, false) && !is_asked_for) continue;
      outputs_.emplace_back(RelationSend{with.connection, encode(*relation.end)});
      told = true;
    }
  }
  if (about && !has_ended(*about, with.node)) {
    outputs_.emplace_back(RelationSend{with.connection, encode_no_relation(*about)});
    told = true;
  }
  if (told) outputs_.emplace_back(RelationOver{with.connection});
  return told;
}

/// Sends what has waited for a session with `node`.
void Relations::flush(const Fingerprint& node, ConnectionId connection, WallTime now) {
  for (const RelationshipId& id : by_node_.at(node)) {
    Relation& relation = relations_.at(id);
    if (std::exchange(relation.is_end_untold, false))
      outputs_.emplace_back(RelationSend{connection, encode(*relation.end)});
    if (!holds(relation, now)) {
      lose_on(std::nullopt, id, relation, Errc::expired);
      continue;
    }
    for (auto& [number, message] : relation.outgoing)
      if (!message.connection) transmit(id, number, message, connection);
  }
}

void Relations::on_closed(ConnectionId connection, Errc why) {
  const auto closed = links_.extract(connection);
  if (!closed) return;
  const Fingerprint& node = closed.mapped().node;
  if (!link_to(node)) dates_.cancel(node);
  const auto shared = by_node_.find(node);
  if (shared == by_node_.end()) return;
  for (const RelationshipId& id : shared->second) lose_on(connection, id, relations_.at(id), why);
}

void Relations::leave_if_unrelated(const Fingerprint& node, WallTime now) {
  if (shares(node, now)) return;
  for (const auto& [connection, link] : links_)
    if (link.is_related && link.node == node) outputs_.emplace_back(RelationOver{connection});
}

void Relations::watch_dates(const Fingerprint& node, Instant now) {
  std::optional<Duration> left;
  for (const RelationshipId& id : by_node_.at(node)) {
    const Relation& relation = relations_.at(id);
    if (!holds(relation, now.wall)) continue;
    const Duration until = relation.token.terms().expires_at + kClockSkewMax - now.wall;
    left = left ? std::min(*left, until) : until;
  }
  if (left) {
    dates_.set(node, now.time + std::min(*left, kDatesInterval));
  } else {
    dates_.cancel(node);
  }
}

void Relations::on_deadline(Instant now) {
  while (const auto node = dates_.pop_due(now.time)) {
    leave_if_unrelated(*node, now.wall);
    watch_dates(*node, now);
  }
}

const RelationshipParty& Relations::ours(const Relation& relation) const {
  const RelationshipTerms& terms = relation.token.terms();
  return terms.proposer.node == config_.self ? terms.proposer : terms.partner;
}

const RelationshipParty& Relations::theirs(const Relation& relation) const {
  const RelationshipTerms& terms = relation.token.terms();
  return terms.proposer.node == config_.self ? terms.partner : terms.proposer;
}

bool Relations::is_blocked(const Relation& relation, WallTime now) const {
  const RelationshipParty& them = theirs(relation);
  return config_.blocks &&
         (config_.blocks->contains(them.node, now) || config_.blocks->contains(them.identity, now));
}

bool Relations::holds(const Relation& relation, WallTime now) const {
  const RelationshipTerms& terms = relation.token.terms();
  return !relation.end && !is_blocked(relation, now) &&
         verify_dates(terms.not_before, terms.expires_at, now).has_value();
}

bool Relations::shares(const Fingerprint& node, WallTime now) const {
  return static_key_of(node, now).has_value();
}

bool Relations::shares_with_blocked(const Fingerprint& node, WallTime now) const {
  const auto shared = by_node_.find(node);
  return shared != by_node_.end() && !shares(node, now) &&
         std::ranges::any_of(shared->second, [&](const RelationshipId& id) {
           return is_blocked(relations_.at(id), now);
         });
}

std::optional<RelationshipId> Relations::newest_with(const Fingerprint& node, WallTime now) const {
  const auto shared = by_node_.find(node);
  if (shared == by_node_.end()) return std::nullopt;
  const Relation* newest = nullptr;
  for (const RelationshipId& id : shared->second) {
    const Relation& relation = relations_.at(id);
    if (!holds(relation, now)) continue;
    if (newest == nullptr || newest->token.terms().issued_at < relation.token.terms().issued_at)
      newest = &relation;
  }
  if (newest == nullptr) return std::nullopt;
  return newest->token.terms().id;
}

std::optional<crypto::DhPublicKey> Relations::static_key_of(const Fingerprint& node,
                                                            WallTime now) const {
  const auto newest = newest_with(node, now);
  if (!newest) return std::nullopt;
  return theirs(relations_.at(*newest)).static_key;
}

bool Relations::has_ended(const RelationshipId& id, const Fingerprint& node) const {
  const auto it = relations_.find(id);
  return it != relations_.end() && it->second.end && theirs(it->second).node == node;
}

bool Relations::may_reconnect(const RelationshipId& about, const Fingerprint& node,
                              const crypto::DhPublicKey& static_key, WallTime now) const {
  const auto it = relations_.find(about);
  return it != relations_.end() && holds(it->second, now) && theirs(it->second).node == node &&
         theirs(it->second).static_key == static_key;
}

/// The session that we send on: as with peers, one dialed by the node with the greater name if
/// there is any, and the newest of those.
std::optional<ConnectionId> Relations::link_to(const Fingerprint& node) const {
  const bool ours_survive = config_.self > node;
  std::optional<ConnectionId> best;
  bool best_survives = false;
  for (const auto& [connection, link] : links_) {
    if (link.node != node || !link.is_related || link.is_surplus) continue;
    const bool survives = link.dialed == ours_survive;
    if (best && best_survives && !survives) continue;
    best = connection;
    best_survives = survives;
  }
  return best;
}

void Relations::sanity_check() const {
  for (const auto& [id, relation] : relations_) {
    KITH_ASSERT(by_node_.at(theirs(relation).node).contains(id));
    KITH_ASSERT(config_.identities->find(ours(relation).identity));
    KITH_ASSERT(relation.outgoing.size() <= config_.under_way_max);
    KITH_ASSERT(!relation.end || relation.outgoing.empty());
    for (const auto& [number, message] : relation.outgoing)
      KITH_ASSERT(message.connection ? links_.contains(*message.connection)
                                     : dialing_.contains(theirs(relation).node));
  }
}

std::optional<RelationsOutput> Relations::poll_output() { return take_front(outputs_); }

}  // namespace kith::overlay
