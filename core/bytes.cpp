#include <kith/bytes.hpp>

#include "core/digits.hpp"

namespace kith {
namespace {

constexpr Alphabet kHex = {.digits = "0123456789abcdef", .digit_bits = 4, .ignores_case = true};
constexpr Alphabet kBase32 = {
    .digits = "abcdefghijklmnopqrstuvwxyz234567", .digit_bits = 5, .ignores_case = true};

}  // namespace

ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void append(Bytes& bytes, ByteView more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

std::string to_hex(ByteView bytes) { return to_digits(bytes, kHex); }

Result<Bytes> from_hex(std::string_view text) { return from_digits(text, kHex); }

std::string to_base32(ByteView bytes) { return to_digits(bytes, kBase32); }

Result<Bytes> from_base32(std::string_view text) { return from_digits(text, kBase32); }

}  // namespace kith
