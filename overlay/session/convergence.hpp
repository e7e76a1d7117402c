#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "overlay/session/session.hpp"

/// Two nodes may come to have several sessions with each other: both dialed, or one dialed again.
/// All of them stay usable; this is how they become one (docs/protocol.md §5).
///
/// Whenever one of several *open* sessions of the same two node keys opens or hears a record:
///
/// 1. Ask `survivor`, with the sessions in the order in which they opened, and send on that one
///    only.  Go on receiving on all.
/// 2. For each other session ask `duplicate_end`, now and when that time has come; when it is due,
///    `close(CloseReason::duplicate)`.  Only the responder of a session gets a time.
///
/// A dial under way is never cancelled, and a session that is not open takes no part: a replayed
/// first message can therefore displace nothing.
namespace kith::overlay {

/// What convergence looks at in a session.
struct ConvergingSession {
  bool dialed_by_us = false;
  bool has_sent = false;
  bool has_heard = false;
  TimePoint last_active{};

  [[nodiscard]] static ConvergingSession of(const Session& session);
};

/// How long a session must be quiet before it is closed as a duplicate.
inline constexpr Duration kDuplicateQuiet = std::chrono::seconds(2);

/// Which of `sessions`, ordered from the oldest to the newest, survives: one of those dialed by
/// the node with the greater fingerprint, if there are any; of several, the newest that has carried
/// a record both ways, or the oldest as long as none has.
/// @pre !sessions.empty()
[[nodiscard]] std::size_t survivor(std::span<const ConvergingSession> sessions,
                                   const Fingerprint& us, const Fingerprint& peer);

/// When we have to close `loser`; nothing if that is not up to us, or not before a record arrives
/// on `survivor`.
[[nodiscard]] std::optional<TimePoint> duplicate_end(const ConvergingSession& loser,
                                                     const ConvergingSession& survivor);

}  // namespace kith::overlay
