#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/overlay/store/store_samples.hpp"

namespace kith::test {

/// Steps that go round all the tables of a store.  Each is made of its number alone, and needs none
/// of those before it.
class StoreSteps {
 public:
  /// Whether the store has confirmed the whole `n`th step.
  [[nodiscard]] bool take(overlay::Store& store, std::uint32_t n) {
    switch (n % kKinds) {
      case 0:
        return add_ticket(store, n);
      case 1:
        return add_ticket(store, n) &&
               store.spend(numbered(n), numbered(n), kIssuedAt).value_or(false);
      case 2:
        return add_ticket(store, n) && store.revoke_ticket(numbered(n), kIssuedAt).value_or(false);
      case 3:
        return add_relationship(store, n);
      case 4:
        return add_relationship(store, n) &&
               store.end_relationship(relationship(n).terms().id, end(n)).value_or(false);
      case 5:
        return store.block(name(n), time(n)).has_value();
      case 6:
        return store.remember_address(name(n), numbered(n), kIssuedAt).has_value();
      case 7:
        return store.raise_times(std::vector{seen_time(n)}).has_value();
      case 8:
        return store.raise_own_time(time(n)).has_value();
      default:
        return store.put_peers(std::vector{peer(n)}).has_value();
    }
  }

  /// Whether the store holds what the `n`th step has left behind.
  [[nodiscard]] bool is_kept(overlay::Store& store, std::uint32_t n) {
    switch (n % kKinds) {
      case 0:
      case 1:
      case 2:
        return store.find_ticket(numbered(n)).value() == ticket(n);
      case 3:
      case 4:
        return is_related(store, n);
      case 5:
        return has(store.blocks(WallTime{}).value(), overlay::Block{name(n), time(n)});
      case 6:
        return has(store.addresses().value(), overlay::KnownAddress{name(n), numbered(n)});
      case 7:
        return has(store.latest_times(100'000).value(), seen_time(n));
      case 8:
        return store.own_time().value() >= time(n);
      default:
        return has(store.peers().value(), peer(n));
    }
  }

 private:
  static constexpr std::uint32_t kKinds = 10;

  static std::string name(std::uint32_t n) { return "host" + std::to_string(n); }
  static WallTime time(std::uint32_t n) { return kIssuedAt + Duration(n); }
  static overlay::SeenTime seen_time(std::uint32_t n) { return {numbered(n).bytes(), time(n)}; }
  static overlay::KnownPeer peer(std::uint32_t n) { return {numbered(n), name(n), time(n)}; }
  static overlay::StoredEnd end(std::uint32_t n) {
    return {.at = time(n), .signature = {static_cast<Byte>(n)}};
  }
  static std::vector<Endpoint> endpoints() { return {Endpoint::v4({192, 0, 2, 1}, 3141)}; }

  static overlay::StoredTicket ticket(std::uint32_t n) {
    overlay::StoredTicket row = some_ticket(numbered(n));
    if (n % kKinds == 1) {
      row.used_at = kIssuedAt;
      row.used_by = numbered(n);
    }
    if (n % kKinds == 2) row.revoked_at = kIssuedAt;
    return row;
  }

  RelationshipToken relationship(std::uint32_t n) {
    cast_.random = SeededRandom(n);
    return cast_.relationship_token();
  }

  template <class Row>
  static bool has(const std::vector<Row>& rows, const Row& row) {
    return std::ranges::find(rows, row) != rows.end();
  }

  static bool add_ticket(overlay::Store& store, std::uint32_t n) {
    return store.add_ticket(some_ticket(numbered(n)), kIssuedAt).value_or(false);
  }

  bool add_relationship(overlay::Store& store, std::uint32_t n) {
    return store.add_relationship(relationship(n), endpoints(), kIssuedAt).has_value();
  }

  bool is_related(overlay::Store& store, std::uint32_t n) {
    const auto rows = store.relationships().value();
    const auto row = std::ranges::find(rows, relationship(n), &overlay::StoredRelationship::token);
    if (row == rows.end() || row->endpoints != endpoints()) return false;
    return n % kKinds == 4 ? row->end == end(n) : !row->end;
  }

  Cast cast_;
};

}  // namespace kith::test
