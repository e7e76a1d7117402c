#include "core/codec/writer.hpp"

#include "core/assert.hpp"

namespace kith::codec {
namespace {

void append_big_endian(Bytes& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<Byte>(value >> shift));
}

/// A first byte and the `bytes` low bytes of its argument.
void append_head(Bytes& out, int lead, std::uint64_t argument, int bytes) {
  out.push_back(static_cast<Byte>(lead));
  append_big_endian(out, argument, bytes);
}

/// Sizes of 2^32 and more have no form, and nothing in kith comes near them.
void append_size(Bytes& out, int lead16, std::size_t size) {
  KITH_ASSERT(size <= UINT32_MAX);
  if (size <= UINT16_MAX) return append_head(out, lead16, size, 2);
  append_head(out, lead16 + 1, size, 4);
}

}  // namespace

Writer& Writer::array(std::size_t count) {
  if (count < 16)
    out_->push_back(static_cast<Byte>(0x90 + count));
  else
    append_size(*out_, 0xdc, count);
  return *this;
}

Writer& Writer::map(std::size_t count) {
  if (count < 16)
    out_->push_back(static_cast<Byte>(0x80 + count));
  else
    append_size(*out_, 0xde, count);
  return *this;
}

Writer& Writer::unsigned_number(std::uint64_t value) {
  if (value < 0x80)
    out_->push_back(static_cast<Byte>(value));
  else if (value <= UINT8_MAX)
    append_head(*out_, 0xcc, value, 1);
  else if (value <= UINT16_MAX)
    append_head(*out_, 0xcd, value, 2);
  else if (value <= UINT32_MAX)
    append_head(*out_, 0xce, value, 4);
  else
    append_head(*out_, 0xcf, value, 8);
  return *this;
}

Writer& Writer::signed_number(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0) return unsigned_number(bits);
  if (value >= -32)
    out_->push_back(static_cast<Byte>(bits));
  else if (value >= INT8_MIN)
    append_head(*out_, 0xd0, bits, 1);
  else if (value >= INT16_MIN)
    append_head(*out_, 0xd1, bits, 2);
  else if (value >= INT32_MIN)
    append_head(*out_, 0xd2, bits, 4);
  else
    append_head(*out_, 0xd3, bits, 8);
  return *this;
}

Writer& Writer::boolean(bool value) {
  out_->push_back(value ? 0xc3 : 0xc2);
  return *this;
}

Writer& Writer::binary(ByteView value) {
  if (value.size() <= UINT8_MAX)
    append_head(*out_, 0xc4, value.size(), 1);
  else
    append_size(*out_, 0xc5, value.size());
  return raw(value);
}

Writer& Writer::text(std::string_view value) {
  if (value.size() < 32)
    out_->push_back(static_cast<Byte>(0xa0 + value.size()));
  else if (value.size() <= UINT8_MAX)
    append_head(*out_, 0xd9, value.size(), 1);
  else
    append_size(*out_, 0xda, value.size());
  return raw(as_bytes(value));
}

Writer& Writer::fingerprint(const Fingerprint& value) { return binary(value.view()); }

Writer& Writer::raw(ByteView encoded) {
  append(*out_, encoded);
  return *this;
}

}  // namespace kith::codec
