#include "routing/spare_set.hpp"

#include <algorithm>
#include <tuple>

#include "core/assert.hpp"

namespace kith::routing {
namespace {

constexpr std::int64_t kTickMicroseconds = 65'536;
constexpr std::int64_t kTickMax = 0xffff'ffff;

std::uint32_t tick_at_or_after(TimePoint time) {
  const std::int64_t ticks = time.time_since_epoch().count() / kTickMicroseconds + 1;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ticks, 0, kTickMax));
}

}  // namespace

bool Spare::is_free(TimePoint now) const {
  return dialing == 0 && now.time_since_epoch().count() >= redial_at * kTickMicroseconds;
}

std::optional<Duration> Spare::rtt() const {
  if (rtt_us == 0) return std::nullopt;
  return Duration(rtt_us);
}

SpareSet::SpareSet(const Config& config, const FingerprintBook& book, ContactIndex self)
    : config_(&config), spares_(book, self) {}

Duration SpareSet::one_way(Position at) const {
  return spares_[at].rtt().value_or(config_->stranger_rtt) / 2;
}

bool SpareSet::is_better(Position a, Position b) const {
  const auto rank = [this](Position at) {
    const Spare& spare = spares_[at];
    return std::tuple(spare.dialing == 0, std::uint32_t{spare.failures}, one_way(at), at);
  };
  return rank(a) < rank(b);
}

bool SpareSet::has_room(const Fingerprint& id, NetworkTag network) const {
  const Position rank = order().rank(id);
  const Slot slot = slot_of(distance(id, order().origin_id()), config_->spread_bits);
  if (rank >= ordinary_from() && network != kExemptNetwork) {
    const auto counts = [this](Position at) { return at >= ordinary_from(); };
    if (count_network(spares_, network, slot.bucket, counts).is_full(*config_)) return false;
  }
  const auto range = order().slot_range(slot, config_->spread_bits);
  const Position first = std::max(range.first, ordinary_from());
  if (rank < ordinary_from() || first + config_->spares_per_slot > range.last) return true;
  // A full slot: there must be somebody worse than a stranger, who never failed.
  for (Position at = first; at < range.last; ++at) {
    if (spares_[at].dialing != 0) continue;
    const bool nearer = at < rank;
    const auto stranger = std::tuple(0U, config_->stranger_rtt / 2, nearer);
    if (stranger < std::tuple(std::uint32_t{spares_[at].failures}, one_way(at), !nearer))
      return true;
  }
  return false;
}

void SpareSet::insert(ContactIndex contact, const Spare& spare,
                      std::vector<ContactIndex>& released) {
  const auto drop = [&](Position at) {
    released.push_back(order()[at]);
    spares_.erase(at);
  };
  const Position at = spares_.insert(contact, spare);
  // Whoever is now ordinary and was not before is the only one who can have broken a limit.
  const Position newest = std::max(at, ordinary_from());
  if (newest < size()) {
    const Slot slot = order().slot(newest, config_->spread_bits);
    if (auto worst = overfull_network(newest)) drop(*worst);
    if (auto worst = overfull_slot(slot)) drop(*worst);
  }
  if (size() > config_->spares_max) drop(worst_of_fullest_slot());
}

/// The worst of the network of `newest`, if that has more than it may.
std::optional<SpareSet::Position> SpareSet::overfull_network(Position newest) const {
  const NetworkTag network = spares_[newest].network;
  if (network == kExemptNetwork) return std::nullopt;
  const int bucket = order().slot(newest, 0).bucket;
  const NetworkCount count = count_network(spares_, network, bucket,
                                           [this](Position at) { return at >= ordinary_from(); });
  const bool bucket_overfull = count.in_bucket > config_->network_per_bucket;
  if (!bucket_overfull && count.in_table <= config_->network_per_table) return std::nullopt;
  std::optional<Position> worst;
  for (Position at = ordinary_from(); at < size(); ++at) {
    if (spares_[at].network != network) continue;
    if (bucket_overfull && order().slot(at, 0).bucket != bucket) continue;
    if (!worst || is_better(*worst, at)) worst = at;
  }
  return worst;
}

/// The worst of `slot`, if it holds more than it may.
std::optional<SpareSet::Position> SpareSet::overfull_slot(Slot slot) const {
  const auto range = order().slot_range(slot, config_->spread_bits);
  const Position first = std::max(range.first, ordinary_from());
  if (first + config_->spares_per_slot >= range.last) return std::nullopt;
  return worst_in({first, range.last});
}

/// Of the slots with the most spares the farthest gives one up: it is the easiest to fill again.
SpareSet::Position SpareSet::worst_of_fullest_slot() const {
  DistanceOrder::Range fullest;
  for (Position first = 0; first < size();) {
    const Position last = order().slot_end(first, config_->spread_bits);
    if (last > ordinary_from()) {
      const DistanceOrder::Range range{std::max(first, ordinary_from()), last};
      if (range.size() >= fullest.size()) fullest = range;
    }
    first = last;
  }
  // Fewer spares than neighbours are allowed: the farthest goes.
  if (fullest.size() == 0) return size() - 1;
  return worst_in(fullest);
}

/// @pre `range` is not empty
SpareSet::Position SpareSet::worst_in(DistanceOrder::Range range) const {
  Position worst = range.first;
  for (Position at = range.first; at < range.last; ++at)
    if (is_better(worst, at)) worst = at;
  return worst;
}

std::optional<Spare> SpareSet::after_failure(Spare spare, TimePoint now) const {
  const std::uint32_t failures = spare.failures + 1U;
  if (failures >= config_->failed_dials_max) return std::nullopt;
  Duration wait = config_->redial_after;
  for (std::uint32_t i = 1; i < failures && wait < config_->redial_after_max; ++i) wait *= 2;
  spare.failures = failures & 0x7fU;
  spare.dialing = 0;
  spare.redial_at = tick_at_or_after(now + std::min(wait, config_->redial_after_max));
  return spare;
}

bool SpareSet::on_dial_failed(Position at, TimePoint now) {
  if (const auto failed = after_failure(spares_[at], now)) {
    spares_[at] = *failed;
    return true;
  }
  spares_.erase(at);
  return false;
}

void SpareSet::sanity_check() const {
  KITH_ASSERT(size() <= config_->spares_max);
  for (Position at = 0; at < size(); ++at) {
    KITH_ASSERT(order().find(order()[at]) == at);
    KITH_ASSERT(at == 0 || order().distance_top64(at - 1) <= order().distance_top64(at));
    KITH_ASSERT(spares_[at].failures < config_->failed_dials_max);
    if (at < ordinary_from()) continue;
    KITH_ASSERT(!overfull_slot(order().slot(at, config_->spread_bits)));
    KITH_ASSERT(!overfull_network(at));
  }
}

}  // namespace kith::routing
