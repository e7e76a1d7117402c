#include "tests/vectors/vectors.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include <boost/json/src.hpp>

#include "core/assert.hpp"

namespace kith::test {

boost::json::value read_vectors(std::string_view file) {
  std::ifstream stream(std::string(KITH_TEST_DATA "/vectors/").append(file));
  KITH_ASSERT(stream.is_open());
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  return boost::json::parse(text);
}

std::string_view text_at(const boost::json::value& object, std::string_view key) {
  const boost::json::string& text = object.as_object().at(key).as_string();
  return {text.data(), text.size()};
}

Bytes bytes_at(const boost::json::value& object, std::string_view key) {
  if (!object.as_object().contains(key)) return {};
  auto bytes = from_hex(text_at(object, key));
  KITH_ASSERT(bytes.has_value());
  return *bytes;
}

std::size_t size_at(const boost::json::value& object, std::string_view key) {
  return object.as_object().at(key).to_number<std::size_t>();
}

}  // namespace kith::test
