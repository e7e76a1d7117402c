#pragma once

#include "overlay/message_kind.hpp"

namespace kith::overlay {

/// What a session may carry (docs/protocol.md §10).  A session may have several scopes; one that
/// has none yet is fresh.
struct Scopes {
  /// Let in by membership.
  bool joined = false;
  /// Opened by a ticket whose relationship is not signed yet.
  bool ticket = false;
  /// The two nodes share a relationship, or did when the session began to carry some.
  bool related = false;
  /// It began with a query of anybody: it carries that and the reply, and never anything else.
  bool queried = false;
  /// A join over it has not been answered.
  bool joining = false;
  /// This node answers queries.
  bool answers_queries = false;

  [[nodiscard]] bool is_fresh() const { return !joined && !ticket && !related && !queried; }
};

/// Whether a message of `kind` has a place on a session with these scopes.  Whether it comes at the
/// right time its machine tells.  False for kinds that this version does not know.
[[nodiscard]] bool allows(const Scopes& scopes, MessageKind kind);

}  // namespace kith::overlay
