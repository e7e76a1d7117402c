#include "core/base64url.hpp"

#include "core/crypto/secret.hpp"

namespace kith {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr int kDigitBits = 6;

}  // namespace

std::string to_base64url(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + kDigitBits - 1) / kDigitBits);
  unsigned window = 0;
  int bits = 0;
  for (Byte byte : bytes) {
    window = window << 8 | byte;
    for (bits += 8; bits >= kDigitBits;) {
      bits -= kDigitBits;
      text.push_back(kDigits[window >> bits & 63]);
    }
    window &= (1U << bits) - 1;
  }
  if (bits > 0) text.push_back(kDigits[window << (kDigitBits - bits) & 63]);
  return text;
}

Result<Bytes> from_base64url(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() * kDigitBits / 8);
  // What is read may be a ticket, and is given up when it turns out to be none.
  const auto refuse = [&bytes] {
    crypto::wipe(bytes);
    return std::unexpected(Errc::bad_text);
  };
  unsigned window = 0;
  int bits = 0;
  for (char c : text) {
    const auto value = kDigits.find(c);
    if (value == std::string_view::npos) return refuse();
    window = window << kDigitBits | static_cast<unsigned>(value);
    bits += kDigitBits;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<Byte>(window >> bits));
    window &= (1U << bits) - 1;
  }
  // A whole byte never leaves six bits, and what is left over carries nothing.
  if (bits >= kDigitBits || window != 0) return refuse();
  return bytes;
}

}  // namespace kith
