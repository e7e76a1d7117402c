#include "overlay/store/store.hpp"

#include <algorithm>

#include "overlay/store/database.hpp"
#include "overlay/store/guarded.hpp"
#include "overlay/store/row_seal.hpp"
#include "overlay/store/schema.hpp"
#include "overlay/store/store_file.hpp"

namespace kith::overlay {
namespace {

constexpr std::string_view kAdvice =
    "; bring it back from a copy, or move it away to begin anew: tickets and relationships in it "
    "are lost then";

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
  throw StoreDamaged("store " + path + ": " + what + std::string(kAdvice));
}

/// The schema of a store that was just made.
std::string schema_wanted() {
  Database fresh(":memory:", {.create = true, .pages_max = 1'000, .wait_max = {}});
  fresh.execute(creation());
  Statement schema = fresh.prepare(kSchemaQuery);
  schema.step();
  return schema.text(0);
}

void verify_header(Database& database, const std::string& path) {
  if (database.number("PRAGMA application_id") != kApplicationId)
    refuse(path, "is damaged, or no store of kith");
  const std::int64_t version = database.number("PRAGMA user_version");
  if (version > kStoreVersion)
    throw StoreDamaged("store " + path + ": was written by a newer kith; use that one");
  if (version > 0 && version < kStoreVersion) refuse(path, "was written by an older kith");
  Statement schema = database.prepare(kSchemaQuery);
  if (version != kStoreVersion || !schema.step() || schema.text(0) != schema_wanted() ||
      database.is_read_only())
    refuse(path, "is damaged: it has not the tables of a store");
}

/// Each row has its seal, and the table the rows that it had.
void verify_table(Database& database, const TableRules& table, const std::string& path) {
  const std::string name(table.name);
  RowSeal sum{};
  std::int64_t rows = 0;
  Statement all = database.prepare("SELECT seal, seal = " + seal_of(table) + " FROM " + name);
  for (; all.step(); ++rows) {
    if (all.number(1) != 1) refuse(path, "is damaged: a row of " + name + " was changed");
    sum = seal_sum(sum, all.blob(0));
  }
  Statement total = database.prepare("SELECT rows, seals FROM totals WHERE name = ?");
  total.bind(table.name);
  if (!total.step() || total.number(0) != rows || !std::ranges::equal(total.blob(1), sum))
    refuse(path, "is damaged: rows of " + name + " are gone or foreign");
}

}  // namespace

Store::Store(const std::string& path, const StoreOptions& options) : path_(path) {
  StoreFile file = look_at_store_file(path);
  if (!file.exists) {
    create_store_file(file.path);
    file = look_at_store_file(path);
  }
  try {
    database_ =
        std::make_unique<Database>(file.path, DatabaseOptions{.create = false,
                                                              .pages_max = options.pages_max,
                                                              .wait_max = options.wait_max});
    verify_contents();
  } catch (const DatabaseFailure& failure) {
    if (failure.is_by_system()) throw StoreError(fault_of(failure).what);
    refuse(path_, "is damaged (" + failure.what + ")");
  }
}

Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

void Store::verify_contents() {
  // One transaction, so that what another process writes meanwhile does not look like damage.
  const Transaction reading(*database_, Transaction::Kind::reading);
  verify_header(*database_, path_);
  Statement integrity = database_->prepare("PRAGMA integrity_check(1)");
  // What it says otherwise is of pages and trees, over several lines: nothing that helps anybody.
  if (!integrity.step() || integrity.text(0) != "ok") refuse(path_, "is damaged");
  for (const TableRules& table : tables()) verify_table(*database_, table, path_);
}

StoreFault Store::fault_of(const DatabaseFailure& failure) const {
  using Kind = StoreFault::Kind;
  const std::string where = "store " + path_ + ": ";
  if (failure.is_full())
    return {Kind::full, where + "no room to write (" + failure.what + "); make room on its disk"};
  if (failure.is_busy()) return {Kind::busy, where + "another process holds it; try again"};
  if (failure.is_by_system()) return {Kind::failed, where + "cannot use it: " + failure.what};
  return {Kind::damaged, where + "is damaged (" + failure.what + ")" + std::string(kAdvice)};
}

void Store::make_room(std::string_view table_name, std::size_t rows, WallTime now) {
  const TableRules& table = table_named(table_name);
  Statement count = database_->prepare("SELECT rows FROM totals WHERE name = ?");
  count.bind(table.name);
  const std::int64_t held = count.step() ? count.number(0) : 0;
  const std::int64_t excess = held + static_cast<std::int64_t>(rows) - table.rows_max;
  if (excess <= 0) return;
  const std::string name(table.name);
  const std::string key(table.columns.substr(0, table.columns.find(',')));
  const std::int64_t gone =
      database_->run("DELETE FROM " + name + " WHERE " + key + " IN (SELECT " + key + " FROM " +
                         name + " WHERE " + std::string(table.may_go) + " ORDER BY " +
                         std::string(table.first_to_go) + ", " + key + " LIMIT ?2)",
                     now, excess);
  if (gone < excess) fail_by_limit(name);
}

void Store::fail_by_limit(const std::string& table) const {
  throw StoreFault{StoreFault::Kind::limit, "store " + path_ + ": holds as many " + table +
                                                " as it may, and needs them all"};
}

}  // namespace kith::overlay
