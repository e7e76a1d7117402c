#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>

namespace kith::test {

/// The bytes of an input that is read as a script, one after the other; zeros behind their end.
struct Input {
  ByteView rest;

  /// The next `count`, or as many as there are.
  ByteView take(std::size_t count) {
    const ByteView taken = rest.first(std::min(count, rest.size()));
    rest = rest.subspan(taken.size());
    return taken;
  }

  std::uint8_t next() {
    const ByteView taken = take(1);
    return taken.empty() ? std::uint8_t{0} : taken.front();
  }

  /// Two bytes as one number.
  std::size_t next_two() {
    const std::size_t high = next();
    return high * 256 + next();
  }
};

}  // namespace kith::test
