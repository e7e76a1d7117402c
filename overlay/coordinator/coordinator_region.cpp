// Who else holds it.

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <variant>

#include "core/assert.hpp"
#include "overlay/coordinator/coordinator.hpp"

namespace kith::overlay {
namespace {

bool contains(const std::vector<Fingerprint>& nodes, const Fingerprint& node) {
  return std::ranges::find(nodes, node) != nodes.end();
}

Fingerprint subject_of(const std::variant<PeerIntent, Withdrawal>& what) {
  const auto* peer = std::get_if<PeerIntent>(&what);
  return peer != nullptr ? peer->intent.subject() : std::get<Withdrawal>(what).key.subject;
}

}  // namespace

std::vector<Fingerprint> Coordinator::closest(const Fingerprint& subject, std::size_t count) const {
  std::array<routing::ContactIndex, 2 * kHoldersMax> room{};
  KITH_ASSERT(count <= room.size());
  std::vector<Fingerprint> nodes;
  for (const auto contact : table_->closest(subject, std::span(room).first(count)))
    nodes.push_back(table_->book()[contact]);
  return nodes;
}

bool Coordinator::is_near(const Fingerprint& subject, const Fingerprint& node) const {
  // Others may see a region a little larger than we do; what they hand us is not lost.
  const std::size_t count = 2 * config_.region_size;
  const std::vector<Fingerprint> nodes = closest(subject, count);
  return nodes.size() < count || !is_closer(subject, nodes.back(), node);
}

void Coordinator::refresh(const Fingerprint& subject, bool settled, Instant now) {
  IntentStore::Subject& held = *store_.subject(subject);
  const Fingerprint& self = table_->self_id();
  std::vector<Fingerprint> region = closest(subject, config_.region_size);
  const bool is_closest = region.front() == self;
  std::erase(region, self);

  if (!settled && region != held.region) {
    const auto is_old = [&held](const Fingerprint& node) { return contains(held.region, node); };
    const auto first_old = std::ranges::find_if(region, is_old);
    const bool leader = first_old == region.end() || is_closer(subject, self, *first_old);
    // Also who has left the region: it may be the only one who saw it in a wrong light.
    for (const Fingerprint& node : region)
      if (!is_old(node)) hand_over(subject, node, leader, now);
  }
  const bool takes_over = is_closest && !held.closest && !settled;
  held.region = std::move(region);
  held.closest = is_closest;
  if (takes_over) take_over(subject, now);
}

void Coordinator::hand_over(const Fingerprint& subject, const Fingerprint& newcomer, bool leader,
                            Instant now) {
  if (!leader)
    links_.offer_summary(newcomer, subject, now.time + config_.summary_pause);
  else if (store_.subject(subject)->records > config_.handover_at_once)
    links_.offer_summary(newcomer, subject, now.time);
  else
    links_.offer_subject(newcomer, subject, store_, now.time);
}

void Coordinator::take_over(const Fingerprint& subject, Instant now) {
  for (const Id id : store_.records_of(subject)) {
    if (!is_recent(id, now)) continue;
    queue_.schedule({id, Direction::to_others}, {}, now.time);
    if (store_[id].intent() != nullptr) queue_.schedule({id, Direction::to_itself}, {}, now.time);
  }
}

void Coordinator::replicate(Id id, Instant now) {
  for (const Fingerprint& node : store_.subject(store_[id].key->subject)->region)
    links_.offer_record(node, id, now.time);
}

void Coordinator::sweep_step(Instant now) {
  if (sweep_left_ == 0 || now.time < sweep_resumes_) return;
  for (std::size_t i = std::min(sweep_left_, config_.subjects_per_step); i > 0; --i) {
    const Fingerprint* next = store_.subject_after(sweep_at_);
    if (next == nullptr) {
      sweep_left_ = 0;
      return;
    }
    sweep_at_ = *next;
    refresh(sweep_at_, false, now);
    --sweep_left_;
  }
  sweep_resumes_ = now.time + config_.sweep_pause;
}

void Coordinator::on_replicate(const Fingerprint& from, ReplicateMessage message, Instant now) {
  for (ReplicatedRecord& record : message.records) take_record(from, std::move(record), now);
  std::vector<Fingerprint> wanted;
  for (const SubjectSummary& summary : message.summaries) {
    const IntentStore::Subject* held = store_.subject(summary.subject);
    if ((held != nullptr ? held->digest : 0) == summary.digest) continue;
    if (!accepts(summary.subject)) continue;
    wanted.push_back(summary.subject);
    if (is_near(summary.subject, from))
      links_.offer_subject(from, summary.subject, store_, now.time);
  }
  outputs_.emplace_back(SendToNode{from, encode_replicated(message.number, wanted)});
}

void Coordinator::take_record(const Fingerprint& from, ReplicatedRecord record, Instant now) {
  Provenance provenance{now.time - std::min(record.age, kRecordAgeMax), from.top64()};
  auto* peer = std::get_if<PeerIntent>(&record.what);
  const bool near = is_near(subject_of(record.what), from);
  if (!near && peer != nullptr) return take_from_afar(from, std::move(*peer), provenance, now);
  if (!near) provenance.source = 0;
  const auto merged = take(std::move(record.what), Proof::unseen, provenance, now);
  if (!merged || !near) return;
  if (merged->merge == Merge::older)
    links_.offer_record(from, merged->id, now.time);
  else
    links_.forget(from, merged->id);
}

void Coordinator::take_from_afar(const Fingerprint& from, PeerIntent peer, Provenance provenance,
                                 Instant now) {
  const auto weighed = weigh(peer, Proof::unseen, now);
  if (!weighed || weighed->merge == Merge::older) return;
  if (weighed->merge == Merge::same)
    return schedule_twice_declared(*weighed->held, provenance, now);
  // One that cannot be asked about is declared again in time.
  static_cast<void>(ask({std::nullopt, from, {std::move(peer), 0}, provenance}, now));
}

Result<Coordinator::Merged> Coordinator::take(std::variant<PeerIntent, Withdrawal> what,
                                              Proof proof, Provenance provenance, Instant now) {
  auto* peer = std::get_if<PeerIntent>(&what);
  const Fingerprint subject = subject_of(what);
  const bool is_new_subject = store_.subject(subject) == nullptr;
  const auto merged = peer != nullptr ? merge(std::move(*peer), proof, provenance, now)
                                      : merge(std::get<Withdrawal>(what), provenance, now);
  if (!merged || merged->merge == Merge::older) return merged;
  if (merged->merge == Merge::same) {
    schedule_twice_declared(merged->id, provenance, now);
    return merged;
  }
  ++counters_.replicated;
  if (is_new_subject) refresh(subject, true, now);
  if (store_[merged->id].intent() == nullptr)
    schedule_ended(merged->id, now);
  else if (merged->merge == Merge::renewed)
    schedule_renewed(merged->id, now);
  else
    schedule_added(merged->id, true, now);
  return merged;
}

void Coordinator::on_replicated(const Fingerprint& from, const ReplicatedMessage& message,
                                Instant now) {
  const auto answered = links_.on_answer(from, message.number, now.time);
  if (!answered) return;
  for (const Fingerprint& subject : message.wanted)
    if (std::ranges::binary_search(answered->summaries, subject))
      links_.offer_subject(from, subject, store_, now.time);
}

void Coordinator::send_parcels(Instant now) {
  const auto view_of_record = [&](Id id) -> std::optional<RecordView> {
    const IntentStore::Record& record = store_[id];
    const Duration age =
        std::clamp(now.time - record.provenance.since, Duration::zero(), kRecordAgeMax);
    if (record.intent() != nullptr) return RecordView{age, store_.view(id)};
    if (record.withdrawal() != nullptr) return RecordView{age, record.withdrawal()};
    return std::nullopt;
  };
  const auto bytes_of_record = [&](Id id) {
    const auto view = view_of_record(id);
    return view ? view->bytes_max() : 0;
  };
  while (const auto parcel = links_.poll(store_, bytes_of_record, now.time)) {
    std::vector<RecordView> records;
    for (const Id id : parcel->records)
      if (const auto view = view_of_record(id)) records.push_back(*view);
    std::vector<SubjectSummary> summaries;
    for (const Fingerprint& subject : parcel->summaries)
      if (const auto* held = store_.subject(subject)) summaries.push_back({subject, held->digest});
    outputs_.emplace_back(
        SendToNode{parcel->peer, encode_replicate(parcel->number, records, summaries)});
  }
}

}  // namespace kith::overlay
