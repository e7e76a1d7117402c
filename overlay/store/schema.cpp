#include "overlay/store/schema.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::overlay {
namespace {

/// Keep the sum of the table's seals and its number of rows.
std::string triggers_of(const TableRules& table) {
  const std::string name(table.name);
  const auto trigger = [&name](const std::string& event, const std::string& seal, int change) {
    return "CREATE TRIGGER " + name + "_" + event + " AFTER " + event + " ON " + name +
           " BEGIN UPDATE totals SET rows = rows + " + std::to_string(change) +
           ", seals = seal_sum(seals, " + seal + ") WHERE name = '" + name + "'; END;";
  };
  return trigger("insert", "new.seal", 1) + trigger("delete", "old.seal", -1) +
         trigger("update", "seal_sum(old.seal, new.seal)", 0);
}

std::string creation_of(const TableRules& table) {
  const std::string name(table.name);
  return "CREATE TABLE " + name + " (" + std::string(table.definition) +
         ", seal BLOB NOT NULL) STRICT, WITHOUT ROWID;" + "INSERT INTO totals VALUES ('" + name +
         "', 0, zeroblob(16));" + triggers_of(table);
}

}  // namespace

const std::array<TableRules, 7>& tables() {
  static constexpr std::array<TableRules, 7> kTables = {{
      {.name = "tickets",
       .definition = "hash BLOB PRIMARY KEY NOT NULL, purpose INTEGER NOT NULL, "
                     "partner BLOB NOT NULL, expires_at INTEGER NOT NULL, used_at INTEGER, "
                     "used_by BLOB, revoked_at INTEGER, identity BLOB NOT NULL",
       .columns = "hash, purpose, partner, expires_at, used_at, used_by, revoked_at, identity",
       .rows_max = 10'000,
       .first_to_go = "expires_at",
       .may_go = "used_at IS NOT NULL OR revoked_at IS NOT NULL OR expires_at <= ?1"},
      {.name = "relationships",
       .definition = "id BLOB PRIMARY KEY NOT NULL, token BLOB NOT NULL, "
                     "endpoints TEXT NOT NULL, expires_at INTEGER NOT NULL, ended_at INTEGER, "
                     "end_signature BLOB",
       .columns = "id, token, endpoints, expires_at, ended_at, end_signature",
       .rows_max = 10'000,
       .first_to_go = "expires_at",
       // One that was ended must stay known as ended as long as its token would be believed.
       .may_go = "expires_at <= ?1"},
      {.name = "addresses",
       .definition = "address TEXT PRIMARY KEY NOT NULL, node BLOB NOT NULL, "
                     "first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL",
       .columns = "address, node, first_seen, last_seen",
       .rows_max = 10'000,
       .first_to_go = "last_seen",
       .may_go = "?1 = ?1"},
      {.name = "times",
       .definition = "static_key BLOB PRIMARY KEY NOT NULL, time INTEGER NOT NULL",
       .columns = "static_key, time",
       .rows_max = 100'000,
       .first_to_go = "time",
       .may_go = "?1 = ?1"},
      {.name = "own",
       .definition = "name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL",
       .columns = "name, value",
       .rows_max = 2,
       .first_to_go = "name",
       .may_go = "?1 <> ?1"},
      {.name = "peers",
       .definition = "node BLOB PRIMARY KEY NOT NULL, address TEXT NOT NULL, "
                     "last_seen INTEGER NOT NULL",
       .columns = "node, address, last_seen",
       .rows_max = 1'000,
       .first_to_go = "last_seen",
       .may_go = "?1 = ?1"},
      {.name = "blocks",
       .definition = "who TEXT PRIMARY KEY NOT NULL, until INTEGER NOT NULL",
       .columns = "who, until",
       .rows_max = 10'000,
       .first_to_go = "until",
       .may_go = "?1 = ?1"},
  }};
  return kTables;
}

const TableRules& table_named(std::string_view name) {
  const auto& table = std::ranges::find(tables(), name, &TableRules::name);
  KITH_ASSERT(table != tables().end());
  return *table;
}

std::string seal_of(const TableRules& table) { return seal_of(table, table.columns); }

std::string seal_of(const TableRules& table, std::string_view values) {
  return "row_seal('" + std::string(table.name) + "', " + std::string(values) + ")";
}

std::string select_from(const TableRules& table) {
  return "SELECT " + std::string(table.columns) + ", seal = " + seal_of(table) + " FROM " +
         std::string(table.name) + " ";
}

std::string creation() {
  std::string sql = "PRAGMA application_id = " + std::to_string(kApplicationId) +
                    "; PRAGMA user_version = " + std::to_string(kStoreVersion) +
                    "; CREATE TABLE totals (name TEXT PRIMARY KEY NOT NULL, rows INTEGER NOT NULL, "
                    "seals BLOB NOT NULL) STRICT, WITHOUT ROWID;";
  for (const TableRules& table : tables()) sql += creation_of(table);
  return sql;
}

}  // namespace kith::overlay
