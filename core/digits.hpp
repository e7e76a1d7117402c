#pragma once

#include <string>
#include <string_view>

#include <kith/bytes.hpp>
#include <kith/result.hpp>

namespace kith {

/// How bytes stand in text (RFC 4648, without padding): so many bits a digit, the first bits first.
struct Alphabet {
  std::string_view digits;
  int digit_bits = 0;
  /// Upper-case letters are read as lower-case ones.
  bool ignores_case = false;
};

[[nodiscard]] std::string to_digits(ByteView bytes, const Alphabet& alphabet);

/// Reads it: `Errc::bad_text` for any other character, an impossible length, or bits left over that
/// are not zero, so that bytes have one text.
[[nodiscard]] Result<Bytes> from_digits(std::string_view text, const Alphabet& alphabet);

}  // namespace kith
