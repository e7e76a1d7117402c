#pragma once

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
#include <kith/result.hpp>
#include <kith/time.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/coordinator/intent_store.hpp"
#include "overlay/coordinator/match_queue.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/coordinator/open_questions.hpp"
#include "overlay/coordinator/region_links.hpp"
#include "overlay/router/router.hpp"
#include "routing/table.hpp"

namespace kith::overlay {

struct CoordinatorConfig {
  Fingerprint realm{};
  std::size_t region_size = 5;  ///< At most `kHoldersMax`.
  IntentLimits limits{};
  LinkConfig links{};

  /// Whoever becomes the closest to a subject tells again of what was declared so recently.
  Duration recent{30'000'000};
  /// Pairs looked at in one step of matching, and the pause before the next one.
  std::size_t pairs_per_step = 256;
  Duration step_pause{10'000};
  /// Renewals are told together, after so long.
  Duration renewal_pause{5'000'000};
  /// Declares that wait for the policy, and for how long: as long as ways back are remembered.
  std::size_t questions_max = 1024;
  Duration question_life{10'000'000};
  /// How long a withdrawal is remembered that came to us before anything it ends.
  Duration orphan_life{60'000'000};
  /// How long it is remembered that an intent ran out.
  Duration expired_life{60'000'000};

  /// Subjects looked at in one step after the region changed, and the pause before the next one.
  std::size_t subjects_per_step = 256;
  Duration sweep_pause{1'000};
  std::size_t handover_at_once = 8;  ///< A newcomer is asked first if it wants more than that.
  /// When the holders other than the closest one make sure that a newcomer has everything.
  Duration summary_pause{2'000'000};
};

// clang-format off
/// Holds the intents of others for the subjects in whose region we are, and introduces those that
/// match (docs/protocol.md §8).
///
/// The region of a subject are the `region_size` nodes closest to it, of ourselves and our healthy
/// peers in `table`.  Each of them holds the subject's intents.  What is held under a key is
/// whatever is newest and signed, so that it does not matter in which order and how often the
/// holders tell each other.
///
///     declared ──► allowed by the policy ──► stored
///
///     stored ─┬──► answered with holders and matches
///             ├──► replicated to the region, until acknowledged
///             ├──► matched, by the closest holder alone: both sides are pushed
///             │
///             ├─ renewed ──► replicated; its matches are told of it, later and together
///             └─ withdrawn or expired ──► its matches are told
///
/// The policy is asked where an intent is declared; of what the other holders tell, they have
/// asked.  Whoever is too far from a subject to hold it is told nothing of it, and what it hands
/// over is taken for a declare: it may have seen the region in a wrong light.
///
/// When the region changes, the closest of the old holders hands over to the newcomers, the others
/// make sure later; and who is the closest now tells again what is recent: receivers drop what they
/// know.  A message to ourselves (`Push`) is for the engine to deliver.
///
/// Pairs of one node are left to that node (`intents_match`).
// clang-format on
class Coordinator {
 public:
  struct Answer {
    RouteId route;
    Bytes payload;
  };
  /// Over the session with a peer; may get lost if there is none.
  struct SendToNode {
    Fingerprint peer;
    Bytes message;
  };
  /// Over a session if there is one, else routed to the node, or to a relay that has one with it.
  struct Push {
    Fingerprint to;
    Relays relays;
    Bytes payload;
  };
  using QuestionId = OpenQuestions::Id;
  /// May who declares this intent use its subject?  `on_verdict` answers.
  struct Ask {
    QuestionId question{};
    IntentToken intent;
  };
  using Output = std::variant<Answer, SendToNode, Push, Ask>;

  struct Counters {
    std::uint64_t declared = 0;    ///< Declares answered as held.
    std::uint64_t refused = 0;     ///< Declares and withdrawals answered otherwise.
    std::uint64_t malformed = 0;   ///< Messages that could not be read.
    std::uint64_t forged = 0;      ///< Tokens, withdrawals and attachments that did not verify.
    std::uint64_t replicated = 0;  ///< Records taken over from other holders.
    std::uint64_t pushed = 0;      ///< Intents and ends told to matched nodes.
  };

  /// `table` and `signatures` must outlive the coordinator.
  Coordinator(const CoordinatorConfig& config, const routing::Table& table,
              const crypto::Signatures& signatures);

  // Inputs.

  /// A routed `declare` or `withdraw` ended here.  `peer` brought it; nothing: it is our own.
  void on_declare(RouteId from, const std::optional<Fingerprint>& peer, ByteView payload,
                  Instant now);
  void on_withdraw(RouteId from, ByteView payload, Instant now);
  /// The answer to an `Ask`; late and unknown ones are ignored.
  void on_verdict(QuestionId question, Verdict verdict, Instant now);
  /// A `replicate` or `replicated` from a peer with a joined session.
  void on_message(const Fingerprint& from, ByteView message, Instant now);
  /// A peer joined the table, left it, turned suspect or recovered.
  void on_region_changed(Instant now);
  void on_deadline(Instant now);

  // Outputs.

  [[nodiscard]] std::optional<Output> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;

  // Getters.

  [[nodiscard]] std::size_t intents_held() const { return store_.intents(); }
  /// Of how many subjects held we are the closest node.
  [[nodiscard]] std::size_t subjects_coordinated() const;
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const IntentStore& store() const { return store_; }
  void sanity_check() const;

 private:
  using Id = IntentStore::Id;
  using Provenance = IntentStore::Provenance;
  using Direction = MatchQueue::Direction;
  using Pairs = MatchQueue::Pairs;
  using Question = OpenQuestions::Question;

  /// What came of an intent or withdrawal that is acceptable.
  enum class Merge : std::uint8_t {
    added,    ///< Nothing, or the end of something, was held under its key.
    renewed,  ///< It replaces an intent, or tells more about where its node is.
    same,     ///< It was held already.
    older,    ///< Something newer is held.
  };
  struct Merged {
    Merge merge = Merge::same;
    Id id = 0;
  };
  /// What would come of an intent, beside whatever is `held` under its key.
  struct Weighed {
    Merge merge = Merge::same;
    std::optional<Id> held;
    bool newer_node = false;  ///< Its node token is news.
  };
  /// Whether the signatures of an intent have been verified.
  enum class Proof : std::uint8_t { unseen, seen };
  /// What is told to one node after a step.
  struct Parcel {
    std::vector<Id> intents;
    std::vector<Id> ends;
    Relays relays;
  };
  using Outbox = std::map<Fingerprint, Parcel>;

  // coordinator.cpp: what is held, and what is answered.
  /// False, and nothing is asked, where too much is asked already, or half as much and too much of
  /// it for one identity, one node, or one peer that brings it.  An intent whose key is asked about
  /// already takes the place of what is older.
  [[nodiscard]] bool ask(Question question, Instant now);
  void pose(Question question, Instant now);
  [[nodiscard]] bool has_room_to_ask(const Question& question) const;
  /// Takes an intent that the policy allows, and answers.
  void settle(RouteId from, DeclareMessage message, Instant now);
  [[nodiscard]] Result<Weighed> weigh(const PeerIntent& peer, Proof proof, Instant now);
  [[nodiscard]] Result<Merged> merge(PeerIntent peer, Proof proof, Provenance provenance,
                                     Instant now);
  [[nodiscard]] Result<Merged> merge(const Withdrawal& withdrawal, Provenance provenance,
                                     Instant now);
  /// Verifies what is not held already, byte for byte.
  [[nodiscard]] Result<void> verify_news(const PeerIntent& peer, const IntentStore::Record* held,
                                         Instant now);
  void answer_declare(RouteId from, Id id, std::uint64_t known, Instant now);
  void answer(RouteId from, const DeclaredView& declared);
  void refuse(RouteId from, Errc why);
  void expire_due(Instant now);
  /// Does what is due; ends every input.
  void advance(Instant now);

  // coordinator_matching.cpp: who is told of whom.
  [[nodiscard]] bool may_tell(Id about, Id other) const;
  [[nodiscard]] bool is_recent(Id id, Instant now) const;
  [[nodiscard]] bool is_closest(Id id) const;
  void schedule_added(Id id, bool handed_over, Instant now);
  void schedule_twice_declared(Id id, Provenance there, Instant now);
  void schedule_renewed(Id id, Instant now);
  void schedule_ended(Id id, Instant now);
  void match_step(Instant now);
  void walk(const MatchQueue::Job& job, std::size_t& budget, Outbox& outbox, Instant now);
  [[nodiscard]] bool is_among(Pairs pairs, Id id, Id other, Instant now) const;
  void tell(Outbox& outbox, Id whom, Id about) const;
  void push(const Fingerprint& to, const Parcel& parcel);
  [[nodiscard]] IntentEnd end_of(Id id) const;

  // coordinator_region.cpp: who else holds it.
  [[nodiscard]] std::vector<Fingerprint> closest(const Fingerprint& subject,
                                                 std::size_t count) const;
  /// Whether `node` is, or may be in the eyes of others, in the region of a subject.
  [[nodiscard]] bool is_near(const Fingerprint& subject, const Fingerprint& node) const;
  [[nodiscard]] bool accepts(const Fingerprint& subject) const {
    return is_near(subject, table_->self_id());
  }
  /// Looks at the region of a subject again.  `settled`: a holder told us of the subject, and will
  /// have told the others.
  void refresh(const Fingerprint& subject, bool settled, Instant now);
  void hand_over(const Fingerprint& subject, const Fingerprint& newcomer, bool leader, Instant now);
  void take_over(const Fingerprint& subject, Instant now);
  void replicate(Id id, Instant now);
  void sweep_step(Instant now);
  void on_replicate(const Fingerprint& from, ReplicateMessage message, Instant now);
  void take_record(const Fingerprint& from, ReplicatedRecord record, Instant now);
  /// Like a declare, which whoever handed it over may have got while it saw less than we do.
  void take_from_afar(const Fingerprint& from, PeerIntent peer, Provenance provenance, Instant now);
  [[nodiscard]] Result<Merged> take(std::variant<PeerIntent, Withdrawal> what, Proof proof,
                                    Provenance provenance, Instant now);
  void on_replicated(const Fingerprint& from, const ReplicatedMessage& message, Instant now);
  void send_parcels(Instant now);

  CoordinatorConfig config_;
  const routing::Table* table_;
  const crypto::Signatures* signatures_;
  IntentStore store_;
  MatchQueue queue_;
  RegionLinks links_;
  std::deque<Output> outputs_;
  Counters counters_;
  OpenQuestions questions_;
  std::uint64_t next_question_ = 1;

  TimePoint matching_resumes_;
  /// Subjects still to be looked at after the region changed, and the last one looked at.
  std::size_t sweep_left_ = 0;
  Fingerprint sweep_at_;
  TimePoint sweep_resumes_;
};

}  // namespace kith::overlay
