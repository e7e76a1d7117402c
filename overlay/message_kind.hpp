#pragma once

#include <cstdint>

namespace kith::overlay {

/// What a message between nodes is: the first element of its canonical msgpack array.  The numbers
/// stand on the wire; each group belongs to one machine.
enum class MessageKind : std::uint8_t {
  // Membership (docs/protocol.md §6).
  join = 1,
  acknowledge = 2,
  not_acknowledged = 3,
  update = 4,
  piggy = 5,
  leave = 6,

  // Routing of messages towards a key (docs/protocol.md §7).
  route = 16,   ///< Towards a key, hop by hop.
  answer = 17,  ///< Back along the hops of a `route`.

  // What a routed message carries.
  announce = 24,   ///< Membership: a node joined; answered with a piggy.
  lookup = 25,     ///< Membership: who is near this key; answered with a piggy.
  trace = 26,      ///< Diagnosis: by which hops.
  judge = 27,      ///< Membership: to the realm's leader, may this one join.
  judgement = 28,  ///< The answer to it.

  // Coordinators (docs/protocol.md §8).
  declare = 32,     ///< Routed to the subject: hold this intent.
  declared = 33,    ///< The answer: who holds it, until when.
  withdraw = 34,    ///< Routed to the subject.
  matches = 35,     ///< Pushed to a declaring node: intents that match yours.
  unmatched = 36,   ///< Pushed to a declaring node: intents that are over.
  replicate = 37,   ///< Between the nodes of a region: hold these too.
  replicated = 38,  ///< The answer to it.

  // Exchange (docs/protocol.md §9), between matched nodes.
  channel_open = 48,
  channel_accept = 49,
  channel_refuse = 50,
  channel_data = 51,
  channel_credit = 52,
  channel_expired = 53,
  channel_close = 54,

  // Relationships (docs/protocol.md §10), between the two nodes that one names.
  relate = 64,            ///< First contact by a ticket: a relationship to be signed.
  related = 65,           ///< The answer: it is signed by both.
  not_related = 66,       ///< Or it is not.
  relation_message = 67,  ///< From one application to the other.
  relation_taken = 68,    ///< The other one has taken it.
  relation_end = 69,
  no_relation = 70,  ///< A message named none that the two share.
  introduce = 71,    ///< The node token, on a session that began without it.

  // Queries (docs/protocol.md §10): for anybody, if the node answers any.
  query = 72,
  reply = 73,
};

}  // namespace kith::overlay
