#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include <kith/bytes.hpp>

namespace kith::crypto {

/// Overwrites `bytes` with zeros in a way that no optimiser removes.
void wipe(MutableByteView bytes);

/// Whether `a` and `b` hold the same bytes, in time that depends on their length alone.
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);

/// `N` secret bytes: moved, never copied, and wiped when they are given away or go out of scope.
template <std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kBytes = N;

  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_); }
  Secret& operator=(Secret&& other) noexcept {
    if (this == &other) return *this;
    bytes_ = other.bytes_;
    wipe(other.bytes_);
    return *this;
  }
  ~Secret() { wipe(bytes_); }

  [[nodiscard]] ByteView view() const { return bytes_; }
  [[nodiscard]] MutableByteView mutable_view() { return bytes_; }

  /// A second copy, where two owners are really meant.
  [[nodiscard]] Secret clone() const {
    Secret copy;
    copy.bytes_ = bytes_;
    return copy;
  }

 private:
  std::array<Byte, N> bytes_{};
};

/// Wipes bytes or text that holds a secret on its way, when this goes out of scope.  `Buffer` has
/// all of its room from the start: what a buffer leaves behind as it grows is out of reach.
template <class Buffer>
class WipeAtEnd {
 public:
  explicit WipeAtEnd(Buffer& buffer) : buffer_(&buffer) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { wipe({reinterpret_cast<Byte*>(buffer_->data()), buffer_->size()}); }

 private:
  Buffer* buffer_;
};

}  // namespace kith::crypto
