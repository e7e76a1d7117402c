#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <kith/subject.hpp>

#include "overlay/membership/judgement.hpp"
#include "tests/overlay/coordinator/actors.hpp"
#include "tokens/issue.hpp"

namespace kith::overlay::test {

/// A realm: its leader, and others whom it may judge.
struct Realm {
  Realm() { leader.realm = leader.identity; }

  /// Somebody whose node speaks for itself.
  [[nodiscard]] Actor somebody(bool own_identity = false) {
    Actor actor(random, own_identity);
    actor.realm = leader.identity;
    return actor;
  }
  [[nodiscard]] static Joiner joiner(const Actor& actor) { return {actor.node, actor.node}; }

  [[nodiscard]] PeerIntent leader_intent(const Actor& by, WallTime at = kStart.wall) const {
    return by.peer_intent({.subject = subject_id(leader.identity, kRealmLeaderSubject).value(),
                           .role = IntentRole::receive,
                           .at = at,
                           .audience = {},
                           .realm = leader.identity});
  }
  [[nodiscard]] PeerIntent leader_intent() const { return leader_intent(leader); }

  [[nodiscard]] Judgement judgement(const Joiner& about, bool admitted, Instant now,
                                    Duration life = std::chrono::minutes(30)) const {
    return sign_judgement({about, admitted, now.wall, now.wall + life, {}}, leader.identity_key,
                          signatures());
  }

  SeededRandom random{43};
  Actor leader{random, true};
};

}  // namespace kith::overlay::test
