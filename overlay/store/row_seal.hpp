#pragma once

#include <array>
#include <cstddef>

#include <kith/bytes.hpp>

struct sqlite3;

namespace kith::overlay {

/// SQLite sees damage to the structure of its file, not to what the rows say.  So each row carries
/// a seal, a hash of its table and values, and each table the sum of all seals: no row can change,
/// come or go unseen.
inline constexpr std::size_t kRowSealBytes = 16;
using RowSeal = std::array<Byte, kRowSealBytes>;

/// Defines in SQL: `row_seal(table, value, …)`, and `seal_sum(a, b)`, which is its own inverse.
/// Throws `DatabaseFailure`.
void register_row_seal(sqlite3* database);

/// The sum, as `seal_sum` forms it.
[[nodiscard]] RowSeal seal_sum(ByteView a, ByteView b);

}  // namespace kith::overlay
