#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "overlay/coordinator/intent_store.hpp"

namespace kith::overlay {

struct LinkConfig {
  Duration answer_timeout{1'000'000};  ///< Doubles with each attempt.
  unsigned attempts_max = 4;
};

/// What the other holders of our subjects are still to be told, and whether they got it.  One
/// message is under way to each; what comes up meanwhile goes with the next.  Whoever does not
/// answer is given up; as a newcomer to the region it is told everything again.
class RegionLinks {
 public:
  using Id = IntentStore::Id;

  /// What goes with one message.
  struct Parcel {
    Fingerprint peer;
    std::uint64_t number = 0;
    std::vector<Id> records;
    std::vector<Fingerprint> summaries;  ///< Ascends strictly.
  };

  explicit RegionLinks(const LinkConfig& config) : config_(config) {}

  // Commands.

  void offer_record(const Fingerprint& peer, Id record, TimePoint now);
  /// All that `store` has of the subject.  It is gone through as fast as the peer takes it, so that
  /// it costs nothing to be asked for a subject again that is still to be told.
  void offer_subject(const Fingerprint& peer, const Fingerprint& subject, const IntentStore& store,
                     TimePoint now);
  /// To be sent at `due`, with what the subject's digest is by then.
  void offer_summary(const Fingerprint& peer, const Fingerprint& subject, TimePoint due);
  /// The record is no more, or `peer` has it.
  void forget(Id record);
  void forget(const Fingerprint& peer, Id record);
  /// Nothing of the subject is left.
  void forget_subject(const Fingerprint& subject);

  // Inputs.

  /// What it answers; nothing unless that was under way.
  std::optional<Parcel> on_answer(const Fingerprint& peer, std::uint64_t number, TimePoint now);

  // Outputs.

  /// What is to be sent now, or sent again, or nothing.  `bytes_of_record(id)` bounds what a
  /// record takes.
  template <class BytesOfRecord>
  [[nodiscard]] std::optional<Parcel> poll(const IntentStore& store, BytesOfRecord bytes_of_record,
                                           TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  [[nodiscard]] std::size_t size() const { return links_.size(); }

 private:
  struct Link {
    std::set<Id> records;
    /// To be told whole once fewer records wait than a message holds, and how far that has come
    /// with one of them: everything up to this key is among the records, or was.
    std::set<Fingerprint> subjects;
    std::optional<IntentKey> reached;
    std::set<Fingerprint> summaries;
    TimePoint summaries_due;
    std::optional<Parcel> under_way;
    TimePoint answer_due;
    unsigned attempts = 0;  ///< At what is under way or was given back.

    [[nodiscard]] bool has_records() const {
      return !records.empty() || !subjects.empty() || reached;
    }
    [[nodiscard]] bool is_ready(TimePoint now) const {
      return !records.empty() || (!summaries.empty() && summaries_due <= now);
    }
  };

  /// Sets when the link has something to do; an idle link goes.
  void settle(const Fingerprint& peer, TimePoint now);
  [[nodiscard]] std::optional<Fingerprint> next_ready(const IntentStore& store, TimePoint now);
  /// Queues records of what is told whole, as long as they may go with the next message.
  static void top_up(Link& link, const IntentStore& store);
  /// What is under way waits again.
  static void take_back(Link& link, TimePoint now);
  static void take_summaries(Link& link, Parcel& parcel, TimePoint now);
  void depart(Link& link, const Parcel& parcel, TimePoint now);

  LinkConfig config_;
  std::map<Fingerprint, Link> links_;
  DeadlineQueue<Fingerprint> deadlines_;
  std::uint64_t next_number_ = 1;
};

template <class BytesOfRecord>
std::optional<RegionLinks::Parcel> RegionLinks::poll(const IntentStore& store,
                                                     BytesOfRecord bytes_of_record, TimePoint now) {
  const auto peer = next_ready(store, now);
  if (!peer) return std::nullopt;
  Link& link = links_.at(*peer);
  Parcel parcel{*peer, next_number_++, {}, {}};
  take_summaries(link, parcel, now);
  std::size_t bytes = 32 + parcel.summaries.size() * kSummaryBytesMax;
  while (!link.records.empty() && parcel.records.size() < kRecordsPerMessageMax) {
    const Id id = *link.records.begin();
    bytes += bytes_of_record(id);
    if (bytes > kCoordinatorMessageBytesMax) break;
    link.records.erase(link.records.begin());
    parcel.records.push_back(id);
  }
  depart(link, parcel, now);
  return parcel;
}

}  // namespace kith::overlay
