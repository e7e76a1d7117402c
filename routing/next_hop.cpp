#include "routing/next_hop.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "core/assert.hpp"
#include "routing/scaled_product.hpp"

namespace kith::routing {
namespace {

using Position = DistanceOrder::Position;

constexpr int kLogBits = 8;     // Fraction bits of a logarithm.
constexpr int kNodesBits = 16;  // Fraction bits of a number of nodes.

/// The choice of one hop among the peers that are allowed.
class Chooser {
 public:
  Chooser(const Table& table, const Fingerprint& key, std::span<const ContactIndex> exclude,
          Suspects suspects)
      : table_(table),
        order_(table.peers().order()),
        target_(order_.target(key)),
        exclude_(exclude),
        suspects_(suspects) {}

  [[nodiscard]] std::optional<Position> choose() const {
    const auto closest = closest_allowed();
    if (!closest) return std::nullopt;
    const std::uint64_t left = table_.expected_nodes_within(order_.top64(target_, *closest));
    if (left <= table_.config().greedy_within) return closest;
    return cheapest(*closest);
  }

 private:
  [[nodiscard]] bool allows(Position at) const {
    if (suspects_ == Suspects::skip && table_.peers().is_suspect(at)) return false;
    return std::ranges::find(exclude_, order_[at]) == exclude_.end();
  }

  [[nodiscard]] std::optional<Position> closest_allowed() const {
    std::optional<Position> found;
    order_.visit_closest(target_, [&](Position at) {
      if (!order_.is_closer_than_origin(target_, at)) return false;
      if (allows(at)) found = at;
      return !found;
    });
    return found;
  }

  [[nodiscard]] Position cheapest(Position closest) const {
    const std::uint64_t nodes = table_.estimated_nodes();
    Best best{closest, cost(closest, nodes)};
    // Only peers of the key's own bucket take away the first bit of its distance.
    const DistanceOrder::Range bucket = key_bucket();
    scan(bucket, nodes, best);
    const std::uint64_t left_by_others = std::bit_floor(target_.origin_top64);
    if (best.cost > toll(left_by_others, nodes)) scan({0, bucket.first}, nodes, best);
    return best.at;
  }

  struct Best {
    Position at;
    std::uint64_t cost;
  };

  void scan(DistanceOrder::Range range, std::uint64_t nodes, Best& best) const {
    for (Position at = range.first; at < range.last; ++at) {
      if (!order_.is_closer_than_origin(target_, at) || !allows(at)) continue;
      const std::uint64_t its_cost = cost(at, nodes);
      if (its_cost > best.cost) continue;
      if (its_cost == best.cost && !order_.is_closer(target_, at, best.at)) continue;
      best = {at, its_cost};
    }
  }

  [[nodiscard]] DistanceOrder::Range key_bucket() const {
    return order_.slot_range(slot_of(distance(*target_.key, order_.origin_id()), 0), 0);
  }

  [[nodiscard]] std::uint64_t cost(Position at, std::uint64_t nodes) const {
    const auto latency = static_cast<std::uint64_t>(table_.peers().one_way(at).count());
    return latency + toll(order_.top64(target_, at), nodes);
  }

  /// What it costs to leave a distance with these first bits to others.
  [[nodiscard]] std::uint64_t toll(std::uint64_t left_top64, std::uint64_t nodes) const {
    const auto worth = static_cast<std::uint64_t>(table_.config().halving_worth.count());
    const std::uint64_t left = scaled_product(nodes, left_top64, 64 - kNodesBits);
    return worth * log2_of_one_plus(left) >> kLogBits;
  }

  const Table& table_;
  const DistanceOrder& order_;
  DistanceOrder::Target target_;
  std::span<const ContactIndex> exclude_;
  Suspects suspects_;
};

}  // namespace

std::optional<ContactIndex> next_hop(const Table& table, const Fingerprint& key,
                                     std::span<const ContactIndex> exclude) {
  auto at = Chooser(table, key, exclude, Suspects::skip).choose();
  if (!at) at = Chooser(table, key, exclude, Suspects::include).choose();
  if (!at) return std::nullopt;
  return table.peers().order()[*at];
}

std::uint64_t log2_of_one_plus(std::uint64_t x) {
  const std::uint64_t one = std::uint64_t{1} << kNodesBits;
  const std::uint64_t sum = x > std::numeric_limits<std::uint64_t>::max() - one
                                ? std::numeric_limits<std::uint64_t>::max()
                                : x + one;
  // Whole bits from the width, the rest by a straight line between powers of two.
  const auto whole = static_cast<std::uint64_t>(std::bit_width(sum) - 1);
  const std::uint64_t fraction = (sum - (std::uint64_t{1} << whole)) >> (whole - kLogBits);
  return (whole - kNodesBits) << kLogBits | fraction;
}

}  // namespace kith::routing
