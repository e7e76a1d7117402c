#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <variant>
#include <vector>

#include "core/assert.hpp"
#include "overlay/membership/realm_judgements.hpp"
#include "tests/fuzz/play.hpp"
#include "tests/overlay/membership/realm.hpp"

/// Reads the input as what joiners, coordinators and whoever answers as the realm's leader do to
/// one node that asks it: judgements that were signed by somebody, whole, torn or changed, late or
/// never; jumps of the clock.  Nobody is let in or refused without the leader's word.
namespace {

using namespace std::chrono_literals;

using namespace kith;
using namespace kith::overlay;
using namespace kith::overlay::test;
using namespace kith::test;

/// Of the joiners the leader admits one in three, and refuses one; on the others it says nothing.
constexpr std::size_t kJoiners = 6;
constexpr std::size_t kAdmitted = 0;
constexpr std::size_t kRefused = 1;

/// What the realm and a stranger have signed.
struct Cast {
  Cast() {
    for (std::size_t i = 0; i < kJoiners; ++i) {
      const Actor& joiner = joiners.emplace_back(realm.somebody());
      tokens.push_back(joiner.node_token(kStart.wall).token);
      for (const Duration life : {Duration(1min), Duration(24h)}) {
        Judgement judgement{
            {joiner.node, joiner.node}, i % 3 == kAdmitted, kStart.wall, kStart.wall + life, {}};
        if (i % 3 <= kRefused)
          answers.push_back(
              encode(sign_judgement(judgement, realm.leader.identity_key, signatures())));
        judgement.admitted = !judgement.admitted;
        answers.push_back(encode(sign_judgement(judgement, stranger.identity_key, signatures())));
      }
    }
    answers.emplace_back();
    for (const Duration at : {Duration(0s), Duration(60s)})
      for (const Actor* by : {&realm.leader, &stranger})
        intents.push_back(realm.leader_intent(*by, kStart.wall + at));
  }

  Realm realm;
  Actor stranger{realm.random, true};
  std::deque<Actor> joiners;
  std::vector<Token> tokens;
  std::vector<Bytes> answers;
  std::vector<PeerIntent> intents;
};

class Machine {
 public:
  explicit Machine(Cast& cast) : cast_(cast), judgements_(config(cast), random_) {}

  void step(Input& input) {
    switch (input.next() % 6) {
      case 0:
        return judge(input.next());
      case 1:
        return judgements_.on_matched(cast_.intents[input.next() % cast_.intents.size()], now_);
      case 2:
        return judgements_.on_unmatched(
            key_of(cast_.intents[input.next() % cast_.intents.size()].intent));
      case 3:
        return judgements_.on_answer(request(input), answer(input), now_);
      case 4:
        return judgements_.on_no_answer(request(input), now_);
      default:
        return wait(input);
    }
  }

  void drain() {
    while (const auto output = judgements_.poll_output()) {
      if (const auto* seek = std::get_if<RealmJudgements::SeekLeader>(&*output)) {
        KITH_ASSERT(std::exchange(is_seeking_, seek->wanted) != seek->wanted);
      } else if (const auto* ask = std::get_if<RealmJudgements::AskLeader>(&*output)) {
        KITH_ASSERT(is_seeking_ && ask->node == cast_.realm.leader.node);
        requests_.push_back(ask->request);
      }
    }
    judgements_.sanity_check();
  }

 private:
  static RealmJudgementsConfig config(const Cast& cast) {
    RealmJudgementsConfig config;
    config.realm = cast.realm.leader.identity;
    config.signatures = &signatures();
    config.pending_max = 4;
    config.known_max = 3;
    config.asks_at_once = 2;
    return config;
  }

  /// From one of a few networks.
  void judge(std::uint8_t which) {
    const std::size_t joiner = which % kJoiners;
    const auto network = static_cast<routing::NetworkTag>(which / kJoiners % 3);
    const Verdict verdict = judgements_.judge(nullptr, cast_.tokens[joiner], network, now_);
    if (verdict == Verdict::yes) KITH_ASSERT(joiner % 3 == kAdmitted);
    if (verdict == Verdict::no) KITH_ASSERT(joiner % 3 == kRefused);
  }

  /// One that was made, soon or long ago, or any.
  std::uint64_t request(Input& input) {
    const std::uint8_t which = input.next();
    if (which > 240 || requests_.empty()) return which % 16U;
    return requests_[requests_.size() - 1 - which % requests_.size()];
  }

  Bytes answer(Input& input) {
    return garbled(cast_.answers[input.next() % cast_.answers.size()], input);
  }

  /// Up to half an hour, or days.
  void wait(Input& input) {
    pass_time(now_, 28ms, input);
    judgements_.on_deadline(now_);
  }

  Cast& cast_;
  Instant now_ = kStart;
  SeededRandom random_{2};
  RealmJudgements judgements_;
  std::vector<std::uint64_t> requests_;
  bool is_seeking_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return play<Cast, Machine>(data, size);
}
