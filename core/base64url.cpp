#include "core/base64url.hpp"

#include "core/digits.hpp"

namespace kith {
namespace {

constexpr Alphabet kBase64Url = {
    .digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", .digit_bits = 6};

}  // namespace

std::string to_base64url(ByteView bytes) { return to_digits(bytes, kBase64Url); }

Result<Bytes> from_base64url(std::string_view text) { return from_digits(text, kBase64Url); }

}  // namespace kith
