#include "overlay/store/row_seal.hpp"

#include <sqlite3.h>

#include "core/codec/writer.hpp"
#include "core/crypto/primitives.hpp"
#include "overlay/store/database.hpp"

namespace kith::overlay {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kDomain = "kith/1 store row\0"sv;

ByteView bytes_of(sqlite3_value* value) {
  const auto* data = static_cast<const Byte*>(sqlite3_value_blob(value));
  return {data, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void write_value(codec::Writer& writer, sqlite3_value* value) {
  switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
      writer.signed_number(sqlite3_value_int64(value));
      return;
    case SQLITE_TEXT:
      writer.text(as_text(bytes_of(value)));
      return;
    case SQLITE_BLOB:
      writer.binary(bytes_of(value));
      return;
    default:
      // No column holds booleans or fractions: this is a null, or damage.
      writer.boolean(sqlite3_value_type(value) == SQLITE_NULL);
  }
}

void row_seal(sqlite3_context* context, int count, sqlite3_value** values) {
  Bytes row;
  codec::Writer writer(row);
  writer.array(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) write_value(writer, values[i]);
  const Fingerprint hash = crypto::blake2b_256({as_bytes(kDomain), row});
  sqlite3_result_blob(context, hash.bytes().data(), kRowSealBytes, SQLITE_TRANSIENT);
}

void sum_of_seals(sqlite3_context* context, int, sqlite3_value** values) {
  const RowSeal sum = seal_sum(bytes_of(values[0]), bytes_of(values[1]));
  sqlite3_result_blob(context, sum.data(), kRowSealBytes, SQLITE_TRANSIENT);
}

}  // namespace

void register_row_seal(sqlite3* database) {
  const auto define = [database](const char* name, int arguments, auto* function) {
    const int code = sqlite3_create_function_v2(
        database, name, arguments, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
        function, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw DatabaseFailure{code, sqlite3_errmsg(database)};
  };
  define("row_seal", -1, &row_seal);
  define("seal_sum", 2, &sum_of_seals);
}

RowSeal seal_sum(ByteView a, ByteView b) {
  RowSeal sum{};
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] = static_cast<Byte>((i < a.size() ? a[i] : 0) ^ (i < b.size() ? b[i] : 0));
  return sum;
}

}  // namespace kith::overlay
