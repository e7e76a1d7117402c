#include "core/codec/utf8.hpp"

#include <algorithm>
#include <cstddef>

namespace kith::codec {
namespace {

/// What may follow a lead byte: how many bytes, and the range of the first of them.
struct Tail {
  std::size_t bytes = 0;
  Byte first_min = 0x80;
  Byte first_max = 0xbf;
};

constexpr Tail tail_of(Byte lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {1};
  if (lead == 0xe0) return {2, 0xa0, 0xbf};
  if (lead == 0xed) return {2, 0x80, 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return {2};
  if (lead == 0xf0) return {3, 0x90, 0xbf};
  if (lead >= 0xf1 && lead <= 0xf3) return {3};
  if (lead == 0xf4) return {3, 0x80, 0x8f};
  return {};
}

bool is_continuation(Byte byte) { return (byte & 0xc0) == 0x80; }

}  // namespace

bool is_utf8(ByteView bytes) {
  while (!bytes.empty()) {
    const Byte lead = bytes.front();
    bytes = bytes.subspan(1);
    if (lead < 0x80) continue;

    const Tail tail = tail_of(lead);
    if (tail.bytes == 0 || bytes.size() < tail.bytes) return false;
    if (bytes[0] < tail.first_min || bytes[0] > tail.first_max) return false;
    if (!std::ranges::all_of(bytes.subspan(1, tail.bytes - 1), is_continuation)) return false;
    bytes = bytes.subspan(tail.bytes);
  }
  return true;
}

}  // namespace kith::codec
