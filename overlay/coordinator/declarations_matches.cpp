// What we are told of others.

#include <algorithm>
#include <utility>

#include "overlay/coordinator/declarations.hpp"
#include "tokens/verify.hpp"

namespace kith::overlay {

void Declarations::on_push(ByteView payload, Instant now) {
  if (auto peers = decode_matches(payload)) {
    for (PeerIntent& peer : *peers) on_match(std::move(peer), now);
  } else if (const auto ends = decode_unmatched(payload)) {
    for (const IntentEnd& end : *ends) std::visit([&](const auto& it) { on_end(it, now); }, end);
  } else {
    ++counters_.malformed;
  }
}

std::vector<Declarations::Id> Declarations::about(const Fingerprint& subject) const {
  std::vector<Id> ids;
  const IntentKey first{subject, {}, {}, IntentRole::send};
  for (auto it = by_key_.lower_bound(first); it != by_key_.end() && it->first.subject == subject;
       ++it)
    ids.push_back(it->second);
  return ids;
}

void Declarations::on_match(PeerIntent peer, Instant now) {
  if (node_ && peer.intent.node == node_->fingerprint()) return;
  // Verifying costs far more than looking: what is known or of no use is not verified.
  std::vector<Id> interested = about(peer.intent.subject());
  std::erase_if(interested, [&](Id id) { return !is_news(own_.at(id), peer); });
  if (interested.empty()) return;
  if (!overlay::verify(peer, config_.realm, *signatures_, now.wall)) {
    ++counters_.forged;
    return;
  }
  for (const Id id : interested) accept(id, own_.at(id), peer, now);
}

bool Declarations::is_news(const Own& own, const PeerIntent& peer) {
  const auto known = own.matches.find(key_of(peer.intent));
  if (known == own.matches.end()) return intents_match(own.intent, peer.intent);
  const Match& match = known->second;
  if (peer.intent.token.issued_at() > match.issued_at)
    return !match.over || intents_match(own.intent, peer.intent);
  return !match.over && peer.intent.token.issued_at() == match.issued_at && tells_more(match, peer);
}

bool Declarations::tells_more(const Match& match, const PeerIntent& peer) {
  return peer.node.token.issued_at() > match.node_issued_at ||
         (peer.attachment && peer.attachment->at > match.attached_at);
}

void Declarations::accept(Id id, Own& own, const PeerIntent& peer, Instant now) {
  const IntentKey key = key_of(peer.intent);
  if (!own.matches.contains(key)) make_room(id, own);
  const auto [it, added] = own.matches.try_emplace(key);
  Match& match = it->second;
  if (added) {
    match.place = own.newcomers.insert(own.newcomers.end(), &it->first);
    rank(id, own.matches.size() - 1, own.matches.size());
  }
  const bool was_matched = !added && !match.over;
  match.issued_at = peer.intent.token.issued_at();
  match.node_issued_at = std::max(match.node_issued_at, peer.node.token.issued_at());
  if (peer.attachment) match.attached_at = std::max(match.attached_at, peer.attachment->at);
  const WallTime until =
      std::min(peer.intent.token.expires_at(), peer.node.token.expires_at()) + kClockSkewMax;
  match_deadlines_.set({id, key}, now.time + (until - now.wall));

  if (!intents_match(own.intent, peer.intent)) return unmatch(id, own, key, match);
  if (was_matched) {
    outputs_.emplace_back(PeerChanged{id, peer});
    return;
  }
  match.over = false;
  ++own.matched;
  ++matched_nodes_[key.node];
  own.known += digest_of(key);
  outputs_.emplace_back(Matched{id, peer});
}

void Declarations::on_end(const Withdrawal& end, Instant now) {
  std::vector<Id> matched = about(end.key.subject);
  std::erase_if(matched, [&](Id id) {
    const Match* match = find_match(own_.at(id), end.key);
    return match == nullptr || match->issued_at > end.issued_at;
  });
  if (matched.empty()) return;
  if (!overlay::verify(end, *signatures_, now.wall)) {
    ++counters_.forged;
    return;
  }
  for (const Id id : matched) {
    Own& own = own_.at(id);
    Match& match = own.matches.at(end.key);
    match.issued_at = end.issued_at;
    unmatch(id, own, end.key, match);
  }
}

void Declarations::on_end(const ExpiredIntent& end, Instant now) {
  for (const Id id : about(end.key.subject)) {
    Own& own = own_.at(id);
    const Match* match = find_match(own, end.key);
    if (match == nullptr || match->issued_at > end.issued_at) continue;
    // Our timer stands at the expiry plus what clocks may differ; theirs may be ahead by as much.
    const auto due = match_deadlines_.deadline_of({id, end.key});
    if (*due - now.time <= 2 * kClockSkewMax) unmatch(id, own, end.key, own.matches.at(end.key));
  }
}

const Declarations::Match* Declarations::find_match(const Own& own, const IntentKey& peer) {
  const auto found = own.matches.find(peer);
  return found == own.matches.end() || found->second.over ? nullptr : &found->second;
}

void Declarations::unmatch(Id id, Own& own, const IntentKey& peer, Match& match) {
  match.over = true;
  --own.matched;
  own.known -= digest_of(peer);
  forget_match_with(peer.node);
  outputs_.emplace_back(Unmatched{id, peer});
}

void Declarations::forget_match_with(const Fingerprint& node) {
  const auto it = matched_nodes_.find(node);
  if (--it->second == 0) matched_nodes_.erase(it);
}

void Declarations::expire_matches(Instant now) {
  while (const auto due = match_deadlines_.pop_due(now.time)) {
    Own& own = own_.at(due->id);
    forget_match(due->id, own, due->peer);
  }
}

void Declarations::make_room(Id id, Own& own) {
  if (own.matches.size() >= config_.matches_max) return forget_oldest(id, own);
  if (match_deadlines_.size() < config_.matches_in_all_max) return;
  // Whoever floods one intent takes no room from the others.
  const Id most = by_matches_.rbegin()->second;
  forget_oldest(most, own_.at(most));
}

void Declarations::forget_oldest(Id id, Own& own) {
  ++counters_.over_limit;
  while (!own.newcomers.empty() && is_in_use(own, *own.newcomers.front())) {
    own.matches.at(*own.newcomers.front()).is_proven = true;
    own.proven.splice(own.proven.end(), own.newcomers, own.newcomers.begin());
  }
  // One node can have a session and many keys: it must not keep out everybody who comes later.
  const bool too_many = own.proven.size() > own.matches.size() / 2;
  const auto& queue = too_many || own.newcomers.empty() ? own.proven : own.newcomers;
  forget_match(id, own, *queue.front());
}

bool Declarations::is_in_use(const Own& own, const IntentKey& peer) const {
  return find_match(own, peer) != nullptr && connected_.contains(peer.node);
}

void Declarations::forget_match(Id id, Own& own, const IntentKey& peer) {
  const auto it = own.matches.find(peer);
  Match& match = it->second;
  if (!match.over) unmatch(id, own, peer, match);
  match_deadlines_.cancel({id, peer});
  (match.is_proven ? own.proven : own.newcomers).erase(match.place);
  own.matches.erase(it);
  rank(id, own.matches.size() + 1, own.matches.size());
}

/// An intent has so many matches now.
void Declarations::rank(Id id, std::size_t before, std::size_t now) {
  by_matches_.erase({before, id});
  if (now > 0) by_matches_.emplace(now, id);
}

}  // namespace kith::overlay
