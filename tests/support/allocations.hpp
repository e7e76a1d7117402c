#pragma once

#include <cstddef>

namespace kith::test {

/// What the thread allocated by `new` since this object was made.  Link `allocations.cpp` into the
/// test program: it replaces the global operators.
class Allocations {
 public:
  Allocations();

  [[nodiscard]] std::size_t count() const;
  /// The most bytes that were alive at once, beyond those alive at the start.
  [[nodiscard]] std::size_t peak_bytes() const;

 private:
  std::size_t count_at_start_;
  std::size_t live_at_start_;
};

}  // namespace kith::test
