#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "tests/core/codec/model.hpp"
#include "tests/vectors/vectors.hpp"

namespace kith::codec::test {
namespace {

namespace json = boost::json;

std::string_view text_of(const json::value& value) {
  const json::string& text = value.as_string();
  return {text.data(), text.size()};
}

Value value_of(const json::value& described) {
  const json::array& pair = described.as_array();
  const json::value& content = pair[1];
  switch (text_of(pair[0]).front()) {
    case 'u':
      return {std::uint64_t{std::stoull(std::string(text_of(content)))}};
    case 'i':
      return {std::int64_t{std::stoll(std::string(text_of(content)))}};
    case 'b':
      return {content.as_bool()};
    case 't':
      return {std::string(text_of(content))};
    case 'x':
      return {from_hex(text_of(content)).value()};
    case 'a': {
      Array array;
      for (const json::value& element : content.as_array()) array.push_back(value_of(element));
      return {std::move(array)};
    }
    default: {
      Map map;
      for (const json::value& entry : content.as_array())
        map.push_back({std::stoull(std::string(text_of(entry.as_array()[0]))),
                       value_of(entry.as_array()[1])});
      return {std::move(map)};
    }
  }
}

TEST(CodecVectors, WritesAndReadsWhatAnotherImplementationDoes) {
  const json::value vectors = kith::test::read_vectors("msgpack.json");
  ASSERT_GT(vectors.at("values").as_array().size(), 100U);
  for (const json::value& vector : vectors.at("values").as_array()) {
    const std::string_view encoded = text_of(vector.at("hex"));
    const Value value = value_of(vector.at("value"));
    EXPECT_EQ(to_hex(write(value)), encoded);
    EXPECT_TRUE(reads_as(from_hex(encoded).value(), value)) << encoded;
  }
}

/// The value of `count` equal elements that the generator did not write out.
Value large_value(char kind, std::size_t count) {
  if (kind == 't') return {std::string(count, 'x')};
  if (kind == 'x') return {Bytes(count)};
  if (kind == 'a') return {Array(count, Value{std::uint64_t{0}})};
  Map map;
  for (std::uint64_t key = 0; key < count; ++key) map.push_back({key, Value{std::uint64_t{0}}});
  return {std::move(map)};
}

TEST(CodecVectors, AgreesOnTheHeadsOfLargeValues) {
  const json::value vectors = kith::test::read_vectors("msgpack.json");
  ASSERT_FALSE(vectors.at("large").as_array().empty());
  for (const json::value& vector : vectors.at("large").as_array()) {
    const auto count = vector.at("count").to_number<std::size_t>();
    const Value value = large_value(text_of(vector.at("kind")).front(), count);
    const Bytes bytes = write(value);
    EXPECT_EQ(to_hex(ByteView(bytes).first(5)), text_of(vector.at("head")));
    EXPECT_TRUE(reads_as(bytes, value));
  }
}

}  // namespace
}  // namespace kith::codec::test
