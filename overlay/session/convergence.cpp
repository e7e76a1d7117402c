#include "overlay/session/convergence.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::overlay {

ConvergingSession ConvergingSession::of(const Session& session) {
  return {.dialed_by_us = session.is_dialer(),
          .has_sent = session.has_sent_record(),
          .has_heard = session.has_heard_record(),
          .last_active = session.last_active()};
}

std::size_t survivor(std::span<const ConvergingSession> sessions, const Fingerprint& us,
                     const Fingerprint& peer) {
  KITH_ASSERT(!sessions.empty());
  const bool ours_win = us > peer;
  const bool any_wins = std::ranges::any_of(sessions, [ours_win](const ConvergingSession& session) {
    return session.dialed_by_us == ours_win;
  });
  std::optional<std::size_t> oldest;
  std::optional<std::size_t> newest_proven;
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    if (any_wins && sessions[i].dialed_by_us != ours_win) continue;
    if (!oldest) oldest = i;
    if (sessions[i].has_sent && sessions[i].has_heard) newest_proven = i;
  }
  return newest_proven.value_or(*oldest);
}

std::optional<TimePoint> duplicate_end(const ConvergingSession& loser,
                                       const ConvergingSession& survivor) {
  if (loser.dialed_by_us || !survivor.has_heard) return std::nullopt;
  return loser.last_active + kDuplicateQuiet;
}

}  // namespace kith::overlay
