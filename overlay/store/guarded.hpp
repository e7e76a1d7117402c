#pragma once

#include <type_traits>
#include <utility>

#include "overlay/store/database.hpp"
#include "overlay/store/store.hpp"

namespace kith::overlay {

/// Runs the work of one method: what SQLite throws becomes the fault that the caller sees.  Once it
/// is damage, nothing is run any more.
template <class Work>
auto Store::guarded(Work work) -> Stored<decltype(work())> {
  if (damage_) return std::unexpected(*damage_);
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      return {};
    } else {
      return work();
    }
  } catch (const DatabaseFailure& failure) {
    StoreFault fault = fault_of(failure);
    if (fault.kind == StoreFault::Kind::damaged) damage_ = fault;
    return std::unexpected(std::move(fault));
  } catch (StoreFault& fault) {
    return std::unexpected(std::move(fault));
  }
}

/// The values of a row that has its seal; a fault if it was changed behind our back.
inline void expect_sound(const Statement& row, int seal_column) {
  if (row.number(seal_column) != 1) throw DatabaseFailure::damage("a row was changed");
}

}  // namespace kith::overlay
