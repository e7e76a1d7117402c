#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/policy.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/backoff.hpp"
#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/membership/judgement.hpp"
#include "routing/network_tag.hpp"

namespace kith::overlay {

struct RealmJudgementsConfig {
  Fingerprint realm{};
  const crypto::Signatures* signatures = nullptr;
  /// Nobody is asked: the realm is the public one, or we lead it ourselves.
  bool asks_nobody = false;
  /// Joiners that wait for a judgement.  Of more the latest goes of the network that has the most.
  std::size_t pending_max = 256;
  /// Judgements that are remembered.
  std::size_t known_max = 4096;
  /// Questions under way.
  std::size_t asks_at_once = 8;
  /// Nodes at which the leader is looked for.
  std::size_t leader_nodes_max = 4;
  /// How long a joiner that was deferred is remembered without a judgement.
  Duration pending_life = std::chrono::minutes(10);
  /// How long we go on looking for the leader after the last question.
  Duration seek_life = std::chrono::minutes(1);
};

/// What a node does that must not judge a join by itself (R43): it asks the leader of the realm,
/// over the overlay, and answers the joiner's next attempt by what the leader said.
///
///     judge ──known, not over──────────────────────────────► yes | no
///       │ otherwise: defer
///       ▼
///     pending ──leader known──► asked ──judgement──► known ──over──► forgotten
///       ▲ │ too long: forgotten   │ nothing, or what does not verify
///       └─┴──── pause, longer ────┘
///
/// The leader is whoever declares, as the identity that the realm is named by, to receive on
/// `kRealmLeaderSubject`; while anybody is pending we declare to send there, and so hear of it.
class RealmJudgements {
 public:
  /// Declare the wish to send on `kRealmLeaderSubject`, or end it.
  struct SeekLeader {
    bool wanted = false;
  };
  /// Route this to `node`; `on_answer` or `on_no_answer` tells what came of it.
  struct AskLeader {
    std::uint64_t request = 0;
    Fingerprint node;
    Relays relays;
    Bytes payload;
  };
  using Output = std::variant<SeekLeader, AskLeader>;

  struct Counters {
    std::uint64_t over_limit = 0;  ///< Joiners of whom nothing was kept.
    std::uint64_t forged = 0;      ///< Answers that are no judgement of the joiner by the leader.
  };

  /// `random` must outlive this.
  RealmJudgements(const RealmJudgementsConfig& config, Random& random);

  // Commands.

  /// What the leader said of a joiner that connects from `network`; `defer` if it has not, and then
  /// it is asked.  `identity` is nothing where the node speaks for itself.
  [[nodiscard]] Verdict judge(const Token* identity, const Token& node, routing::NetworkTag network,
                              Instant now);

  // Inputs.

  /// Coordinators name somebody who receives on the subject, or something new of them.
  /// @pre `peer` was verified
  void on_matched(const PeerIntent& peer, Instant now);
  void on_unmatched(const IntentKey& peer);
  void on_answer(std::uint64_t request, ByteView payload, Instant now);
  void on_no_answer(std::uint64_t request, Instant now);
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<Output> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  [[nodiscard]] std::size_t known() const { return known_.size(); }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  void sanity_check() const;

 private:
  struct Pending {
    Bytes identity;
    Bytes node;
    routing::NetworkTag network = routing::kExemptNetwork;
    Backoff backoff;
    std::optional<std::uint64_t> request;
  };
  struct Known {
    bool admitted = false;
    WallTime until;
  };
  /// Where the leader is.
  struct LeaderNode {
    IntentKey key;
    Relays relays;
    WallTime issued_at;
  };

  void add(const Joiner& joiner, Pending pending, TimePoint now);
  [[nodiscard]] bool give_up_one_for(routing::NetworkTag network, TimePoint now);
  void ask_more(TimePoint now);
  void ask(const Joiner& joiner, Pending& pending);
  void ask_all_again(TimePoint now);
  /// The joiner that `request` was about, which is not asked about any more.
  [[nodiscard]] std::optional<Joiner> end_request(std::uint64_t request);
  void pause(const Joiner& joiner, TimePoint now);
  void remember(const Judgement& judgement, Instant now);
  void make_room();
  void end(const Joiner& joiner, TimePoint now);

  RealmJudgementsConfig config_;
  Random* random_;
  std::map<Joiner, Pending> pending_;
  std::map<Joiner, Known> known_;
  std::map<std::uint64_t, Joiner> requests_;
  std::vector<LeaderNode> leaders_;  ///< The first is asked.
  DeadlineQueue<Joiner> due_;        ///< When those that are not asked about may be.
  DeadlineQueue<Joiner> pending_ends_;
  DeadlineQueue<Joiner> known_ends_;
  /// The key that the realm is named by.
  std::optional<crypto::SigningPublicKey> leader_key_;
  bool seeking_ = false;
  /// Until when we go on looking for the leader although nobody waits.
  std::optional<TimePoint> seek_ends_;
  std::uint64_t next_request_ = 1;
  std::deque<Output> outputs_;
  Counters counters_;
};

}  // namespace kith::overlay
