#pragma once

#include <cstdint>

#include <kith/bytes.hpp>

namespace kith::test {

/// The bytes of an input that is read as a script, one after the other; zeros behind their end.
struct Input {
  ByteView rest;

  std::uint8_t next() {
    if (rest.empty()) return 0;
    const std::uint8_t byte = rest.front();
    rest = rest.subspan(1);
    return byte;
  }
};

}  // namespace kith::test
