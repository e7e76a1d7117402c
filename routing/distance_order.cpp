#include "routing/distance_order.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::routing {
namespace {

template <class T>
void insert_at(std::vector<T>& values, std::size_t at, T value) {
  if (values.size() == values.capacity()) values.reserve(values.size() + values.size() / 8 + 8);
  values.insert(values.begin() + static_cast<std::ptrdiff_t>(at), value);
}

template <class T>
void erase_at(std::vector<T>& values, std::size_t at) {
  values.erase(values.begin() + static_cast<std::ptrdiff_t>(at));
}

/// The least and the greatest first 64 bits of a distance in a slot.
struct Bounds {
  std::uint64_t first;
  std::uint64_t last;
};

/// Nothing if 64 bits do not tell the slot from others.
std::optional<Bounds> bounds_of(Slot slot, int spread_bits) {
  const int bits_below = 63 - slot.bucket - spread_bits;
  if (bits_below < 0) return std::nullopt;
  const std::uint64_t first =
      (std::uint64_t{1} << (63 - slot.bucket)) | (std::uint64_t{slot.part} << bits_below);
  return Bounds{first, first | ((std::uint64_t{1} << bits_below) - 1)};
}

}  // namespace

DistanceOrder::DistanceOrder(const FingerprintBook& book, ContactIndex origin)
    : book_(&book), origin_(origin) {}

std::optional<DistanceOrder::Position> DistanceOrder::find(ContactIndex contact) const {
  const Position at = rank((*book_)[contact]);
  if (at == size() || contacts_[at] != contact) return std::nullopt;
  return at;
}

DistanceOrder::Position DistanceOrder::rank(const Fingerprint& fingerprint) const {
  const std::uint64_t sought = fingerprint.top64() ^ origin_id().top64();
  const auto lower = std::ranges::lower_bound(distances_, sought);
  auto at = static_cast<Position>(lower - distances_.begin());
  if (at == size() || distances_[at] != sought) return at;
  const Fingerprint whole = distance(fingerprint, origin_id());
  while (at < size() && distances_[at] == sought && distance(id(at), origin_id()) < whole) ++at;
  return at;
}

Slot DistanceOrder::slot(Position at, int spread_bits) const {
  if (auto slot = slot_of(distances_[at], spread_bits)) return *slot;
  return slot_of(distance(id(at), origin_id()), spread_bits);
}

DistanceOrder::Range DistanceOrder::slot_range(Slot sought, int spread_bits) const {
  if (const auto bounds = bounds_of(sought, spread_bits)) {
    const auto first = std::ranges::lower_bound(distances_, bounds->first);
    const auto last = std::ranges::upper_bound(first, distances_.end(), bounds->last);
    return {static_cast<Position>(first - distances_.begin()),
            static_cast<Position>(last - distances_.begin())};
  }
  Range range{0, size()};
  for (std::size_t count = size(); count > 0;) {
    const std::size_t half = count / 2;
    const bool nearer = is_nearer(slot(range.first + half, spread_bits), sought);
    if (nearer) range.first += half + 1;
    count = nearer ? count - half - 1 : half;
  }
  range.last = range.first;
  if (range.first < size() && slot(range.first, spread_bits) == sought)
    range.last = slot_end(range.first, spread_bits);
  return range;
}

DistanceOrder::Position DistanceOrder::slot_end(Position first, int spread_bits) const {
  const Slot whole = slot(first, spread_bits);
  if (const auto bounds = bounds_of(whole, spread_bits)) {
    const auto from = distances_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto last = std::ranges::upper_bound(from, distances_.end(), bounds->last);
    return static_cast<Position>(last - distances_.begin());
  }
  Position last = first + 1;
  while (last < size() && slot(last, spread_bits) == whole) ++last;
  return last;
}

DistanceOrder::Position DistanceOrder::insert(ContactIndex contact) {
  const Fingerprint& fingerprint = (*book_)[contact];
  const Position at = rank(fingerprint);
  KITH_ASSERT(contact != origin_ && (at == size() || contacts_[at] != contact));
  insert_at(distances_, at, fingerprint.top64() ^ origin_id().top64());
  insert_at(contacts_, at, contact);
  return at;
}

void DistanceOrder::erase(Position at) {
  KITH_ASSERT(at < size());
  erase_at(distances_, at);
  erase_at(contacts_, at);
}

DistanceOrder::Target DistanceOrder::target(const Fingerprint& key) const {
  return {&key, key.top64() ^ origin_id().top64()};
}

}  // namespace kith::routing
