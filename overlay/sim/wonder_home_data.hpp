#pragma once

#include <kith/bytes.hpp>

/// The measurements of `bench/data/`, compiled in: link to the target `kith_wonder_home`.
namespace kith::sim {

/// What `LatencyModel::wonder` wants to have.
[[nodiscard]] ByteView wonder_round_trips();
/// What `LatencyModel::wonder_home` wants to have besides.
[[nodiscard]] ByteView home_access();

}  // namespace kith::sim
