#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <kith/time.hpp>

#include "routing/config.hpp"
#include "routing/distance_order.hpp"
#include "routing/network_tag.hpp"

namespace kith::routing {

/// What the table knows of a contact without a session; twelve bytes more in its place.
struct Spare {
  NetworkTag network = kExemptNetwork;
  std::uint32_t rtt_us : 24 = 0;  ///< As we measured it ourselves once; 0: never.
  std::uint32_t failures : 7 = 0;
  std::uint32_t dialing : 1 = 0;
  std::uint32_t redial_at = 0;  ///< In ticks of 65.536 ms.

  /// Whether it may be dialed now.
  [[nodiscard]] bool is_free(TimePoint now) const;
  [[nodiscard]] std::optional<Duration> rtt() const;
};
static_assert(sizeof(Spare) == 12);

/// Candidates: the contacts that we heard of, or lost, and may need some day.
///
/// The nearest `neighbourhood` of them are kept whatever else comes.  Of the others, a slot keeps
/// `spares_per_slot`, a network has `network_per_bucket` and `network_per_table`, and all together
/// are at most `spares_max`.  Who has to go is the worst: not being dialed, then more failed
/// dials, then the longer round trip (a guess if never measured), then the greater distance.
class SpareSet {
 public:
  using Position = DistanceOrder::Position;

  SpareSet(const Config& config, const FingerprintBook& book, ContactIndex self);

  [[nodiscard]] const DistanceOrder& order() const { return spares_.order(); }
  [[nodiscard]] std::size_t size() const { return spares_.size(); }
  [[nodiscard]] const Spare& operator[](Position at) const { return spares_[at]; }

  /// Whether `a` is the better candidate of two.
  [[nodiscard]] bool is_better(Position a, Position b) const;

  /// Half the round trip, as measured once or as guessed.
  [[nodiscard]] Duration one_way(Position at) const;

  /// Whether slot and network have room for a contact that we know nothing else of, or its slot a
  /// worse one to give up.
  [[nodiscard]] bool has_room(const Fingerprint& id, NetworkTag network) const;

  /// Takes `contact` in and appends to `released` who had to go for it, perhaps itself.
  /// @pre It is not listed.
  void insert(ContactIndex contact, const Spare& spare, std::vector<ContactIndex>& released);
  void erase(Position at) { spares_.erase(at); }

  /// `spare` after one more failed dial, backing off; nothing if it failed too often.
  [[nodiscard]] std::optional<Spare> after_failure(Spare spare, TimePoint now) const;

  void on_dial_started(Position at) { spares_[at].dialing = 1; }
  /// False if it failed too often and left.
  bool on_dial_failed(Position at, TimePoint now);

  /// Asserts the rules above.
  void sanity_check() const;

 private:
  [[nodiscard]] Position ordinary_from() const { return config_->neighbourhood; }
  [[nodiscard]] std::optional<Position> overfull_network(Position newest) const;
  [[nodiscard]] std::optional<Position> overfull_slot(Slot slot) const;
  [[nodiscard]] Position worst_of_fullest_slot() const;
  [[nodiscard]] Position worst_in(DistanceOrder::Range range) const;

  const Config* config_;
  DistanceMap<Spare> spares_;
};

}  // namespace kith::routing
