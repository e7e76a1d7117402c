// The part of relationships that has their nodes dialed.

#include <algorithm>
#include <utility>

#include "overlay/relations/relations.hpp"

namespace kith::overlay {

void Relations::dial(const RelationshipId& about, const Relation& relation, DialWay way) {
  const RelationshipParty& them = theirs(relation);
  if (!dialing_.try_emplace(them.node, Dialing{about, way}).second) return;
  DialTarget target;
  target.flow = way.flow;
  target.node = them.node;
  if (way.flow != Flow::hidden) {
    target.static_key = them.static_key;
    target.about = about;
  }
  outputs_.emplace_back(RelationDial{about, relation.endpoints, std::move(target)});
}

void Relations::on_opened(const RelationshipId& about, ConnectionId connection, Instant now) {
  const auto it = relations_.find(about);
  if (it == relations_.end()) return;
  const Fingerprint& node = theirs(it->second).node;
  on_session({connection, node}, true, now);
  leave_if_unrelated(node, now.wall);
}

void Relations::on_failed(const RelationshipId& about, Errc why, WallTime now) {
  const auto it = relations_.find(about);
  if (it == relations_.end()) return;
  const Fingerprint& node = theirs(it->second).node;
  const auto dialing = dialing_.find(node);
  if (dialing == dialing_.end() || dialing->second.about != about) return;
  const auto next = fallback(dialing->second.way);
  dialing_.erase(dialing);
  if (next && holds(it->second, now)) return dial(about, it->second, *next);
  // One session more was not to be had.
  if (link_to(node)) return;
  for (const RelationshipId& id : by_node_.at(node)) {
    if (!relations_.at(id).end) outputs_.emplace_back(RelationUnreachable{id, why});
    lose_on(std::nullopt, id, relations_.at(id), why);
  }
}

void Relations::renew(ConnectionId connection, WallTime now) {
  const auto link = links_.find(connection);
  if (link == links_.end()) return;
  const bool has_another = std::ranges::any_of(links_, [&](const auto& other) {
    return other.first != connection && other.second.node == link->second.node;
  });
  if (has_another) return;
  for (const RelationshipId& id : by_node_.at(link->second.node)) {
    const Relation& relation = relations_.at(id);
    if (holds(relation, now))
      return dial(id, relation, {.flow = Flow::reconnect, .is_pinned = true});
  }
}

}  // namespace kith::overlay
