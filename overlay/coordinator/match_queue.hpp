#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>

#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "overlay/coordinator/intent_store.hpp"

namespace kith::overlay {

/// Who is still to be told of whom: walks over the counterparts of a record, each taken up where
/// it was left, so that a subject with many thousands of intents is dealt with in small steps.
class MatchQueue {
 public:
  enum class Direction : std::uint8_t {
    to_others,  ///< The counterparts are told of the record.
    to_itself,  ///< The record's node is told of the counterparts.
  };

  struct Job {
    IntentStore::Id record = 0;
    Direction direction = Direction::to_others;

    friend auto operator<=>(const Job&, const Job&) = default;
  };

  /// Which of the pairs are told.
  enum class Pairs : std::uint8_t {
    all,
    strangers,      ///< Not those that came from one holder, which has told them of each other.
    just_answered,  ///< Those whom we ourselves told of the record a moment ago.
  };

  struct Progress {
    IntentStore::Cursor cursor;
    Pairs pairs = Pairs::all;
  };

  /// Begins the walk, or begins it again if it is under way.  The sooner one of two times counts.
  void schedule(const Job& job, Progress progress, TimePoint at) {
    const auto [it, added] = progress_.try_emplace(job, progress);
    if (!added) {
      it->second = {progress.cursor,
                    progress.pairs == it->second.pairs ? progress.pairs : Pairs::all};
      if (const auto due = deadlines_.deadline_of(job); due && *due < at) return;
    }
    deadlines_.set(job, at);
  }

  void cancel(const Job& job) {
    progress_.erase(job);
    deadlines_.cancel(job);
  }
  void cancel(IntentStore::Id record) {
    cancel({record, Direction::to_others});
    cancel({record, Direction::to_itself});
  }

  /// A walk that is due, or nothing; it stays due until it is cancelled.
  [[nodiscard]] std::optional<Job> due(TimePoint now) {
    const auto job = deadlines_.pop_due(now);
    if (job) deadlines_.set(*job, now);
    return job;
  }
  [[nodiscard]] Progress& progress(const Job& job) { return progress_.at(job); }

  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }
  [[nodiscard]] std::size_t size() const { return progress_.size(); }

 private:
  std::map<Job, Progress> progress_;
  DeadlineQueue<Job> deadlines_;
};

}  // namespace kith::overlay
