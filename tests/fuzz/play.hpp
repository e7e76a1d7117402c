#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <kith/bytes.hpp>
#include <kith/time.hpp>

#include "tests/fuzz/input.hpp"

namespace kith::test {

/// Plays the first `bytes_max` of an input to machines that are made anew, and drains them after
/// each step.  What was signed is the same for every input: the cast is made once and for all.
template <class Cast, class Machines>
int play(const std::uint8_t* data, std::size_t size, std::size_t bytes_max = 512) {
  static Cast cast;
  Input input{ByteView(data, std::min(size, bytes_max))};
  Machines machines(cast);
  while (!input.rest.empty()) {
    machines.step(input);
    machines.drain();
  }
  return 0;
}

/// What was signed, as it is, or cut, or with a byte changed.
[[nodiscard]] inline Bytes garbled(Bytes bytes, Input& input) {
  const std::uint8_t how = input.next();
  if (how < 160 || bytes.empty()) return bytes;
  const std::size_t at = input.next_two() % bytes.size();
  if (how < 176)
    bytes.resize(at);
  else
    bytes[at] = static_cast<Byte>(bytes[at] ^ how);
  return bytes;
}

/// Up to 255 * 255 times `unit` later; or the date alone jumps by days.
inline void pass_time(Instant& now, Duration unit, Input& input) {
  const Duration span = input.next() * input.next() * unit;
  if (input.next() == 255)
    now.wall += std::chrono::hours(24) * (input.next() - 128);
  else
    now = {now.time + span, now.wall + span};
}

}  // namespace kith::test
