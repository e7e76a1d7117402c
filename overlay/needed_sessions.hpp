#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/backoff.hpp"
#include "overlay/contact_book.hpp"

namespace kith::overlay {

/// Dials for the exchange that may be under way at once: whoever has tens of thousands of matches
/// gets to them one after the other.
inline constexpr std::size_t kExchangeDialsMax = 64;
/// How many begin in a second, on average; as many may begin at once after a quiet second.
inline constexpr std::uint32_t kExchangeDialsPerSecond = 64;

/// The sessions that the exchange needs: whom we have to dial for them, and when.
///
///     need ──► waiting ──next──► under way ──on_connected──► there
///                 ▲ ▲                │                         │
///                 │ └── on_failed ───┘  after a pause          │
///                 └──────────────── on_missing ────────────────┘
///
/// Who refuses us for the first time may only not have heard yet that we match, and is asked again
/// soon.
class NeededSessions {
 public:
  explicit NeededSessions(Random& random) : random_(&random) {}

  // Commands.

  /// A session with `node` is needed; with `dial` we are to open it.
  void need(const Fingerprint& node, std::optional<ContactIndex> dial);
  void release(const Fingerprint& node);
  void clear();

  // Inputs.

  /// There is a session with `node`.
  void on_connected(const Fingerprint& node);
  /// There is none, or none any more.
  void on_missing(const Fingerprint& node, TimePoint now);
  void on_failed(const Fingerprint& node, Errc why, TimePoint now);

  // Outputs.

  /// Dial this one now; `on_connected` or `on_failed` tells what came of it.
  [[nodiscard]] std::optional<ContactIndex> next_dial(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] bool is_needed(const Fingerprint& node) const { return needs_.contains(node); }
  void append_contacts(std::vector<ContactIndex>& contacts) const;

 private:
  struct Need {
    std::optional<ContactIndex> dial;
    Backoff backoff;
    bool was_refused = false;
  };

  Random* random_;
  std::map<Fingerprint, Need> needs_;
  DeadlineQueue<Fingerprint> waiting_;
  /// Also what is not needed any more: a dial counts until it is over.
  std::set<Fingerprint> under_way_;
  TimePoint next_start_{};
};

}  // namespace kith::overlay
