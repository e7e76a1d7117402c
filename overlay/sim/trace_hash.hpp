#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kith/time.hpp>

#include "core/random.hpp"

namespace kith::sim {

/// What happened, as one number: equal runs have equal hashes, and the first minute that differs
/// shows where two runs part.  What the bytes were is no part of it, so that real and simulated
/// cryptography have the same trace.
class TraceHash {
 public:
  void add(TimePoint time, std::uint32_t from, std::uint32_t to, std::uint32_t kind,
           std::size_t bytes) {
    const auto microseconds = static_cast<std::uint64_t>(time.time_since_epoch().count());
    while (microseconds >= (minutes_.size() + 1) * kMinute) minutes_.push_back(value_);
    value_ = mix64(value_ ^ microseconds);
    value_ = mix64(value_ ^ (std::uint64_t{from} << 32 | to));
    value_ = mix64(value_ ^ (std::uint64_t{kind} << 56 | bytes));
  }

  [[nodiscard]] std::uint64_t value() const { return value_; }

  /// The hash at the end of each whole minute of virtual time in which or after which something
  /// happened.
  [[nodiscard]] const std::vector<std::uint64_t>& minutes() const { return minutes_; }

 private:
  static constexpr std::uint64_t kMinute = 60'000'000;

  std::uint64_t value_ = 0;
  std::vector<std::uint64_t> minutes_;
};

}  // namespace kith::sim
