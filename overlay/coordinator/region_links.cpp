#include "overlay/coordinator/region_links.hpp"

#include <algorithm>
#include <utility>

namespace kith::overlay {

void RegionLinks::offer_record(const Fingerprint& peer, Id record, TimePoint now) {
  links_[peer].records.insert(record);
  settle(peer, now);
}

void RegionLinks::offer_subject(const Fingerprint& peer, const Fingerprint& subject,
                                const IntentStore& store, TimePoint now) {
  if (store.subject(subject) == nullptr) return;
  Link& link = links_[peer];
  link.subjects.insert(subject);
  top_up(link, store);
  settle(peer, now);
}

void RegionLinks::offer_summary(const Fingerprint& peer, const Fingerprint& subject,
                                TimePoint due) {
  Link& link = links_[peer];
  link.summaries_due = link.summaries.empty() ? due : std::min(link.summaries_due, due);
  link.summaries.insert(subject);
  settle(peer, due);
}

void RegionLinks::forget(Id record) {
  for (auto& [peer, link] : links_) {
    link.records.erase(record);
    if (link.under_way) std::erase(link.under_way->records, record);
  }
}

void RegionLinks::forget(const Fingerprint& peer, Id record) {
  const auto link = links_.find(peer);
  if (link != links_.end()) link->second.records.erase(record);
}

void RegionLinks::forget_subject(const Fingerprint& subject) {
  for (auto& [peer, link] : links_) link.subjects.erase(subject);
}

std::optional<RegionLinks::Parcel> RegionLinks::on_answer(const Fingerprint& peer,
                                                          std::uint64_t number, TimePoint now) {
  const auto found = links_.find(peer);
  if (found == links_.end()) return std::nullopt;
  Link& link = found->second;
  if (!link.under_way || link.under_way->number != number) return std::nullopt;
  auto answered = std::exchange(link.under_way, std::nullopt);
  link.attempts = 0;
  settle(peer, now);
  return answered;
}

void RegionLinks::settle(const Fingerprint& peer, TimePoint now) {
  const auto found = links_.find(peer);
  const Link& link = found->second;
  if (link.under_way) {
    deadlines_.set(peer, link.answer_due);
  } else if (link.has_records()) {
    deadlines_.set(peer, now);
  } else if (!link.summaries.empty()) {
    deadlines_.set(peer, link.summaries_due);
  } else {
    deadlines_.cancel(peer);
    links_.erase(found);
  }
}

std::optional<Fingerprint> RegionLinks::next_ready(const IntentStore& store, TimePoint now) {
  while (const auto peer = deadlines_.pop_due(now)) {
    Link& link = links_.at(*peer);
    if (link.under_way && link.attempts >= config_.attempts_max) {
      links_.erase(*peer);
      continue;
    }
    if (link.under_way) take_back(link, now);
    top_up(link, store);
    if (link.is_ready(now)) return peer;
    settle(*peer, now);
  }
  return std::nullopt;
}

void RegionLinks::top_up(Link& link, const IntentStore& store) {
  while (link.records.size() < kRecordsPerMessageMax) {
    if (!link.reached) {
      if (link.subjects.empty()) return;
      const Fingerprint subject = link.subjects.extract(link.subjects.begin()).value();
      link.reached = IntentKey{subject, {}, {}, IntentRole{}};
    }
    const auto next = store.record_after(*link.reached);
    if (next) link.records.insert(*next);
    link.reached = next ? std::optional(*store[*next].key) : std::nullopt;
  }
}

void RegionLinks::take_back(Link& link, TimePoint now) {
  link.records.insert(link.under_way->records.begin(), link.under_way->records.end());
  if (!link.under_way->summaries.empty()) link.summaries_due = now;
  link.summaries.insert(link.under_way->summaries.begin(), link.under_way->summaries.end());
  link.under_way.reset();
}

void RegionLinks::take_summaries(Link& link, Parcel& parcel, TimePoint now) {
  if (link.summaries_due > now) return;
  while (!link.summaries.empty() && parcel.summaries.size() < kSummariesPerMessageMax)
    parcel.summaries.push_back(link.summaries.extract(link.summaries.begin()).value());
}

void RegionLinks::depart(Link& link, const Parcel& parcel, TimePoint now) {
  link.under_way = parcel;
  link.answer_due = now + config_.answer_timeout * (1 << link.attempts);
  ++link.attempts;
  deadlines_.set(parcel.peer, link.answer_due);
}

}  // namespace kith::overlay
