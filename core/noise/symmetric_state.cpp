#include "core/noise/symmetric_state.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::noise {
namespace {

/// Noise §5.2: an output of 64 bytes is cut to the 32 of a key.
crypto::CipherKey cipher_key(const HkdfOutput& output) {
  crypto::CipherKey key;
  std::ranges::copy(output.view().first(key.kBytes), key.mutable_view().begin());
  return key;
}

}  // namespace

SymmetricState::SymmetricState(const crypto::Cipher& cipher, const crypto::Hash& hash,
                               std::string_view protocol_name)
    : cipher_(&cipher), hash_(&hash) {
  const MutableByteView start = MutableByteView(running_hash_).first(hash.hash_bytes());
  const ByteView name = as_bytes(protocol_name);
  if (name.size() <= start.size()) {
    std::ranges::copy(name, start.begin());
  } else {
    hash.hash({name}, start);
  }
  std::ranges::copy(start, chaining_key_.mutable_view().begin());
}

void SymmetricState::mix_key(ByteView input) {
  HkdfOutput key;
  const ByteView chaining_key = chaining_key_.view().first(hash_->hash_bytes());
  hkdf(*hash_, chaining_key, input, {&chaining_key_, &key});
  set_key(key);
}

void SymmetricState::mix_hash(ByteView data) {
  std::array<Byte, crypto::Hash::kMaxBytes> next{};
  hash_->hash({hash(), data}, MutableByteView(next).first(hash_->hash_bytes()));
  running_hash_ = next;
}

void SymmetricState::mix_key_and_hash(ByteView input) {
  HkdfOutput for_hash;
  HkdfOutput key;
  const ByteView chaining_key = chaining_key_.view().first(hash_->hash_bytes());
  hkdf(*hash_, chaining_key, input, {&chaining_key_, &for_hash, &key});
  mix_hash(for_hash.view().first(hash_->hash_bytes()));
  set_key(key);
}

std::size_t SymmetricState::tag_bytes() const { return has_key() ? crypto::Cipher::kTagBytes : 0; }

Result<void> SymmetricState::encrypt_and_hash(ByteView plaintext, MutableByteView out) {
  KITH_ASSERT(out.size() == plaintext.size() + tag_bytes());
  if (!has_key()) {
    std::ranges::copy(plaintext, out.begin());
  } else if (auto sealed = cipher_state_->encrypt(hash(), plaintext, out); !sealed) {
    return sealed;
  }
  mix_hash(out);
  return {};
}

Result<void> SymmetricState::decrypt_and_hash(ByteView ciphertext, MutableByteView out) {
  KITH_ASSERT(out.size() + tag_bytes() == ciphertext.size());
  if (!has_key()) {
    std::ranges::copy(ciphertext, out.begin());
  } else if (auto opened = cipher_state_->decrypt(hash(), ciphertext, out); !opened) {
    return opened;
  }
  mix_hash(ciphertext);
  return {};
}

ByteView SymmetricState::hash() const { return ByteView(running_hash_).first(hash_->hash_bytes()); }

std::pair<CipherState, CipherState> SymmetricState::split() const {
  HkdfOutput first;
  HkdfOutput second;
  hkdf(*hash_, chaining_key_.view().first(hash_->hash_bytes()), {}, {&first, &second});
  return {CipherState(*cipher_, cipher_key(first)), CipherState(*cipher_, cipher_key(second))};
}

void SymmetricState::wipe_keys() {
  chaining_key_ = {};
  cipher_state_.reset();
}

void SymmetricState::wipe() {
  wipe_keys();
  crypto::wipe(running_hash_);
}

void SymmetricState::set_key(const HkdfOutput& key) {
  cipher_state_.emplace(*cipher_, cipher_key(key));
}

}  // namespace kith::noise
