#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>

#include "core/codec/writer.hpp"
#include "core/random.hpp"

namespace kith::codec::test {

struct Value;
using Array = std::vector<Value>;
using Map = std::vector<std::pair<std::uint64_t, Value>>;

/// Any value that canonical msgpack can hold.
struct Value {
  std::variant<bool, std::uint64_t, std::int64_t, std::string, Bytes, Array, Map> is;
  friend bool operator==(const Value&, const Value&) = default;
};

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
