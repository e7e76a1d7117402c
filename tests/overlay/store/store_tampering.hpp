#pragma once

#include <sqlite3.h>

#include <string>

#include <gtest/gtest.h>

#include "overlay/store/database.hpp"
#include "overlay/store/schema.hpp"

namespace kith::test {

/// Changes a store as nobody should.
inline void change(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

/// Fills a table of a store as far as it may be filled, faster than by its methods.  `values` are
/// those of the columns in SQL, for the `n`th row: n counts from 1.
inline void fill_table(const std::string& path, std::string_view name, const std::string& values) {
  const overlay::TableRules& table = overlay::table_named(name);
  overlay::Database database(path, {.pages_max = 65'536});
  database.execute("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers " +
                   ("WHERE n < " + std::to_string(table.rows_max)) + ") INSERT INTO " +
                   std::string(name) + " SELECT " + values + ", " +
                   overlay::seal_of(table, values) + " FROM numbers");
}

}  // namespace kith::test
