#pragma once

#include <cstddef>
#include <vector>

#include <kith/bytes.hpp>

namespace kith::overlay {

/// Buffers that the sessions of a node pass on to each other, so that an idle session holds none
/// and a busy one does not ask for memory again and again.  Bounded.
class BufferPool {
 public:
  static constexpr std::size_t kBuffersMost = 16;
  static constexpr std::size_t kBufferBytesMost = 128U << 10;

  /// An empty buffer, of some capacity if there is one in `pool`; `pool` may be null.
  [[nodiscard]] static Bytes take(BufferPool* pool);

  /// Takes back what a buffer holds of memory, or frees it; `buffer` is empty afterwards, without
  /// any capacity.  `pool` may be null.
  static void give_back(BufferPool* pool, Bytes& buffer);

 private:
  std::vector<Bytes> buffers_;
};

}  // namespace kith::overlay
