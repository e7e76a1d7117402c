#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

namespace kith::sim {

/// Where a node sits in the underlay.
struct Place {
  std::uint32_t site = 0;
  /// One way over its last mile.
  std::uint32_t access_us = 0;
};

/// How long a packet takes from one node to another: a pure function of their ids, two loads and
/// two additions.  There are no stored links.
class LatencyModel {
 public:
  /// The same delay between any two nodes.
  [[nodiscard]] static LatencyModel constant(Duration one_way);

  /// `wonder` of bench/data/README.md: nodes in cities.  `round_trips` is a square matrix of
  /// little-endian 16-bit numbers in 10 µs; `Errc::out_of_range` if it is not square or empty.
  [[nodiscard]] static Result<LatencyModel> wonder(ByteView round_trips, std::uint64_t seed);

  /// `wonder-home`: nodes behind home connections in those cities.  `access` is a CSV table with a
  /// heading, whose 256 rows end in the microseconds of one quantile; `Errc::bad_text` otherwise.
  [[nodiscard]] static Result<LatencyModel> wonder_home(ByteView round_trips, ByteView access,
                                                        std::uint64_t seed);

  [[nodiscard]] Place place(const Fingerprint& node) const;

  /// One way between two different nodes; symmetric.
  [[nodiscard]] Duration one_way(const Place& a, const Place& b) const {
    return Duration(std::int64_t{one_way_us_[a.site * sites_ + b.site]} + a.access_us +
                    b.access_us);
  }
  [[nodiscard]] Duration one_way(const Fingerprint& a, const Fingerprint& b) const {
    return one_way(place(a), place(b));
  }

 private:
  LatencyModel(std::vector<std::uint32_t> one_way_us, std::uint32_t sites, std::uint64_t seed);

  std::vector<std::uint32_t> one_way_us_;
  std::uint32_t sites_;
  std::uint64_t salt_;
  /// Quantiles of the last mile; all zero without one.
  std::vector<std::uint32_t> access_us_;
};

}  // namespace kith::sim
