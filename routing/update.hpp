#pragma once

#include <vector>

#include <kith/fingerprint.hpp>

#include "routing/contact_index.hpp"
#include "routing/table.hpp"

namespace kith::routing {

/// The healthy peers to whom the news of `newcomer` matters, the closest to it first: those of
/// whose neighbourhood it is a part as far as we know (`Table::is_neighbour_of`), unless twice as
/// many nodes as a neighbourhood has are expected closer to them, most of which we have not met.
[[nodiscard]] std::vector<ContactIndex> peers_to_tell(const Table& table,
                                                      const Fingerprint& newcomer);

}  // namespace kith::routing
