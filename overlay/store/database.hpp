#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace kith::overlay {

/// What SQLite says when it cannot; thrown within this folder, and caught where it is left.
struct DatabaseFailure {
  int code = 0;
  std::string what;

  [[nodiscard]] bool is_full() const;
  [[nodiscard]] bool is_busy() const;
  /// The system refused to read or write, and the file is not to blame.
  [[nodiscard]] bool is_by_system() const;

  /// What we found to be wrong ourselves.
  [[nodiscard]] static DatabaseFailure damage(std::string what);
};

/// A statement with its values, from first row to last.  Values are bound in order.
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql);

  Statement& bind(std::int64_t value);
  Statement& bind(ByteView value);
  Statement& bind(std::string_view value);
  Statement& bind(const Fingerprint& value) { return bind(value.view()); }
  Statement& bind(WallTime value) { return bind(value.time_since_epoch().count()); }
  template <class Value>
  Statement& bind(const std::optional<Value>& value) {
    return value ? bind(*value) : bind_null();
  }

  /// Whether there is a further row.
  bool step();

  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;
  /// Valid until the next step.
  [[nodiscard]] ByteView blob(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// All zeros unless there are 32 bytes.
  [[nodiscard]] Fingerprint fingerprint(int column) const;
  [[nodiscard]] WallTime time(int column) const { return WallTime(Duration(number(column))); }
  [[nodiscard]] std::optional<WallTime> optional_time(int column) const;

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  Statement& bind_null();
  void check(int code) const;

  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int bound_ = 0;
};

struct DatabaseOptions {
  bool create = false;
  std::int64_t pages_max = 0;
  Duration wait_max{};  ///< For another process that writes.
};

/// A connection to one file, set up so that a commit that returned is on the disk.  Throws
/// `DatabaseFailure`.
class Database {
 public:
  /// @pre `path` leads through no symbolic link
  Database(const std::string& path, const DatabaseOptions& options);

  void execute(const std::string& statements);
  [[nodiscard]] Statement prepare(std::string_view sql) { return {database_.get(), sql}; }

  /// Runs one statement to its end; tells how many rows it changed.
  template <class... Values>
  std::int64_t run(std::string_view sql, const Values&... values) {
    Statement statement = prepare(sql);
    (statement.bind(values), ...);
    while (statement.step()) {
    }
    return changes();
  }

  /// The one number that `sql` yields.
  [[nodiscard]] std::int64_t number(std::string_view sql);
  [[nodiscard]] bool is_read_only() const;
  [[nodiscard]] bool is_in_transaction() const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };

  [[nodiscard]] std::int64_t changes() const;

  std::unique_ptr<sqlite3, Closer> database_;
};

/// Statements that are done together or not at all; undone unless committed.
class Transaction {
 public:
  enum class Kind : std::uint8_t { reading, writing };

  Transaction(Database& database, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  void commit();

 private:
  Database* database_;
};

}  // namespace kith::overlay
