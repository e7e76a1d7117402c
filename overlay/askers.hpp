#pragma once

#include <cstdint>

#include <kith/fingerprint.hpp>

#include "overlay/engine_output.hpp"
#include "overlay/relations/queries.hpp"

namespace kith::overlay {

/// Who waits for the answer to a message that we routed.
struct Asker {
  enum class Of : std::uint8_t { membership, realm, trace, declarations, nobody };

  Of of = Of::membership;
  TraceId trace{};
  /// The number by which the machine itself knows its request.
  std::uint64_t request = 0;
  /// What is traced.
  Fingerprint key{};
};

/// Somebody's query that the application has yet to answer.
struct AskedQuery {
  Inquiry inquiry{};
  ConnectionId connection{};
};

/// What the application is asked about a ticket or a relationship.
struct RelationQuestion {
  enum class Of : std::uint8_t { checking, spending, relating, keeping };

  Of of = Of::checking;
  ConnectionId connection{};
};

}  // namespace kith::overlay
