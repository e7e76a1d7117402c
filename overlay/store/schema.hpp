#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kith::overlay {

/// "kith" in the file's header: whose file it is.
inline constexpr std::int64_t kApplicationId = 0x6b697468;
inline constexpr std::int64_t kStoreVersion = 2;

struct TableRules {
  std::string_view name;
  std::string_view definition;  ///< Of the columns, in SQL.
  std::string_view columns;     ///< Their names, as `row_seal` takes them.
  std::int64_t rows_max;
  /// The order in which rows go when the table is full, in SQL.  `?1` is now.
  std::string_view first_to_go;
  std::string_view may_go;  ///< Which rows may go, in SQL.
};

[[nodiscard]] const std::array<TableRules, 7>& tables();
[[nodiscard]] const TableRules& table_named(std::string_view name);

/// The seal of a row as SQL, where each column stands for its value.
[[nodiscard]] std::string seal_of(const TableRules& table);
/// The same with `values` in place of the columns, in their order.
[[nodiscard]] std::string seal_of(const TableRules& table, std::string_view values);

/// The beginning of a query for its rows: their columns, and behind them whether the seal is right.
[[nodiscard]] std::string select_from(const TableRules& table);

/// All statements that make an empty store.
[[nodiscard]] std::string creation();

/// What `sqlite_schema` says of a store, in the order of names.
inline constexpr std::string_view kSchemaQuery =
    "SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL "
    "ORDER BY name)";

}  // namespace kith::overlay
