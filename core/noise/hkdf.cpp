#include "core/noise/hkdf.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::noise {
namespace {

using crypto::Hash;

/// HMAC (RFC 2104) of `data || more`.  Not keyed BLAKE2b: Noise asks for the construction.
/// @pre key.size() <= hash.block_bytes()
void hmac(const Hash& hash, ByteView key, ByteView data, ByteView more, MutableByteView out) {
  crypto::Secret<Hash::kMaxBlockBytes> block;
  const MutableByteView padded = block.mutable_view().first(hash.block_bytes());
  std::ranges::copy(key, padded.begin());
  for (Byte& byte : padded) byte ^= 0x36;
  crypto::Secret<Hash::kMaxBytes> inner;
  const MutableByteView digest = inner.mutable_view().first(hash.hash_bytes());
  hash.hash({padded, data, more}, digest);
  for (Byte& byte : padded) byte ^= 0x36 ^ 0x5c;
  hash.hash({padded, digest}, out);
}

}  // namespace

void hkdf(const Hash& hash, ByteView chaining_key, ByteView input,
          std::initializer_list<HkdfOutput*> outputs) {
  const std::size_t length = hash.hash_bytes();
  KITH_ASSERT(chaining_key.size() == length && outputs.size() <= 3);
  crypto::Secret<Hash::kMaxBytes> temporary;
  const MutableByteView key = temporary.mutable_view().first(length);
  hmac(hash, chaining_key, input, {}, key);
  ByteView previous;
  Byte number = 1;
  for (HkdfOutput* output : outputs) {
    const MutableByteView out = output->mutable_view().first(length);
    hmac(hash, key, previous, {&number, 1}, out);
    previous = out;
    ++number;
  }
}

}  // namespace kith::noise
