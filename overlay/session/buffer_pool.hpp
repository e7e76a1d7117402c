#pragma once

#include <cstddef>
#include <vector>

#include <kith/bytes.hpp>

namespace kith::overlay {

/// Buffers that the sessions of a node pass on to each other, so that an idle session holds none
/// and a busy one does not ask for memory again and again.  Bounded.  What they held is not wiped
/// from one session to the next, which would cost as much as a part of the cipher, but whenever
/// memory is given up.
class BufferPool {
 public:
  static constexpr std::size_t kBuffersMax = 16;
  static constexpr std::size_t kBufferBytesMax = 128U << 10;

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  /// An empty buffer, of some capacity if there is one in `pool`; `pool` may be null.
  [[nodiscard]] static Bytes take(BufferPool* pool);

  /// Takes back what a buffer holds of memory, or frees it; `buffer` is empty afterwards, without
  /// any capacity.  `pool` may be null.
  static void give_back(BufferPool* pool, Bytes& buffer);

  /// Wipes `buffer`, as far as its memory goes, and frees it.
  static void discard(Bytes& buffer);

 private:
  std::vector<Bytes> buffers_;
};

}  // namespace kith::overlay
