#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>

#include "core/codec/writer.hpp"
#include "core/random.hpp"

namespace kith::codec::test {

struct Value;
struct Entry;
using Array = std::vector<Value>;
using Map = std::vector<Entry>;

/// Any value that canonical msgpack can hold.
struct Value {
  std::variant<bool, std::uint64_t, std::int64_t, std::string, Bytes, Array, Map> is;
};

struct Entry {
  std::uint64_t key = 0;
  Value value;
};

[[nodiscard]] bool operator==(const Value& a, const Value& b);
[[nodiscard]] bool operator==(const Entry& a, const Entry& b);

/// Writes `value` with the writer under test.
[[nodiscard]] Bytes write(const Value& value);

/// Reads `bytes` with the reader under test, guided by the shape of `expected`.
[[nodiscard]] bool reads_as(ByteView bytes, const Value& expected);

/// The model: one canonical value and nothing behind it, or nothing.  It parses any msgpack form,
/// then asks whether the shortest encoding, found by trying, is the input.
[[nodiscard]] std::optional<Value> model_decode(ByteView bytes);

/// A value with sizes and numbers near the borders between forms.
[[nodiscard]] Value random_value(Random& random, int depth);

}  // namespace kith::codec::test
