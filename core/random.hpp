#pragma once

#include <cstdint>

#include <kith/bytes.hpp>
#include <kith/time.hpp>

namespace kith {

/// Where randomness comes from.  Whoever needs some is given one; nobody fetches it.
class Random {
 public:
  virtual ~Random() = default;

  /// Fills `out` with bytes.
  virtual void fill(MutableByteView out) = 0;

  [[nodiscard]] std::uint64_t next_u64();

  /// Uniform in [0, bound).  @pre bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);

  /// `base` changed by up to `per_mille` thousandths of itself, either way; keeps the timers of
  /// many nodes from falling into step.
  [[nodiscard]] Duration jittered(Duration base, std::uint32_t per_mille);
};

/// The same numbers for the same seed and stream, on every machine and compiler: splitmix64 of
/// (seed, stream, counter).  For tests and simulation; never for keys that guard anything.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed, std::uint64_t stream = 0);

  void fill(MutableByteView out) override;

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

/// The finaliser of splitmix64 over `x` plus its increment: a cheap, well-mixing bijection.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace kith
