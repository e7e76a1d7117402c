#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>

#include "routing/contact_index.hpp"
#include "routing/table.hpp"

namespace kith::routing {

/// Whether the table has a use for the session with `contact`: it is a neighbour, or holds its
/// slot.  Whoever needs a session pings it.
[[nodiscard]] bool is_needed(const Table& table, ContactIndex contact);

/// How many peers are needed.
[[nodiscard]] std::size_t needed_peers(const Table& table);

/// Beyond so many sessions, newcomers that we do not need are refused.
[[nodiscard]] std::size_t soft_cap(const Table& table);

struct Admission {
  static constexpr std::size_t kAlternativesMax = 4;

  bool admitted = true;
  /// Whom a refused node may try instead: healthy peers that lie in the same slot of its table as
  /// we do, then those closest to it.
  std::vector<ContactIndex> alternatives;
};

/// Who asks: a node of the overlay, or one that enters it through us and is a use to nobody yet.
enum class Joiner : std::uint8_t { settled, entering };

/// Whether to join a node `id` at `endpoint` that asks for it.  Never refuses a neighbour, be it
/// ours or be we its own as far as we know: on that the exactness of "closest" rests.
[[nodiscard]] Admission admit(const Table& table, const Fingerprint& id, const Endpoint& endpoint,
                              Joiner joiner = Joiner::settled);

}  // namespace kith::routing
