// Who is told of whom.

#include <algorithm>
#include <span>

#include "overlay/coordinator/coordinator.hpp"

namespace kith::overlay {
namespace {

/// Up to `most` elements from `first` on.
std::span<const IntentStore::Id> chunk(std::span<const IntentStore::Id> ids, std::size_t first,
                                       std::size_t most) {
  return ids.subspan(first, std::min(most, ids.size() - first));
}

}  // namespace

bool Coordinator::may_tell(Id about, Id other) const {
  return store_[about].key->node != store_[other].key->node &&
         store_.address_each_other(about, other);
}

bool Coordinator::is_recent(Id id, Instant now) const {
  return now.time - store_[id].provenance.since < config_.recent;
}

bool Coordinator::is_closest(Id id) const {
  return store_.subject(store_[id].key->subject)->closest;
}

void Coordinator::schedule_added(Id id, bool handed_over, Instant now) {
  if (!is_closest(id)) return;
  const Pairs pairs = is_recent(id, now) ? Pairs::all : Pairs::strangers;
  queue_.schedule({id, Direction::to_others}, {{}, pairs}, now.time);
  // What is declared to us is answered with its matches.
  if (handed_over) queue_.schedule({id, Direction::to_itself}, {{}, pairs}, now.time);
}

void Coordinator::schedule_twice_declared(Id id, Provenance there, Instant now) {
  // The answer that counted may have come from there, where less is known; or ours went to
  // somebody who only repeated the declare.
  if (is_closest(id) && store_[id].intent() != nullptr && now.time - there.since < config_.recent)
    queue_.schedule({id, Direction::to_itself}, {}, now.time);
}

void Coordinator::schedule_renewed(Id id, Instant now) {
  if (is_closest(id))
    queue_.schedule({id, Direction::to_others}, {}, now.time + config_.renewal_pause);
}

void Coordinator::schedule_ended(Id id, Instant now) {
  queue_.cancel(id);
  const Pairs pairs = is_closest(id) ? Pairs::all : Pairs::just_answered;
  queue_.schedule({id, Direction::to_others}, {{}, pairs}, now.time);
}

void Coordinator::match_step(Instant now) {
  if (now.time < matching_resumes_) return;
  std::size_t budget = config_.pairs_per_step;
  Outbox outbox;
  while (budget > 0) {
    const auto job = queue_.due(now.time);
    if (!job) break;
    walk(*job, budget, outbox, now);
  }
  if (budget == 0) matching_resumes_ = now.time + config_.step_pause;
  for (const auto& [to, parcel] : outbox) push(to, parcel);
}

void Coordinator::walk(const MatchQueue::Job& job, std::size_t& budget, Outbox& outbox,
                       Instant now) {
  MatchQueue::Progress& progress = queue_.progress(job);
  for (; budget > 0; --budget) {
    const auto other = store_.next(job.record, progress.cursor);
    if (!other) return queue_.cancel(job);
    if (!is_among(progress.pairs, job.record, *other, now) || !may_tell(job.record, *other))
      continue;
    if (job.direction == Direction::to_others)
      tell(outbox, *other, job.record);
    else
      tell(outbox, job.record, *other);
  }
}

bool Coordinator::is_among(Pairs pairs, Id id, Id other, Instant now) const {
  const std::uint64_t source = store_[other].provenance.source;
  switch (pairs) {
    case Pairs::all:
      return true;
    case Pairs::strangers:
      return source != store_[id].provenance.source || is_recent(id, now) || is_recent(other, now);
    case Pairs::just_answered:
      return source == 0 && is_recent(other, now);
  }
  return true;
}

void Coordinator::tell(Outbox& outbox, Id whom, Id about) const {
  const IntentStore::Record& listener = store_[whom];
  Parcel& parcel = outbox[listener.key->node];
  if (listener.attachment) parcel.relays = listener.attachment->relays;
  std::vector<Id>& told = store_[about].intent() != nullptr ? parcel.intents : parcel.ends;
  if (std::ranges::find(told, about) == told.end()) told.push_back(about);
}

void Coordinator::push(const Fingerprint& to, const Parcel& parcel) {
  counters_.pushed += parcel.intents.size() + parcel.ends.size();
  for (std::size_t i = 0; i < parcel.ends.size(); i += kUnmatchedPerMessageMax) {
    std::vector<IntentEnd> ends;
    for (Id id : chunk(parcel.ends, i, kUnmatchedPerMessageMax)) ends.push_back(end_of(id));
    outputs_.emplace_back(Push{to, parcel.relays, encode_unmatched(ends)});
  }
  for (std::size_t i = 0; i < parcel.intents.size(); i += kIntentsPerMessageMax) {
    std::vector<IntentView> intents;
    for (Id id : chunk(parcel.intents, i, kIntentsPerMessageMax))
      intents.push_back(store_.view(id));
    outputs_.emplace_back(Push{to, parcel.relays, encode_matches(intents)});
  }
}

IntentEnd Coordinator::end_of(Id id) const {
  const IntentStore::Record& record = store_[id];
  if (const Withdrawal* withdrawal = record.withdrawal()) return *withdrawal;
  return ExpiredIntent{*record.key, record.issued_at()};
}

}  // namespace kith::overlay
