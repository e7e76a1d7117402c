#pragma once

#include <initializer_list>

#include "core/crypto/primitives.hpp"

namespace kith::noise {

/// One output of HKDF: the first HASHLEN bytes count.
using HkdfOutput = crypto::Secret<crypto::Hash::kMaxBytes>;

/// HKDF of Noise §4.3, as many outputs as there are in `outputs` (two or three).  An output may be
/// where `chaining_key` lies.
/// @pre chaining_key.size() == hash.hash_bytes()
void hkdf(const crypto::Hash& hash, ByteView chaining_key, ByteView input,
          std::initializer_list<HkdfOutput*> outputs);

}  // namespace kith::noise
