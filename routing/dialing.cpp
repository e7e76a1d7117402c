#include "routing/dialing.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "routing/holder.hpp"

namespace kith::routing {
namespace {

using Position = DistanceOrder::Position;
using Range = DistanceOrder::Range;

std::optional<Position> next_neighbour(const Table& table, TimePoint now) {
  const SpareSet& spares = table.spares();
  for (Position at = 0; at < spares.size(); ++at) {
    if (!table.peers().is_neighbour(spares.order().id(at))) break;
    if (spares[at].is_free(now)) return at;
  }
  return std::nullopt;
}

/// What the best spare of one slot is good for, if that is `least` or more pressing.
class SlotNeed {
 public:
  SlotNeed(const Table& table, Range spares, TimePoint now, Need least)
      : peers_(table.peers()), spares_(table.spares()), slack_(table.config().latency_slack) {
    const int spread_bits = table.config().spread_bits;
    const Slot slot = spares_.order().slot(spares.first, spread_bits);
    const Range held = peers_.order().slot_range(slot, spread_bits);
    if (const auto at = holder(peers_, held); at && !peers_.is_suspect(*at)) holder_ = at;
    for (Position at = spares.first; at < spares.last; ++at) {
      if (spares_[at].dialing != 0) attended_ = true;
      if (!spares_[at].is_free(now) || need(at) > least || !serves(at)) continue;
      if (best_ && !is_preferred(at, *best_)) continue;
      // This looks at all peers.
      if (!peers_.would_crowd(spares_.order().id(at), spares_[at].network)) best_ = at;
    }
  }

  /// The spare to dial.
  [[nodiscard]] std::optional<Position> best() const { return attended_ ? std::nullopt : best_; }

  /// What the slot would have a session with `spare` for.
  [[nodiscard]] Need need(Position spare) const {
    if (!holder_) return Need::empty_slot;
    return spares_[spare].rtt() ? Need::nearer : Need::explore;
  }

 private:
  /// Whether the slot would gain by a session with the spare.
  [[nodiscard]] bool serves(Position at) const {
    if (!holder_) return true;
    if (!spares_[at].rtt()) return slack_ < peers_.one_way(*holder_);
    return spares_.one_way(at) + slack_ < peers_.one_way(*holder_);
  }

  /// Of those that serve a held slot, what is known to be nearer comes before what may be.
  [[nodiscard]] bool is_preferred(Position a, Position b) const {
    const bool a_known = spares_[a].rtt().has_value();
    const bool b_known = spares_[b].rtt().has_value();
    if (holder_ && a_known != b_known) return a_known;
    return spares_.is_better(a, b);
  }

  const PeerSet& peers_;
  const SpareSet& spares_;
  Duration slack_;
  std::optional<Position> holder_;
  std::optional<Position> best_;
  bool attended_ = false;
};

/// Behind it there are neighbours only.
int deepest_bucket(const Table& table) {
  const std::size_t neighbourhood = table.config().neighbourhood;
  if (neighbourhood == 0 || table.peers().size() < neighbourhood) return 0;
  return table.peers().order().slot(neighbourhood - 1, 0).bucket;
}

}  // namespace

Wish wants(const Table& table, const Fingerprint& id, const Endpoint& endpoint) {
  if (id == table.self_id()) return Wish::ignore;
  if (const auto known = table.book().find(id)) {
    if (table.is_peer(*known) || table.is_spare(*known)) return Wish::ignore;
  }
  const PeerSet& peers = table.peers();
  const Config& config = table.config();
  if (peers.is_neighbour(id)) return Wish::connect;
  const NetworkTag network = table.network(endpoint);
  if (peers.would_crowd(id, network)) return Wish::ignore;
  const Slot slot = slot_of(distance(id, table.self_id()), config.spread_bits);
  const bool covered = is_covered(peers, peers.order().slot_range(slot, config.spread_bits));
  if (!covered && peers.size() < config.sessions_max) return Wish::connect;
  return table.spares().has_room(id, network) ? Wish::keep : Wish::ignore;
}

std::optional<Candidate> next_candidate(const Table& table, TimePoint now, Need least) {
  const DistanceOrder& order = table.spares().order();
  if (auto at = next_neighbour(table, now)) return Candidate{order[*at], Need::neighbour};
  if (least == Need::neighbour) return std::nullopt;
  if (table.peers().size() >= table.config().sessions_max) return std::nullopt;
  std::optional<Candidate> found;
  for (Position first = 0; first < order.size();) {
    const Range slot{first, order.slot_end(first, table.config().spread_bits)};
    first = slot.last;
    // The shallowest slot comes last and wins among equals: half of all messages pass through it.
    const SlotNeed slot_need(table, slot, now, found ? found->need : least);
    if (auto at = slot_need.best()) found = Candidate{order[*at], slot_need.need(*at)};
  }
  return found;
}

std::vector<Slot> empty_slots(const Table& table) {
  const PeerSet& peers = table.peers();
  const Config& config = table.config();
  const int deepest = deepest_bucket(table);
  std::vector<Slot> empty;
  for (int bucket = 0; bucket <= deepest; ++bucket) {
    for (int part = 0; part >> config.spread_bits == 0; ++part) {
      const Slot slot{static_cast<std::uint16_t>(bucket), static_cast<std::uint16_t>(part)};
      if (peers.order().slot_range(slot, config.spread_bits).size() == 0) empty.push_back(slot);
    }
  }
  return empty;
}

Slot random_slot(const Table& table, Random& random) {
  // Half as likely every second bucket: a deeper one has fewer keys, and fewer nodes to go through.
  const std::uint64_t draw = random.next_u64();
  const int halvings = std::countr_zero(draw >> 1 | std::uint64_t{1} << 62);
  const int bucket = std::min(2 * halvings + static_cast<int>(draw & 1), deepest_bucket(table));
  const std::uint64_t part = random.below(std::uint64_t{1} << table.config().spread_bits);
  return {static_cast<std::uint16_t>(bucket), static_cast<std::uint16_t>(part)};
}

std::optional<ContactIndex> informant(const Table& table, Slot slot, Random& random) {
  constexpr std::size_t kNearest = 4;
  const PeerSet& peers = table.peers();
  std::vector<std::pair<Duration, Position>> near;
  const Position last = peers.order().slot_range({slot.bucket, 0}, 0).first;
  for (Position at = 0; at < last; ++at)
    if (!peers.is_suspect(at)) near.emplace_back(peers.one_way(at), at);
  if (near.empty()) return std::nullopt;
  const std::size_t count = std::min(kNearest, near.size());
  std::ranges::partial_sort(near, near.begin() + static_cast<std::ptrdiff_t>(count));
  return peers.order()[near[random.below(count)].second];
}

}  // namespace kith::routing
