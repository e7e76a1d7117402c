#pragma once

#include <string_view>

#include <boost/json/value.hpp>

#include <kith/bytes.hpp>

namespace kith::test {

/// The vectors in `file` of tests/vectors/; ends the program if they cannot be read.
[[nodiscard]] boost::json::value read_vectors(std::string_view file);

/// The text under `key`.  @pre there is one
[[nodiscard]] std::string_view text_at(const boost::json::value& object, std::string_view key);

/// The bytes under `key`, which stand there in hexadecimal; none if the key is absent.
[[nodiscard]] Bytes bytes_at(const boost::json::value& object, std::string_view key);

/// The size under `key`.  @pre there is one
[[nodiscard]] std::size_t size_at(const boost::json::value& object, std::string_view key);

}  // namespace kith::test
