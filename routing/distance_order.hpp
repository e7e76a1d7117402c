#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <kith/fingerprint.hpp>

#include "routing/contact_index.hpp"
#include "routing/slot.hpp"

namespace kith::routing {

/// Contacts in the order of their XOR distance to one of them, the *origin*, who is not listed.
///
/// XOR with the origin changes no distance, so this one sorted array is at the same time the list
/// of neighbours (its beginning), every bucket and slot (a contiguous range each), and a binary
/// trie in which the closest to any key are found by halving.  It keeps the first 64 bits of each
/// distance; where these do not decide, the whole fingerprints do.
class DistanceOrder {
 public:
  using Position = std::size_t;

  /// Half open.
  struct Range {
    Position first = 0;
    Position last = 0;
    [[nodiscard]] std::size_t size() const { return last - first; }
  };

  /// A key, prepared for comparing many contacts with it.  Refers to the key.
  struct Target {
    const Fingerprint* key;
    std::uint64_t origin_top64;  ///< Of the distance between key and origin.
  };

  /// `book` must outlive the order, and hold every contact as long as it is listed.
  DistanceOrder(const FingerprintBook& book, ContactIndex origin);

  [[nodiscard]] std::size_t size() const { return contacts_.size(); }
  [[nodiscard]] ContactIndex operator[](Position at) const { return contacts_[at]; }
  [[nodiscard]] const Fingerprint& id(Position at) const { return (*book_)[contacts_[at]]; }
  [[nodiscard]] const Fingerprint& origin_id() const { return (*book_)[origin_]; }
  /// The first 64 bits of the distance between origin and contact.
  [[nodiscard]] std::uint64_t distance_top64(Position at) const { return distances_[at]; }

  [[nodiscard]] std::optional<Position> find(ContactIndex contact) const;

  /// How many contacts are strictly nearer to the origin than `id` is.
  [[nodiscard]] Position rank(const Fingerprint& id) const;

  [[nodiscard]] Slot slot(Position at, int spread_bits) const;
  [[nodiscard]] Range slot_range(Slot slot, int spread_bits) const;
  /// The end of the slot that begins at `first`.
  [[nodiscard]] Position slot_end(Position first, int spread_bits) const;

  /// Returns where `contact` is now.  @pre It is neither listed nor the origin.
  Position insert(ContactIndex contact);
  void erase(Position at);

  [[nodiscard]] Target target(const Fingerprint& key) const;
  /// The first 64 bits of the distance between the target and a contact.
  [[nodiscard]] std::uint64_t top64(const Target& target, Position at) const {
    return distances_[at] ^ target.origin_top64;
  }
  /// Whether `a` is strictly closer to the target than `b`.
  [[nodiscard]] bool is_closer(const Target& target, Position a, Position b) const {
    if (distances_[a] != distances_[b]) return top64(target, a) < top64(target, b);
    return kith::is_closer(*target.key, id(a), id(b));
  }
  [[nodiscard]] bool is_closer_than_origin(const Target& target, Position at) const {
    if (distances_[at] != 0) return top64(target, at) < target.origin_top64;
    return kith::is_closer(*target.key, id(at), origin_id());
  }

  /// Calls `visit(position)` for all contacts, the closest to the target first, until it returns
  /// false.
  template <class Visit>
  void visit_closest(const Target& target, Visit visit) const {
    visit_range(target, {0, size()}, visit);
  }

 private:
  // Up to here sorting beats halving.
  static constexpr std::size_t kLeaf = 8;

  template <class Visit>
  bool visit_range(const Target& target, Range range, Visit& visit) const;
  template <class Positions, class Visit>
  bool visit_sorted(const Target& target, Range range, Positions positions, Visit& visit) const;

  const FingerprintBook* book_;
  ContactIndex origin_;
  std::vector<std::uint64_t> distances_;  // Ascending.
  std::vector<ContactIndex> contacts_;    // Parallel to distances_.
};

template <class Visit>
bool DistanceOrder::visit_range(const Target& target, Range range, Visit& visit) const {
  if (range.size() <= kLeaf)
    return visit_sorted(target, range, std::array<Position, kLeaf>{}, visit);
  const std::uint64_t differing = distances_[range.first] ^ distances_[range.last - 1];
  if (differing == 0)
    return visit_sorted(target, range, std::vector<Position>(range.size()), visit);
  const std::uint64_t bit = std::uint64_t{1} << (63 - std::countl_zero(differing));
  const auto begin = distances_.begin();
  const auto middle =
      std::partition_point(begin + static_cast<std::ptrdiff_t>(range.first),
                           begin + static_cast<std::ptrdiff_t>(range.last),
                           [bit](std::uint64_t distance) { return (distance & bit) == 0; });
  Range near{range.first, static_cast<Position>(middle - begin)};
  Range far{near.last, range.last};
  if ((target.origin_top64 & bit) != 0) std::swap(near, far);
  return visit_range(target, near, visit) && visit_range(target, far, visit);
}

template <class Positions, class Visit>
bool DistanceOrder::visit_sorted(const Target& target, Range range, Positions positions,
                                 Visit& visit) const {
  // By insertion where there are few; what ties in 64 bits was ground by somebody and may be slow.
  std::size_t count = 0;
  for (Position at = range.first; at < range.last; ++at) {
    std::size_t hole = count++;
    for (; hole > 0 && is_closer(target, at, positions[hole - 1]); --hole)
      positions[hole] = positions[hole - 1];
    positions[hole] = at;
  }
  for (std::size_t i = 0; i < count; ++i)
    if (!visit(positions[i])) return false;
  return true;
}

/// A `DistanceOrder` with something known of each contact.
template <class Info>
class DistanceMap {
 public:
  using Position = DistanceOrder::Position;

  DistanceMap(const FingerprintBook& book, ContactIndex origin) : order_(book, origin) {}

  [[nodiscard]] const DistanceOrder& order() const { return order_; }
  [[nodiscard]] std::size_t size() const { return order_.size(); }
  [[nodiscard]] const Info& operator[](Position at) const { return infos_[at]; }
  [[nodiscard]] Info& operator[](Position at) { return infos_[at]; }

  Position insert(ContactIndex contact, const Info& info) {
    const Position at = order_.insert(contact);
    // Doubling would leave a simulated world half empty.
    if (infos_.size() == infos_.capacity()) infos_.reserve(infos_.size() + infos_.size() / 8 + 8);
    infos_.insert(infos_.begin() + static_cast<std::ptrdiff_t>(at), info);
    return at;
  }

  void erase(Position at) {
    order_.erase(at);
    infos_.erase(infos_.begin() + static_cast<std::ptrdiff_t>(at));
  }

 private:
  DistanceOrder order_;
  std::vector<Info> infos_;  // Parallel to order_.
};

}  // namespace kith::routing
