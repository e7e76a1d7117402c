#include <kith/bytes.hpp>

#include <optional>

namespace kith {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase32Digits = "abcdefghijklmnopqrstuvwxyz234567";

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<unsigned> digit_value(std::string_view digits, char c) {
  const auto at = digits.find(to_lower(c));
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

}  // namespace

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(Bytes& bytes, ByteView more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

std::string to_hex(ByteView bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (Byte byte : bytes) {
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::unexpected(Errc::bad_text);
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digit_value(kHexDigits, text[i]);
    const auto low = digit_value(kHexDigits, text[i + 1]);
    if (!high || !low) return std::unexpected(Errc::bad_text);
    bytes.push_back(static_cast<Byte>(*high << 4 | *low));
  }
  return bytes;
}

std::string to_base32(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 4) / 5);
  unsigned window = 0;
  int bits = 0;
  for (Byte byte : bytes) {
    window = window << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text.push_back(kBase32Digits[window >> bits & 31]);
    }
    window &= (1U << bits) - 1;
  }
  if (bits > 0) text.push_back(kBase32Digits[window << (5 - bits) & 31]);
  return text;
}

Result<Bytes> from_base32(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() * 5 / 8);
  unsigned window = 0;
  int bits = 0;
  for (char c : text) {
    const auto value = digit_value(kBase32Digits, c);
    if (!value) return std::unexpected(Errc::bad_text);
    window = window << 5 | *value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<Byte>(window >> bits));
    window &= (1U << bits) - 1;
  }
  // A whole byte never leaves five bits or more, and what is left over carries nothing.
  if (bits >= 5 || window != 0) return std::unexpected(Errc::bad_text);
  return bytes;
}

}  // namespace kith
