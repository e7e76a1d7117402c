#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include <kith/time.hpp>

#include "core/random.hpp"
#include "overlay/contact_book.hpp"

namespace kith::overlay {

/// The peers whose sessions broke, long after the table has given them up: a partition that heals
/// leaves two overlays, and only those who remember the others can make one of them again.
///
/// One of them at a time is dialed, after pauses of 5 s doubling to a minute.  When one is found
/// that was away for long, the way to the others may be open too: each is tried once at once.  At
/// most 64; a newcomer takes the place of a random one.
class LostPeers {
 public:
  explicit LostPeers(Random& random) : random_(&random) {}

  // Inputs.

  void on_lost(ContactIndex contact, TimePoint now);
  /// Whether it was away for long, so that there may be more that is new behind it.
  bool on_found(ContactIndex contact, TimePoint now);

  // Outputs.

  /// Whom to dial now; the next pause begins.
  [[nodiscard]] std::optional<ContactIndex> next(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  /// Whether `next` has somebody without a pause.
  [[nodiscard]] bool is_urgent() const { return urgent_ > 0; }

  // Getters.

  void append_to(std::vector<ContactIndex>& contacts) const;

 private:
  struct Lost {
    ContactIndex contact;
    TimePoint since;
  };

  Random* random_;
  std::vector<Lost> lost_;  ///< In the order in which they are dialed.
  /// How many of the first are to be dialed without a pause.
  std::size_t urgent_ = 0;
  TimePoint due_;
  Duration pause_{};
};

}  // namespace kith::overlay
