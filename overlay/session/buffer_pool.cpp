#include "overlay/session/buffer_pool.hpp"

#include <utility>

namespace kith::overlay {

Bytes BufferPool::take(BufferPool* pool) {
  if (pool == nullptr || pool->buffers_.empty()) return {};
  Bytes buffer = std::move(pool->buffers_.back());
  pool->buffers_.pop_back();
  return buffer;
}

void BufferPool::give_back(BufferPool* pool, Bytes& buffer) {
  Bytes given = std::exchange(buffer, Bytes());
  if (pool == nullptr || given.capacity() == 0 || given.capacity() > kBufferBytesMost) return;
  if (pool->buffers_.size() >= kBuffersMost) return;
  given.clear();
  pool->buffers_.push_back(std::move(given));
}

}  // namespace kith::overlay
