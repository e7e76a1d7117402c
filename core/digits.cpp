#include "core/digits.hpp"

#include "core/crypto/secret.hpp"

namespace kith {
namespace {

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string to_digits(ByteView bytes, const Alphabet& alphabet) {
  const auto digit_bits = static_cast<std::size_t>(alphabet.digit_bits);
  const unsigned mask = (1U << digit_bits) - 1;
  std::string text;
  text.reserve((bytes.size() * 8 + digit_bits - 1) / digit_bits);
  unsigned window = 0;
  int bits = 0;
  for (Byte byte : bytes) {
    window = window << 8 | byte;
    for (bits += 8; bits >= alphabet.digit_bits;) {
      bits -= alphabet.digit_bits;
      text.push_back(alphabet.digits[window >> bits & mask]);
    }
    window &= (1U << bits) - 1;
  }
  if (bits > 0) text.push_back(alphabet.digits[window << (alphabet.digit_bits - bits) & mask]);
  return text;
}

Result<Bytes> from_digits(std::string_view text, const Alphabet& alphabet) {
  Bytes bytes;
  bytes.reserve(text.size() * static_cast<std::size_t>(alphabet.digit_bits) / 8);
  // What is read may be a ticket, and is given up when it turns out to be none.
  const auto refuse = [&bytes] {
    crypto::wipe(bytes);
    return std::unexpected(Errc::bad_text);
  };
  unsigned window = 0;
  int bits = 0;
  for (char c : text) {
    const auto value = alphabet.digits.find(alphabet.ignores_case ? to_lower(c) : c);
    if (value == std::string_view::npos) return refuse();
    window = window << alphabet.digit_bits | static_cast<unsigned>(value);
    bits += alphabet.digit_bits;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<Byte>(window >> bits));
    window &= (1U << bits) - 1;
  }
  // A whole byte never leaves as much as a digit, and what is left over carries nothing.
  if (bits >= alphabet.digit_bits || window != 0) return refuse();
  return bytes;
}

}  // namespace kith
