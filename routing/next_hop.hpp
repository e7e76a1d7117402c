#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <kith/fingerprint.hpp>

#include "routing/contact_index.hpp"
#include "routing/table.hpp"

namespace kith::routing {

/// The peer to hand a message for `key` to: strictly closer to the key than we are, not in
/// `exclude`, and healthy as long as any such peer is.  Nothing if there is none.
///
/// Near the key (no more than `Config::greedy_within` nodes expected closer to it than the closest
/// peer) that is the closest peer.  Far from it, the one with the least latency plus
/// `Config::halving_worth` for each halving of the distance that it leaves to others: nothing is
/// gained by weighing latency where there is nobody left to choose among.
///
/// A node that may answer for the key itself asks `Table::is_closest` first: with the only closer
/// peer suspect, it is the closest and would still find a next hop.
[[nodiscard]] std::optional<ContactIndex> next_hop(const Table& table, const Fingerprint& key,
                                                   std::span<const ContactIndex> exclude = {});

/// 256 · log2(1 + x / 65536), to within 0.09 · 256; exact at powers of two.  Monotone.
[[nodiscard]] std::uint64_t log2_of_one_plus(std::uint64_t x);

}  // namespace kith::routing
