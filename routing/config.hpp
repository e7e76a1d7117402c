#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/time.hpp>

namespace kith::routing {

/// Addresses that begin with the first `prefix_bits` of `address` (IPv4 in its mapped form, so
/// that 10.0.0.0/8 has 104 of them).
struct AddressRange {
  std::array<Byte, 16> address{};
  int prefix_bits = 0;
};

/// The shape and the limits of a table.
struct Config {
  /// A bucket has 2^spread_bits slots: 4 for 16 of them, 3 for constrained nodes.
  int spread_bits = 4;
  /// How many of the closest nodes are always held, whatever the limits below say.
  std::size_t neighbourhood = 16;

  std::size_t spares_per_slot = 4;
  std::size_t spares_max = 256;

  std::size_t network_per_bucket = 2;
  std::size_t network_per_table = 10;
  /// Loopback is exempt too.
  std::vector<AddressRange> networks_exempt{};

  std::size_t sessions_max = 400;
  /// So many more for nodes that enter the overlay through us.
  std::size_t sessions_for_entering = 64;
  /// Up to so many sessions nobody is refused because we have no use for it.
  std::size_t sessions_free = 128;
  /// The soft cap, in thousandths of the sessions that the table needs.
  std::size_t sessions_per_mille_of_need = 1800;

  /// A peer counts for a slot while its one-way latency is at most so much above the best.
  Duration latency_slack{8'000};
  /// What halving the distance is worth to a message far from its key.
  Duration halving_worth{8'000};
  /// With at most so many nodes expected closer to the key, a hop is chosen by distance alone.
  std::uint64_t greedy_within = 8;
  /// What a peer without a measurement is taken for.
  Duration unmeasured_rtt{200'000};
  /// What a spare without one is taken for: less than most turn out to be, so that a slot rather
  /// keeps whom nobody measured than who is known to be far.
  Duration stranger_rtt{80'000};

  std::uint32_t missed_pings_max = 3;

  Duration redial_after{5'000'000};  ///< Doubles with each failure.
  Duration redial_after_max{600'000'000};
  std::uint32_t failed_dials_max = 5;
};

}  // namespace kith::routing
