#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "routing/contact_index.hpp"
#include "routing/slot.hpp"
#include "routing/table.hpp"

namespace kith::routing {

/// What to do with a node that somebody told us of.
enum class Wish : std::uint8_t {
  ignore,   ///< Known already, or of no use.
  keep,     ///< `Table::add_spare`: it may be of use one day.
  connect,  ///< `Table::add_spare`, and dial: a neighbour, or an empty slot waits for it.
};

/// What we would do with a node `id` at `endpoint`.
[[nodiscard]] Wish wants(const Table& table, const Fingerprint& id, const Endpoint& endpoint);

/// Why a spare is worth a session, the most pressing first.
enum class Need : std::uint8_t {
  neighbour,   ///< It belongs to the neighbourhood.
  empty_slot,  ///< Its slot has no healthy peer.
  nearer,      ///< It once was nearer in latency than who holds its slot, by more than the slack.
  explore,     ///< Nobody knows how near it is.
};

struct Candidate {
  ContactIndex contact = 0;
  Need need = Need::explore;
};

/// The spare to dial next, for a need of `least` or more pressing.  For the neighbourhood the
/// nearest one; else the best one of the shallowest slot that needs one.  None that is being
/// dialed or backs off, none whose slot somebody is dialed for, none that its network is too big
/// for, and beyond `Config::sessions_max` only neighbours.
[[nodiscard]] std::optional<Candidate> next_candidate(const Table& table, TimePoint now,
                                                      Need least = Need::explore);

/// The slots without a peer, the shallowest first, in the buckets where there may be nodes outside
/// of the neighbourhood.  Looking up `key_in` one of them finds who could fill it, if anybody can.
[[nodiscard]] std::vector<Slot> empty_slots(const Table& table);

/// One of the slots of these buckets at random, the likelier the more keys lie behind it: where to
/// look for nodes that are nearer in latency than those we know.
[[nodiscard]] Slot random_slot(const Table& table, Random& random);

/// Whom to ask for nodes in `slot` that are near us in latency: one of the nearest healthy peers
/// whose slots there are the same as ours.  Who is near it is near us.
[[nodiscard]] std::optional<ContactIndex> informant(const Table& table, Slot slot, Random& random);

}  // namespace kith::routing
