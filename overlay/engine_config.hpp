#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <kith/blocked.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/message.hpp>
#include <kith/policy.hpp>
#include <kith/session_limits.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/session/flow.hpp"
#include "tokens/identity_token.hpp"
#include "tokens/ticket_token.hpp"

namespace kith::overlay {

class ContactBook;

/// Where to enter: an endpoint, and the node that must answer there if it is known.
struct JoinTarget {
  Endpoint endpoint;
  std::optional<Fingerprint> node;
  /// How to dial it: one of the flows that need no key of the node (`H`, `S`, `O`), or `C`, which
  /// is `H` as long as we do not know its token.  The engine takes `N` instead of `H` and `C` where
  /// it shares a relationship with the node.
  Flow flow = Flow::hidden;
  /// Otherwise a node that cannot enter there is ready all the same, and tries it only while it is
  /// alone.
  bool is_needed = true;

  friend bool operator==(const JoinTarget&, const JoinTarget&) = default;
};

struct SubscribeOptions {
  /// On whose behalf: one of the node's identities.  Nothing: the one that it joins with.
  std::optional<Fingerprint> identity{};
  /// Who may send: nobody in particular (zeros), an identity, or a realm.
  Fingerprint audience{};
  /// Messages that a sender may have under way at first, the intent's threshold; its channel's
  /// window may grow (`kWindowMessagesMax`, `kWindowBytes`).
  std::uint32_t credit = 1024;
  Acknowledgement acknowledgement = Acknowledgement::node;
};

struct PublishOptions {
  /// On whose behalf: one of the node's identities.  Nothing: the one that it joins with.
  std::optional<Fingerprint> identity{};
  Fingerprint audience{};
  /// How long an accepted message waits for its receivers.
  Duration time_to_live = std::chrono::seconds(60);
  /// How long a receiver may be without a session until what it is owed counts as expired.
  /// Nothing: at least a minute, and as long as messages live.
  std::optional<Duration> resume_time{};
  /// How old the message that a receiver waits for may be while the queue is full and others wait
  /// for newer ones; then nothing is kept for that receiver alone until it has caught up.
  Duration patience = std::chrono::seconds(1);
  /// What a publisher keeps for receivers that are behind.
  std::size_t queue_messages = 65'536;
  std::size_t queue_bytes = 64U << 20;
};

/// A ticket to be issued.
struct TicketOrder {
  /// Whom it makes a contact of: one of the node's identities.  Nothing: the one that it joins
  /// with.
  std::optional<Fingerprint> identity{};
  /// The identity that alone may redeem it; zeros: whoever shows it.
  Fingerprint partner;
  Duration life = std::chrono::hours(24);
  /// Where its holder is to connect to.
  DialedAddress dialed;
};

/// Everything a node is told at its start.  Times and sizes are defaults; see docs/protocol.md
/// §4.6.
struct EngineConfig {
  const crypto::Primitives* primitives = nullptr;
  crypto::SigningKeyPair node_key;
  crypto::DhKeyPair static_key;
  /// Nothing: the node key speaks for itself.
  std::optional<crypto::SigningKeyPair> identity_key;
  /// Further identities on whose behalf the node acts where it is told so: of subscriptions,
  /// publishers, tickets and relationships.
  std::vector<crypto::SigningKeyPair> further_identities;
  /// Names this node, and is about the identity, but signed by another one, which so vouches for
  /// it (R40).  Nothing: the identity speaks for itself.
  std::optional<IdentityToken> identity_token;
  Participation role = Participation::member;
  /// The realm; zeros: the public one.
  Fingerprint realm;
  /// Whose word on identities is taken besides their own: the realm's leader.
  std::optional<crypto::SigningPublicKey> realm_leader;
  /// Shared between the nodes of one simulation; nothing: the engine makes its own.
  ContactBook* contacts = nullptr;
  /// Which node was met first at an endpoint that was named without one (`EntranceLearned`): no
  /// other one is let answer there.
  std::map<Endpoint, Fingerprint> known_entrances;
  /// Tokens of nodes that were met or handed over before; what is no valid one is passed over.
  std::vector<Bytes> known_tokens;
  /// The times of dialers that were seen before (`DialTimeSeen`), by their keys.
  std::vector<std::pair<crypto::DhPublicKey, WallTime>> known_dial_times;
  /// Later than which our own are: the last one that we used before (`DialTimeUsed`).
  WallTime last_dial_time{};
  /// Whom we have nothing to do with (`Engine::block`).
  std::vector<Blocked> blocked;
  /// How the driver dials whom it enters through.
  Flow entrance_flow = Flow::hidden;
  /// By which flows others may come.
  ListenerProfile listener = kPublicListener;
  /// What this node answers to anybody who asks (docs/protocol.md §10).
  std::set<std::string, std::less<>> public_topics;
  /// Networks exempt from address diversity and from penalties, beyond loopback.
  std::vector<Endpoint> exempt_networks;

  SessionTimers session_timers;
  ConnectionLimits connection_limits;
  RecordPadding padding = RecordPadding::block256;
  /// Several sessions with one node stay open, and do not become one.
  bool keeps_duplicates = false;

  std::size_t peers_wanted_by_client = 3;
  /// Members with a session; a few more that enter the overlay here, and neighbours always.
  std::size_t sessions_max = 400;
  /// Others with a session, beside those.
  std::size_t clients_max = 1024;
  /// Nodes that exchange with us and for which there is no room among those.
  std::size_t exchange_sessions_max = 4096;
  std::size_t region_size = 5;
  std::size_t neighbourhood_size = 16;
  std::size_t intents_max = 100'000;
  std::size_t subscriptions_max = 16'384;
  /// Signatures that one peer may have us check by what it says itself, and as many again by what
  /// it passes on: so many at once, and so many a second from then on.  What comes beyond is passed
  /// over.
  std::uint32_t checks_at_once = 32'768;
  std::uint32_t checks_per_second = 2'000;

  Duration node_token_life = std::chrono::hours(24);
  Duration ping_interval = std::chrono::seconds(20);
  /// Of peers that are neither neighbours nor exchange with us.  Less than the idle timeout.
  Duration ping_interval_far = std::chrono::seconds(50);
  Duration ping_timeout_min = std::chrono::milliseconds(250);
  Duration route_timeout = std::chrono::seconds(1);
  std::uint8_t route_attempts = 4;
  std::uint8_t hop_limit = 32;
  Duration intent_life = std::chrono::minutes(10);
  Duration leave_timeout = std::chrono::seconds(2);
};

/// The key of the identity that a node joins with.
[[nodiscard]] inline const crypto::SigningKeyPair& joining_key(const EngineConfig& config) {
  return config.identity_key ? *config.identity_key : config.node_key;
}

}  // namespace kith::overlay
