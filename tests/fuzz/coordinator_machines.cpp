#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "overlay/coordinator/coordinator.hpp"
#include "overlay/coordinator/declarations.hpp"
#include "tests/fuzz/play.hpp"
#include "tests/overlay/coordinator/actors.hpp"

/// Reads the input as what a hostile overlay does to one coordinator and to the declarations of one
/// node: messages that were signed by somebody, whole, torn or changed, in any order; joins,
/// suspicions, and jumps of the clock.  After each step nothing may be broken.
namespace {

using namespace std::chrono_literals;

using namespace kith;
using namespace kith::overlay;
using namespace kith::overlay::test;
using namespace kith::test;

/// What the nodes have signed.
struct Cast {
  Cast() {
    for (int i = 0; i < 4; ++i) actors.emplace_back(random, i % 2 == 1);
    for (const Actor& actor : actors) {
      for (const auto role : {IntentRole::send, IntentRole::receive}) {
        for (const Duration at : {0s, 60s}) {
          const PeerIntent peer = actor.peer_intent(
              {.subject = subject, .role = role, .at = kStart.wall + at}, {actors[0].id()});
          peers.push_back(peer);
          const IntentView view = view_of(peer);
          const Withdrawal withdrawal = actor.withdrawal(peer.intent);
          const std::vector<RecordView> records{{at, view}, {at, &withdrawal}};
          const std::vector<SubjectSummary> summaries{{subject, 7}};
          const std::vector<IntentEnd> ends{
              withdrawal, ExpiredIntent{key_of(peer.intent), peer.intent.token.issued_at()}};
          messages.push_back(encode_declare(view, 0));
          messages.push_back(encode_withdraw(withdrawal));
          messages.push_back(encode_matches({&view, 1}));
          messages.push_back(encode_unmatched(ends));
          messages.push_back(encode_replicate(1, records, summaries));
          messages.push_back(encode_replicated(1, {{subject}}));
          for (const auto verdict : {DeclareVerdict::held, DeclareVerdict::withdrawn,
                                     DeclareVerdict::superseded, DeclareVerdict::full})
            messages.push_back(
                encode_declared({verdict, kStart.wall + 10min, {{subject}}, {&view, 1}}));
        }
      }
    }
  }

  SeededRandom random{1};
  std::vector<Actor> actors;
  Actor self{random};
  Fingerprint subject = random_fingerprint(random);
  std::vector<PeerIntent> peers;
  std::vector<Bytes> messages;
};

class Machines {
 public:
  explicit Machines(Cast& cast) : cast_(cast) {
    declarations_.set_node(cast.self.node_token(), {}, now_);
  }

  void step(Input& input) {
    switch (input.next() % 10) {
      case 0:
        return hear_declare(input);
      case 1:
        return coordinator_.on_withdraw(RouteId{1}, message(input), now_);
      case 2:
      case 3:
        return coordinator_.on_message(actor(input).id(), message(input), now_);
      case 4:
        return declarations_.on_push(message(input), now_);
      case 5:
        return declarations_.on_answer(input.next(), message(input), now_);
      case 6:
        return declare(input);
      case 7:
        return declarations_.on_no_answer(input.next(), now_);
      case 8:
        return change_region(input);
      default:
        return wait(input);
    }
  }

  void drain() {
    while (const auto output = coordinator_.poll_output()) {
      const auto* ask = std::get_if<Coordinator::Ask>(&*output);
      // The first and every fourth that asks waits for ever.
      if (ask != nullptr && std::to_underlying(ask->question) % 4 != 1)
        coordinator_.on_verdict(ask->question, Verdict::yes, now_);
    }
    while (auto output = declarations_.poll_output()) {
      const auto* renewal = std::get_if<Declarations::NeedsRenewal>(&*output);
      if (renewal == nullptr) continue;
      const IntentToken* old = declarations_.intent(renewal->declaration);
      declarations_.renew(
          renewal->declaration,
          cast_.self.intent({.subject = old->subject(),
                             .role = old->role,
                             .at = std::max(now_.wall, renewal->issued_after + Duration(1))}),
          now_);
    }
    coordinator_.sanity_check();
    declarations_.sanity_check();
  }

 private:
  const Actor& actor(Input& input) { return cast_.actors[input.next() % cast_.actors.size()]; }

  Bytes message(Input& input) {
    return garbled(cast_.messages[input.next() % cast_.messages.size()], input);
  }

  /// Somebody brings it, or we ourselves.
  void hear_declare(Input& input) {
    std::optional<Fingerprint> peer;
    if (input.next() % 4 != 0) peer = actor(input).id();
    coordinator_.on_declare(RouteId{1}, peer, message(input), now_);
  }

  void declare(Input& input) {
    const std::uint8_t which = input.next();
    const auto role = which % 2 == 0 ? IntentRole::send : IntentRole::receive;
    std::optional<Declarations::Id>& own = own_.at(which % 2);
    if (own) {
      declarations_.remove(*own, now_);
      own.reset();
    } else {
      own = *declarations_.add(
          cast_.self.intent({.subject = cast_.subject, .role = role, .at = now_.wall}),
          cast_.self.identity_key, now_);
    }
  }

  void change_region(Input& input) {
    const Fingerprint node = actor(input).id();
    switch (input.next() % 4) {
      case 0:
        neighbours_.join(node);
        declarations_.on_session_open(node);
        break;
      case 1:
        neighbours_.leave(node);
        declarations_.on_session_lost(node);
        break;
      case 2:
        neighbours_.suspect(node);
        break;
      default:
        neighbours_.recover(node);
        break;
    }
    coordinator_.on_region_changed(now_);
  }

  /// Up to half an hour, or days.
  void wait(Input& input) {
    pass_time(now_, 28ms, input);
    coordinator_.on_deadline(now_);
    declarations_.on_deadline(now_);
  }

  Cast& cast_;
  Instant now_ = kStart;
  SeededRandom random_{2};
  Neighbours neighbours_{cast_.self.id()};
  Coordinator coordinator_{
      {.limits = {.total = 6}, .pairs_per_step = 2, .subjects_per_step = 1, .handover_at_once = 1},
      neighbours_.table(),
      signatures()};
  Declarations declarations_{
      {.matches_max = 4, .matches_in_all_max = 6}, cast_.self.node_key, signatures(), random_};
  std::array<std::optional<Declarations::Id>, 2> own_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return play<Cast, Machines>(data, size);
}
