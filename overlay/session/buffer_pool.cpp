#include "overlay/session/buffer_pool.hpp"

#include <utility>

#include "core/crypto/secret.hpp"

namespace kith::overlay {

BufferPool::~BufferPool() {
  for (Bytes& buffer : buffers_) discard(buffer);
}

Bytes BufferPool::take(BufferPool* pool) {
  if (pool == nullptr || pool->buffers_.empty()) return {};
  Bytes buffer = std::move(pool->buffers_.back());
  pool->buffers_.pop_back();
  return buffer;
}

void BufferPool::give_back(BufferPool* pool, Bytes& buffer) {
  Bytes given = std::exchange(buffer, Bytes());
  const bool is_kept = pool != nullptr && given.capacity() > 0 &&
                       given.capacity() <= kBufferBytesMax && pool->buffers_.size() < kBuffersMax;
  if (!is_kept) return discard(given);
  given.clear();
  pool->buffers_.push_back(std::move(given));
}

void BufferPool::discard(Bytes& buffer) {
  // What was cut off is still there behind the end.
  buffer.resize(buffer.capacity());
  crypto::wipe(buffer);
  buffer = Bytes();
}

}  // namespace kith::overlay
