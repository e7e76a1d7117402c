#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "overlay/coordinator/intent_store.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/coordinator/peer_intent.hpp"
#include "overlay/router/router.hpp"
#include "tokens/intent_token.hpp"

namespace kith::overlay {

/// The intents that wait for the policy of a coordinator, by the numbers of their questions: found
/// by what they are about, and counted by whoever may take the room of others with them.
class OpenQuestions {
 public:
  /// In the order in which they were asked.
  enum class Id : std::uint64_t {};

  struct Question {
    std::optional<RouteId> from;      ///< Of a declare; nothing: it was handed over from afar.
    std::optional<Fingerprint> peer;  ///< Who brought it to us; nothing: we ourselves.
    DeclareMessage message;
    IntentStore::Provenance provenance;
    TimePoint forget_at{};
    /// The policy was asked about an earlier intent of the same key: its answer does not count.
    bool is_outdated = false;
  };

  /// @pre nothing waits under `id`
  void add(Id id, Question question);
  /// Nothing if it was answered, or forgotten.
  [[nodiscard]] std::optional<Question> take(Id id);
  /// Forgets those that nobody waits for any more.
  void forget_due(TimePoint now);

  /// One about an intent of the same key that was issued earlier.
  [[nodiscard]] std::optional<Id> earlier_than(const IntentToken& intent) const;
  /// How many there are of its identity, of its node, or of the peer that brought it: the most.
  [[nodiscard]] std::size_t most_of_one(const Question& question) const;
  [[nodiscard]] std::size_t size() const { return questions_.size(); }

  void sanity_check() const;

 private:
  /// One of those that a question counts for.
  struct Party {
    enum class As : std::uint8_t { identity, node, peer } as{};
    Fingerprint id;

    friend auto operator<=>(const Party&, const Party&) = default;
  };

  static void for_each_party(const Question& question, auto&& visit);
  [[nodiscard]] static std::tuple<IntentKey, WallTime, Id> place_of(const IntentToken& intent,
                                                                    Id id);

  std::map<Id, Question> questions_;
  std::set<std::tuple<IntentKey, WallTime, Id>> by_key_;
  std::map<Party, std::size_t> counts_;
};

}  // namespace kith::overlay
