// What the other node says on relationships, or does not.

#include <algorithm>
#include <functional>
#include <tuple>
#include <vector>

#include "overlay/relations/relations.hpp"

namespace kith::overlay {
namespace {

/// How many ends a node that says nothing is told of.
constexpr std::size_t kEndsToldMax = 64;

}  // namespace

Result<void> Relations::on_message(const Sender& from, MessageKind kind, ByteView message,
                                   WallTime now) {
  switch (kind) {
    case MessageKind::relation_message:
      return on_told(from, message, now);
    case MessageKind::relation_taken:
      return on_taken(from, message);
    case MessageKind::relation_end:
      return on_end(from, message, now);
    case MessageKind::no_relation:
      return on_no_relation(from, message);
    default:
      return std::unexpected(Errc::unknown_kind);
  }
}

void Relations::on_dialing(const RelationshipId& about, const DialProgress& progress) {
  const auto it = relations_.find(about);
  if (it != relations_.end()) last_dials_.insert_or_assign(theirs(it->second).node, progress);
}

std::optional<DialProgress> Relations::last_dial(const RelationshipId& id) const {
  const auto it = relations_.find(id);
  if (it == relations_.end()) return std::nullopt;
  const auto last = last_dials_.find(theirs(it->second).node);
  if (last == last_dials_.end()) return std::nullopt;
  return last->second;
}

Relations::Relation* Relations::find(const RelationshipId& id, const Fingerprint& node,
                                     WallTime now) {
  const auto it = relations_.find(id);
  if (it == relations_.end() || theirs(it->second).node != node || !holds(it->second, now))
    return nullptr;
  return &it->second;
}

/// Of sessions with nodes that we share nothing with there is an account, too, once they speak.
Relations::Link& Relations::link_of(const Sender& from) {
  return links_.try_emplace(from.connection, Link{.node = from.node}).first->second;
}

Result<void> Relations::on_told(const Sender& from, ByteView message, WallTime now) {
  const auto told = decode_relation_message(message);
  if (!told) return std::unexpected(told.error());
  const RelationshipId& id = told->relationship;
  Link& link = link_of(from);
  const Relation* relation = find(id, from.node, now);
  if (!relation) {
    const auto known = relations_.find(id);
    const bool ended =
        known != relations_.end() && known->second.end && theirs(known->second).node == from.node;
    outputs_.emplace_back(
        RelationSend{from.connection, ended ? encode(*known->second.end) : encode_no_relation(id)});
    return strike(link);
  }
  std::set<std::uint64_t>& untaken = link.untaken[id];
  if (untaken.size() >= config_.under_way_max || !untaken.insert(told->number).second)
    return std::unexpected(Errc::protocol_error);
  outputs_.emplace_back(
      RelationMessageArrived{id, told->number, told->payload, ours(*relation).identity});
  return {};
}

Result<void> Relations::strike(Link& link) const {
  if (++link.strikes > config_.strikes_max) return std::unexpected(Errc::not_authorized);
  return {};
}

/// Of messages that we have given up nothing is said any more.
Result<void> Relations::on_taken(const Sender& from, ByteView message) {
  const auto taken = decode_relation_taken(message);
  if (!taken) return std::unexpected(taken.error());
  const auto it = relations_.find(taken->relationship);
  if (it == relations_.end() || theirs(it->second).node != from.node) return strike(link_of(from));
  const auto outgoing = it->second.outgoing.find(taken->number);
  if (outgoing == it->second.outgoing.end() || outgoing->second.connection != from.connection)
    return {};
  it->second.outgoing.erase(outgoing);
  outputs_.emplace_back(RelationMessageTaken{taken->relationship, taken->number});
  return {};
}

Result<void> Relations::on_end(const Sender& from, ByteView message, WallTime now) {
  const auto end = decode_relation_end(message);
  if (!end) return std::unexpected(end.error());
  const auto it = relations_.find(end->relationship);
  if (it == relations_.end() || theirs(it->second).node != from.node) return strike(link_of(from));
  if (it->second.end) return {};
  if (const auto signer = signer_of(*end, it->second); !signer)
    return std::unexpected(signer.error());
  close(it->second, *end, false);
  leave_if_unrelated(from.node, now);
  return {};
}

Result<const RelationshipParty*> Relations::signer_of(const RelationEnd& end,
                                                      const Relation& relation) const {
  const RelationshipTerms& terms = relation.token.terms();
  const Bytes statement = end_statement(end.relationship, end.at);
  for (const RelationshipParty* party : {&terms.proposer, &terms.partner})
    if (config_.signatures->verify(party->key, {statement}, end.signature)) return party;
  return std::unexpected(Errc::bad_signature);
}

bool Relations::is_at_rest(ConnectionId connection) const {
  const auto link = links_.find(connection);
  if (link == links_.end()) return true;
  const auto shared = by_node_.find(link->second.node);
  return link->second.untaken.empty() &&
         (shared == by_node_.end() || std::ranges::none_of(shared->second, [&](const auto& id) {
            return std::ranges::any_of(relations_.at(id).outgoing, [&](const auto& message) {
              return message.second.connection == connection;
            });
          }));
}

bool Relations::on_silence(const Sender& from) {
  std::vector<Relation*> ended;
  if (const auto shared = by_node_.find(from.node); shared != by_node_.end())
    for (const RelationshipId& id : shared->second)
      if (Relation& relation = relations_.at(id); relation.end) ended.push_back(&relation);
  std::ranges::sort(ended, std::greater(), [](const Relation* relation) {
    return std::tuple(relation->is_end_untold, relation->end->at, relation->end->relationship);
  });
  if (ended.size() > kEndsToldMax) ended.resize(kEndsToldMax);
  for (Relation* relation : ended) {
    relation->is_end_untold = false;
    outputs_.emplace_back(RelationSend{from.connection, encode(*relation->end)});
  }
  if (!ended.empty()) outputs_.emplace_back(RelationOver{from.connection});
  return !ended.empty();
}

Result<void> Relations::on_no_relation(const Sender& from, ByteView message) {
  const auto id = decode_no_relation(message);
  if (!id) return std::unexpected(id.error());
  const auto it = relations_.find(*id);
  if (it == relations_.end() || theirs(it->second).node != from.node) return strike(link_of(from));
  lose_on(from.connection, *id, it->second, Errc::not_authorized);
  return {};
}

}  // namespace kith::overlay
