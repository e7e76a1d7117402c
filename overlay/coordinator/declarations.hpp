#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "core/deadline_queue.hpp"
#include "core/random.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/coordinator/peer_intent.hpp"

namespace kith::overlay {

struct DeclarationsConfig {
  Fingerprint realm{};
  std::size_t declarations_max = 32'768;
  std::size_t matches_max = 65'536;  ///< Of one intent.
  std::size_t matches_in_all_max = 131'072;

  /// When an intent is renewed, in thousandths of the time that it is held, and the spread of it.
  std::uint32_t renew_per_mille = 700;
  std::uint32_t renew_spread_per_mille = 150;
  /// Whoever carries a request tells earlier that nobody answered; that is not relied upon.
  Duration answer_timeout{30'000'000};
  /// After nobody answered; doubles each time.
  Duration retry_first{1'000'000};
  Duration retry_max{60'000'000};
  unsigned withdraw_attempts = 3;
  /// Many intents that are to be declared again are spread over time.
  std::size_t declares_per_step = 64;
  Duration step_pause{50'000};
};

/// The intents of our own node: declares them to their coordinators, renews and withdraws them, and
/// keeps who matches them.
///
///     add ──► asking ──held──► held ──renewal due──► NeedsRenewal, renew ──► asking
///               ▲  │ no answer, refused        │
///               └──┴── pause, longer each time │ remove, from everywhere ──► withdrawing ──► gone
///
/// Nothing that a coordinator says is believed without the signatures of those it speaks of: it
/// can withhold, never invent.  Pairs of our own intents are matched by the engine, with
/// `intents_match`.
///
/// Keys cost nothing, so anybody can make up as many matches as we keep.  Where there is no room
/// the oldest one goes, of the intent that has the most if there are too many in all; those with
/// whose nodes we had a session when it was their turn go only once they are more than half.
class Declarations {
 public:
  enum class Id : std::uint32_t {};

  /// Route this; `on_answer` or `on_no_answer` tells what came of it.
  struct RouteToSubject {
    std::uint64_t request = 0;
    Fingerprint key;
    Bytes payload;
  };
  /// The subject's coordinators hold the intent.
  struct Held {
    Id declaration{};
    std::vector<Fingerprint> holders;  ///< Closest to the subject first.
    WallTime until;
  };
  /// A coordinator does not hold the intent: `limit_reached`, `not_authorized` or `refused`.  It is
  /// asked again, after a pause.
  struct Refused {
    Id declaration{};
    Errc why{};
  };
  /// Issue the intent again, later than `issued_after` whatever the clock says, and call `renew`.
  struct NeedsRenewal {
    Id declaration{};
    WallTime issued_after;
  };
  struct Matched {
    Id declaration{};
    PeerIntent peer;
  };
  /// A match has a later intent, or its node another token or other relays.
  struct PeerChanged {
    Id declaration{};
    PeerIntent peer;
  };
  struct Unmatched {
    Id declaration{};
    IntentKey peer;
  };
  using Output =
      std::variant<RouteToSubject, Held, Refused, NeedsRenewal, Matched, PeerChanged, Unmatched>;

  struct Counters {
    std::uint64_t malformed = 0;   ///< Answers and pushes that could not be read.
    std::uint64_t forged = 0;      ///< Matches that did not verify.
    std::uint64_t unanswered = 0;  ///< Requests without an answer.
    std::uint64_t refused = 0;     ///< Requests answered by a refusal.
    std::uint64_t over_limit = 0;  ///< Matches that made room for others.
  };

  /// The key, `signatures` and `random` must outlive this.  Nothing is declared before the first
  /// `set_node`.
  Declarations(const DeclarationsConfig& config, const crypto::SigningKeyPair& node_key,
               const crypto::Signatures& signatures, Random& random);

  // Commands.

  /// Declares `intent`, which `identity` signed.  `Errc::limit_reached` over the limit.
  /// @pre No other declaration has its key; `identity` outlives this.
  [[nodiscard]] Result<Id> add(IntentToken intent, const crypto::SigningKeyPair& identity,
                               Instant now);
  /// Withdraws an intent; nothing more is said of it.  Unknown ids are ignored.
  void remove(Id id, Instant now);
  /// Our node has a new token, or is reached through other relays (a client; otherwise none): what
  /// is declared is declared again.
  void set_node(const NodeToken& token, std::span<const Fingerprint> relays, Instant now);
  /// Replaces the intent by a newer one with the same key and audience.  Unknown ids are ignored.
  void renew(Id id, IntentToken intent, Instant now);

  // Inputs.

  void on_answer(std::uint64_t request, ByteView payload, Instant now);
  void on_no_answer(std::uint64_t request, Instant now);
  /// A `matches` or `unmatched` arrived, from whomever.
  void on_push(ByteView payload, Instant now);
  /// A session with `node` is open, or was lost.
  void on_session_open(const Fingerprint& node) { connected_.insert(node); }
  void on_session_lost(const Fingerprint& node) { connected_.erase(node); }
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<Output> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] std::size_t size() const { return own_.size(); }
  /// Whether withdrawals wait for their answer.
  [[nodiscard]] bool is_withdrawing() const { return !leaving_.empty(); }
  [[nodiscard]] bool is_held(Id id) const;
  [[nodiscard]] const IntentToken* intent(Id id) const;
  [[nodiscard]] std::size_t matches(Id id) const;
  /// Whether an intent of `node` matches one of ours.
  [[nodiscard]] bool is_matched(const Fingerprint& node) const {
    return matched_nodes_.contains(node);
  }
  [[nodiscard]] const Counters& counters() const { return counters_; }
  void sanity_check() const;

 private:
  /// Whoever matches one of our intents, or did: then it is remembered as over, so that a push that
  /// comes late does not bring it back.
  struct Match {
    WallTime issued_at;
    WallTime node_issued_at;
    WallTime attached_at;
    bool over = false;
    bool is_proven = false;  ///< Which queue it stands in.
    std::list<const IntentKey*>::iterator place;
  };
  enum class Stage : std::uint8_t {
    pausing,   ///< To be declared at its deadline.
    asking,    ///< A request is under way.
    held,      ///< To be renewed at its deadline.
    renewing,  ///< The engine issues a newer token.
  };
  struct Own {
    IntentToken intent;
    const crypto::SigningKeyPair* identity = nullptr;
    Stage stage = Stage::pausing;
    bool is_held = false;
    bool was_sent = false;
    unsigned attempts = 0;
    std::uint64_t request = 0;
    /// The next token must be issued later; zero: as it is.
    WallTime issued_after{};
    std::map<IntentKey, Match> matches{};
    /// The keys of `matches`, each in one of the two.  Whoever stood first among the newcomers when
    /// room was needed, and had a session with us, is proven.
    std::list<const IntentKey*> newcomers{};
    std::list<const IntentKey*> proven{};
    std::size_t matched = 0;
    /// The sum of `digest_of` over what is matched.
    std::uint64_t known = 0;
  };
  /// An intent that is being withdrawn.
  struct Leaving {
    Withdrawal withdrawal;
    unsigned attempts = 0;
    std::uint64_t request = 0;
  };
  struct MatchRef {
    Id id{};
    IntentKey peer;
    friend auto operator<=>(const MatchRef&, const MatchRef&) = default;
  };

  // declarations.cpp: what we say.
  std::uint64_t ask(Id id, const Fingerprint& subject, Bytes payload);
  void declare(Id id, Own& own, Instant now);
  void withdraw(Id id, Leaving& leaving, Instant now);
  void retry_withdrawal(Id id, Instant now);
  void ask_for_renewal(Id id, Own& own, WallTime issued_after);
  void on_declared(Id id, Own& own, DeclaredMessage message, Instant now);
  void pause(Id id, Own& own, Instant now);
  [[nodiscard]] Duration pause_after(unsigned attempts);
  [[nodiscard]] const Attachment* attachment_of(const crypto::SigningKeyPair& identity);

  // declarations_matches.cpp: what we are told of others.
  [[nodiscard]] std::vector<Id> about(const Fingerprint& subject) const;
  void on_match(PeerIntent peer, Instant now);
  [[nodiscard]] static bool is_news(const Own& own, const PeerIntent& peer);
  [[nodiscard]] static bool tells_more(const Match& match, const PeerIntent& peer);
  void accept(Id id, Own& own, const PeerIntent& peer, Instant now);
  void on_end(const Withdrawal& end, Instant now);
  void on_end(const ExpiredIntent& end, Instant now);
  /// A match that is not over.
  [[nodiscard]] static const Match* find_match(const Own& own, const IntentKey& peer);
  void unmatch(Id id, Own& own, const IntentKey& peer, Match& match);
  void forget_match(Id id, Own& own, const IntentKey& peer);
  void make_room(Id id, Own& own);
  /// @pre There are matches.
  void forget_oldest(Id id, Own& own);
  void rank(Id id, std::size_t before, std::size_t now);
  [[nodiscard]] bool is_in_use(const Own& own, const IntentKey& peer) const;
  void expire_matches(Instant now);
  void forget_match_with(const Fingerprint& node);

  DeclarationsConfig config_;
  const crypto::SigningKeyPair* node_key_;
  const crypto::Signatures* signatures_;
  Random* random_;

  std::optional<NodeToken> node_;
  Relays relays_;
  /// By which the node lets each identity use it, all of the same time.
  std::map<Fingerprint, Attachment> attachments_;
  WallTime attached_at_;

  std::map<Id, Own> own_;
  std::map<Id, Leaving> leaving_;
  std::map<IntentKey, Id> by_key_;
  /// Our intents that have any matches, over or not, by how many.
  std::set<std::pair<std::size_t, Id>> by_matches_;
  /// How many matches there are with each node.
  std::map<Fingerprint, std::size_t> matched_nodes_;
  /// Nodes with which we have a session.
  std::set<Fingerprint> connected_;
  std::map<std::uint64_t, Id> requests_;
  DeadlineQueue<Id> deadlines_;
  DeadlineQueue<MatchRef> match_deadlines_;
  std::deque<Output> outputs_;
  Counters counters_;
  std::uint32_t next_id_ = 1;
  std::uint64_t next_request_ = 1;
};

}  // namespace kith::overlay
