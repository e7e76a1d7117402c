#include "overlay/store/database.hpp"

#include <sqlite3.h>

#include <utility>

#include "overlay/store/row_seal.hpp"

namespace kith::overlay {
namespace {

[[noreturn]] void fail(sqlite3* database, int code) {
  throw DatabaseFailure{code,
                        database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code)};
}

int primary(int code) { return code & 0xff; }

}  // namespace

bool DatabaseFailure::is_full() const { return primary(code) == SQLITE_FULL; }

bool DatabaseFailure::is_busy() const {
  return primary(code) == SQLITE_BUSY || primary(code) == SQLITE_LOCKED;
}

bool DatabaseFailure::is_by_system() const {
  const int kind = primary(code);
  return is_full() || is_busy() || kind == SQLITE_CANTOPEN || kind == SQLITE_NOMEM ||
         kind == SQLITE_PERM || (kind == SQLITE_IOERR && code != SQLITE_IOERR_SHORT_READ);
}

DatabaseFailure DatabaseFailure::damage(std::string what) {
  return {SQLITE_CORRUPT, std::move(what)};
}

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement::Statement(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
  if (code != SQLITE_OK) fail(database, code);
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) fail(sqlite3_db_handle(statement_.get()), code);
}

Statement& Statement::bind(std::int64_t value) {
  check(sqlite3_bind_int64(statement_.get(), ++bound_, value));
  return *this;
}

Statement& Statement::bind(ByteView value) {
  // A blob without an address would be a null.
  static constexpr Byte kNothing = 0;
  const Byte* data = value.empty() ? &kNothing : value.data();
  check(sqlite3_bind_blob64(statement_.get(), ++bound_, data, value.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(std::string_view value) {
  check(sqlite3_bind_text64(statement_.get(), ++bound_, value.data(), value.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_null() {
  check(sqlite3_bind_null(statement_.get(), ++bound_));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    sqlite3* database = sqlite3_db_handle(statement_.get());
    fail(database, sqlite3_extended_errcode(database));
  }
  return false;
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

ByteView Statement::blob(int column) const {
  const auto* data = static_cast<const Byte*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string Statement::text(int column) const { return std::string(as_text(blob(column))); }

Fingerprint Statement::fingerprint(int column) const {
  return Fingerprint::from_bytes(blob(column)).value_or(Fingerprint{});
}

std::optional<WallTime> Statement::optional_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}

void Database::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Database::Database(const std::string& path, const DatabaseOptions& options) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE |
                    SQLITE_OPEN_FULLMUTEX | (options.create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) fail(database, code);

  sqlite3_busy_timeout(database, static_cast<int>(options.wait_max.count() / 1000));
  // The schema may name our own functions alone, and nobody writes past SQL.
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  register_row_seal(database);
  // Every commit is in the file before it is confirmed: of a log that is damaged SQLite takes what
  // is whole, and says nothing of what is lost.
  execute(
      "PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL;"
      "PRAGMA wal_autocheckpoint = 1; PRAGMA max_page_count = " +
      std::to_string(options.pages_max) + ";");
}

void Database::execute(const std::string& statements) {
  const int code = sqlite3_exec(database_.get(), statements.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(database_.get(), sqlite3_extended_errcode(database_.get()));
}

std::int64_t Database::number(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.number(0) : 0;
}

std::int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

bool Database::is_read_only() const { return sqlite3_db_readonly(database_.get(), "main") != 0; }

bool Database::is_in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

Transaction::Transaction(Database& database, Kind kind) : database_(&database) {
  // A writer that began as a reader could find itself unable to go on.
  database.execute(kind == Kind::reading ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  try {
    if (database_->is_in_transaction()) database_->execute("ROLLBACK");
  } catch (const DatabaseFailure&) {
    // What was not committed is not there when the file is read the next time, either.
  }
}

void Transaction::commit() { database_->execute("COMMIT"); }

}  // namespace kith::overlay
