#include "overlay/membership/realm_judgements.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/assert.hpp"
#include "core/earliest.hpp"
#include "core/take_front.hpp"

namespace kith::overlay {
namespace {

Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

RealmJudgements::RealmJudgements(const RealmJudgementsConfig& config, Random& random)
    : config_(config), random_(&random) {
  KITH_ASSERT(config.pending_max > 0 && config.known_max > 0 && config.asks_at_once > 0);
}

Verdict RealmJudgements::judge(const Token* identity, const Token& node,
                               routing::NetworkTag network, Instant now) {
  const Joiner joiner{identity ? identity->fingerprint() : node.fingerprint(), node.fingerprint()};
  if (const auto known = known_.find(joiner); known != known_.end()) {
    if (known->second.until > now.wall) return known->second.admitted ? Verdict::yes : Verdict::no;
    known_ends_.cancel(joiner);
    known_.erase(known);
  }
  if (config_.asks_nobody || pending_.contains(joiner)) return Verdict::defer;
  add(joiner,
      {.identity = identity ? copy(identity->raw()) : Bytes(),
       .node = copy(node.raw()),
       .network = network,
       .backoff = {},
       .request = {}},
      now.time);
  return Verdict::defer;
}

void RealmJudgements::add(const Joiner& joiner, Pending pending, TimePoint now) {
  if (pending_.size() >= config_.pending_max) {
    ++counters_.over_limit;
    if (!give_up_one_for(pending.network, now)) return;
  }
  pending_.emplace(joiner, std::move(pending));
  pending_ends_.set(joiner, now + config_.pending_life);
  due_.set(joiner, now);
  seek_ends_.reset();
  if (!std::exchange(seeking_, true)) outputs_.emplace_back(SeekLeader{true});
  ask_more(now);
}

/// Keys cost nothing, so whoever makes up joiners must not keep out those of others.  Whether there
/// is room for one from `network` now.
bool RealmJudgements::give_up_one_for(routing::NetworkTag network, TimePoint now) {
  std::map<routing::NetworkTag, std::size_t> counts{{network, 1}};
  for (const auto& [joiner, pending] : pending_) ++counts[pending.network];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& each) { return each.second; });
  if (most->second == counts.at(network)) return false;
  std::optional<Joiner> latest;
  for (const auto& [joiner, pending] : pending_) {
    if (pending.network != most->first) continue;
    if (!latest || pending_ends_.deadline_of(*latest) < pending_ends_.deadline_of(joiner))
      latest = joiner;
  }
  end(*latest, now);
  return true;
}

void RealmJudgements::ask_more(TimePoint now) {
  if (leaders_.empty()) return;
  while (requests_.size() < config_.asks_at_once) {
    const auto joiner = due_.pop_due(now);
    if (!joiner) return;
    ask(*joiner, pending_.at(*joiner));
  }
}

void RealmJudgements::ask(const Joiner& joiner, Pending& pending) {
  const LeaderNode& leader = leaders_.front();
  pending.request = next_request_++;
  requests_.emplace(*pending.request, joiner);
  outputs_.emplace_back(AskLeader{*pending.request, leader.key.node, leader.relays,
                                  encode(JudgeMessage{pending.identity, pending.node})});
}

void RealmJudgements::on_matched(const PeerIntent& peer, Instant now) {
  // Anybody may declare to receive there; the realm is named by one.
  if (peer.intent.identity() != config_.realm || peer.intent.role == IntentRole::send) return;
  const IntentKey key = key_of(peer.intent);
  const auto relays = peer.relays();
  const auto found = std::ranges::find(leaders_, key, &LeaderNode::key);
  const bool is_new = found == leaders_.end();
  if (is_new && leaders_.size() >= config_.leader_nodes_max) return;
  LeaderNode& leader = is_new ? leaders_.emplace_back() : *found;
  const bool declared_again = peer.intent.token.issued_at() > leader.issued_at;
  leader = {key, Relays(relays.begin(), relays.end()), peer.intent.token.issued_at()};
  leader_key_ = peer.intent.token.public_key();
  // It may be back, and need not be waited for any longer.
  if (is_new || declared_again) ask_all_again(now.time);
}

void RealmJudgements::ask_all_again(TimePoint now) {
  for (auto& [joiner, pending] : pending_) {
    pending.backoff.on_succeeded();
    if (!pending.request) due_.set(joiner, now);
  }
  ask_more(now);
}

void RealmJudgements::on_unmatched(const IntentKey& peer) {
  std::erase_if(leaders_, [&](const LeaderNode& leader) { return leader.key == peer; });
}

void RealmJudgements::on_answer(std::uint64_t request, ByteView payload, Instant now) {
  const auto joiner = end_request(request);
  if (!joiner) return;
  // Nothing: it has not decided yet.
  if (payload.empty()) {
    pause(*joiner, now.time);
    return ask_more(now.time);
  }
  const auto judgement = decode_judgement(payload);
  const bool is_leaders = judgement && judgement->joiner == *joiner &&
                          verify(*judgement, *leader_key_, *config_.signatures, now.wall);
  if (is_leaders) {
    remember(*judgement, now);
  } else {
    ++counters_.forged;
    pause(*joiner, now.time);
  }
  ask_more(now.time);
}

void RealmJudgements::on_no_answer(std::uint64_t request, Instant now) {
  const auto joiner = end_request(request);
  if (!joiner) return;
  pause(*joiner, now.time);
  // Perhaps it is to be found at another of its nodes.
  if (leaders_.size() > 1) std::ranges::rotate(leaders_, leaders_.begin() + 1);
  ask_more(now.time);
}

std::optional<Joiner> RealmJudgements::end_request(std::uint64_t request) {
  const auto asked = requests_.extract(request);
  if (asked.empty()) return std::nullopt;
  const auto pending = pending_.find(asked.mapped());
  if (pending == pending_.end() || pending->second.request != request) return std::nullopt;
  pending->second.request.reset();
  return asked.mapped();
}

void RealmJudgements::pause(const Joiner& joiner, TimePoint now) {
  due_.set(joiner, now + pending_.at(joiner).backoff.on_failed(Errc::deferred, *random_));
}

void RealmJudgements::remember(const Judgement& judgement, Instant now) {
  const Joiner& joiner = judgement.joiner;
  end(joiner, now.time);
  if (known_.size() >= config_.known_max && !known_.contains(joiner)) make_room();
  known_.insert_or_assign(joiner, Known{judgement.admitted, judgement.until});
  known_ends_.set(joiner, now.time + (judgement.until - now.wall));
}

/// The joiner waits no longer; if it was the last one, the leader is not needed any more soon.
void RealmJudgements::end(const Joiner& joiner, TimePoint now) {
  const auto pending = pending_.find(joiner);
  if (pending->second.request) requests_.erase(*pending->second.request);
  due_.cancel(joiner);
  pending_ends_.cancel(joiner);
  pending_.erase(pending);
  if (pending_.empty()) seek_ends_ = now + config_.seek_life;
}

/// Forgets the one that is over first; a refusal before an admission, for whoever is refused
/// comes again with ever new names.
void RealmJudgements::make_room() {
  const auto least = std::ranges::min_element(known_, {}, [](const auto& entry) {
    return std::pair(entry.second.admitted, entry.second.until);
  });
  known_ends_.cancel(least->first);
  known_.erase(least);
}

void RealmJudgements::on_deadline(Instant now) {
  while (const auto joiner = known_ends_.pop_due(now.time)) known_.erase(*joiner);
  while (const auto joiner = pending_ends_.pop_due(now.time)) end(*joiner, now.time);
  ask_more(now.time);
  if (!seek_ends_ || *seek_ends_ > now.time) return;
  seek_ends_.reset();
  seeking_ = false;
  leaders_.clear();
  outputs_.emplace_back(SeekLeader{false});
}

std::optional<RealmJudgements::Output> RealmJudgements::poll_output() {
  return take_front(outputs_);
}

std::optional<TimePoint> RealmJudgements::next_deadline() const {
  const bool may_ask = !leaders_.empty() && requests_.size() < config_.asks_at_once;
  return earliest(
      {seek_ends_, known_ends_.next(), pending_ends_.next(), may_ask ? due_.next() : std::nullopt});
}

void RealmJudgements::sanity_check() const {
  KITH_ASSERT(pending_.size() <= config_.pending_max && known_.size() <= config_.known_max);
  KITH_ASSERT(requests_.size() <= config_.asks_at_once);
  KITH_ASSERT(pending_ends_.size() == pending_.size() && known_ends_.size() == known_.size());
  KITH_ASSERT(due_.size() + requests_.size() == pending_.size());
  for (const auto& [joiner, pending] : pending_)
    KITH_ASSERT(pending.request.has_value() != due_.deadline_of(joiner).has_value());
  KITH_ASSERT(pending_.empty() ? seeking_ == seek_ends_.has_value() : seeking_ && !seek_ends_);
}

}  // namespace kith::overlay
