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

#include "core/crypto/primitives.hpp"
#include "core/deadline_queue.hpp"
#include "overlay/membership/judgement.hpp"
#include "overlay/router/router.hpp"

namespace kith::overlay {

struct RealmLeaderConfig {
  Fingerprint realm{};
  const crypto::Signatures* signatures = nullptr;
  /// Questions that the policy thinks about; one more, and the oldest is given up of those that
  /// came from the peer that brought the most.
  std::size_t questions_max = 256;
  /// Who waits for the answer to one question; the latest do.
  std::size_t waiting_max = 16;
  /// Judgements that are given again instead of asking the policy.
  std::size_t given_max = 4096;
  Duration admission_life = std::chrono::hours(1);
  /// Shorter, so that whoever is refused by mistake need not wait long.
  Duration refusal_life = std::chrono::minutes(5);
};

/// The node of a realm's leader answers those who cannot judge a join (R43): it verifies what they
/// show, asks its policy, and signs what that says.  The same judgement is given to everybody who
/// asks about the same joiner, until half of its life is over.
class RealmLeader {
 public:
  enum class QuestionId : std::uint64_t {};

  struct Answer {
    RouteId route{};
    Bytes payload;  ///< A judgement; empty: it cannot be given now.
  };
  /// Put this to the policy; `on_verdict` answers.
  struct Ask {
    QuestionId question{};
    PolicyQuestion what;
  };
  using Output = std::variant<Answer, Ask>;

  /// `leader` is the key that the realm is named by, and must outlive this.
  RealmLeader(const RealmLeaderConfig& config, const crypto::SigningKeyPair& leader);

  // Inputs.

  /// `peer` brought it to us; nothing: we ourselves.
  void on_judge(RouteId route, const std::optional<Fingerprint>& peer, ByteView payload,
                Instant now);
  /// Late and unknown answers are ignored.
  void on_verdict(QuestionId question, Verdict verdict, Instant now);
  void on_deadline(TimePoint now);

  // Outputs.

  [[nodiscard]] std::optional<Output> poll_output();
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return given_ends_.next(); }

  // Getters.

  [[nodiscard]] std::size_t questions() const { return questions_.size(); }
  /// Whether it was neither answered nor given up.
  [[nodiscard]] bool waits_for(QuestionId question) const { return questions_.contains(question); }
  [[nodiscard]] std::size_t given() const { return given_.size(); }

 private:
  struct Question {
    Joiner joiner;
    std::optional<Fingerprint> peer;  ///< Who brought it first.
    std::deque<RouteId> waiting;
  };

  /// The joiner and the question about it, if what is shown is valid.
  [[nodiscard]] std::optional<std::pair<Joiner, PolicyQuestion>> read(ByteView payload,
                                                                      WallTime now) const;
  /// Makes room for one that `peer` brings.
  void give_up_one(const std::optional<Fingerprint>& peer);
  [[nodiscard]] const Judgement& give(const Joiner& joiner, bool admitted, Instant now);

  RealmLeaderConfig config_;
  const crypto::SigningKeyPair* leader_;
  std::map<QuestionId, Question> questions_;
  std::map<Joiner, QuestionId> asked_;
  std::map<Joiner, Judgement> given_;
  DeadlineQueue<Joiner> given_ends_;
  std::uint64_t next_question_ = 1;
  std::deque<Output> outputs_;
};

}  // namespace kith::overlay
