// The part of relationships that has their nodes dialed.

#include <algorithm>
#include <utility>

#include "overlay/relations/relations.hpp"

namespace kith::overlay {

void Relations::dial(const RelationshipId& about, const Relation& relation) {
  if (!dialing_.contains(theirs(relation).node)) dial(Dialing{.about = about}, relation.endpoints);
}

void Relations::dial(Dialing dialing, std::vector<Endpoint> endpoints) {
  const RelationshipId about = dialing.about;
  const RelationshipParty& them = theirs(relations_.at(about));
  DialTarget target;
  target.flow = dialing.way.flow;
  target.node = them.node;
  if (target.flow != Flow::hidden) {
    target.static_key = them.static_key;
    target.about = about;
  }
  dialing_.emplace(them.node, std::move(dialing));
  outputs_.emplace_back(RelationDial{about, std::move(endpoints), std::move(target)});
}

void Relations::on_opened(const RelationshipId& about, ConnectionId connection, Instant now) {
  const auto it = relations_.find(about);
  if (it == relations_.end()) return;
  const Fingerprint& node = theirs(it->second).node;
  if (const auto last = last_dials_.find(node); last != last_dials_.end())
    last->second.step = JoinStep::joining;
  on_session({connection, node}, true, now);
  leave_if_unrelated(node, now.wall);
}

/// The next flow is for where somebody listens.  Flow `H`, the last one, opens wherever the right
/// node answers by it, so that this must not have shut us out before: the others leave room for it.
void Relations::on_failed(const RelationshipId& about, Errc why, std::span<const Endpoint> met,
                          WallTime now) {
  const auto it = relations_.find(about);
  if (it == relations_.end()) return;
  const Fingerprint& node = theirs(it->second).node;
  const auto failed = dialing_.find(node);
  if (failed == dialing_.end() || failed->second.about != about) return;
  Dialing dialing = std::move(failed->second);
  dialing_.erase(failed);
  if (dialing.way.flow == Flow::reconnect) dialing.met.assign(met.begin(), met.end());
  const bool may_go_on = holds(it->second, now);
  for (auto next = fallback(dialing.way); next && may_go_on; next = fallback(*next)) {
    dialing.way = *next;
    std::vector<Endpoint> endpoints = dialing.met;
    if (next->flow == Flow::connection) {
      const std::size_t left =
          kFailedHandshakesMax - std::min(endpoints.size(), kFailedHandshakesMax);
      endpoints.resize(std::min(endpoints.size(), left));
    }
    if (!endpoints.empty()) return dial(std::move(dialing), std::move(endpoints));
  }
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
    if (holds(relation, now)) return dial(id, relation);
  }
}

}  // namespace kith::overlay
