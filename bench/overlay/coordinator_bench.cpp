#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "core/random.hpp"
#include "overlay/coordinator/coordinator.hpp"
#include "overlay/sim/crypto.hpp"
#include "tokens/issue.hpp"

/// A declare that finds its matches among many intents of other subjects, beside a naive matcher
/// that looks at every intent.  The work of a coordinator is to grow with the matches alone.
namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{TimePoint(1h), WallTime(1'800'000'000s)};
constexpr std::size_t kIntentsPerSubject = 8;
constexpr std::size_t kActors = 256;
constexpr std::size_t kDeclares = 4096;

Fingerprint random_fingerprint(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

/// A node that declares, and its token.
struct Actor {
  Actor(const crypto::Signatures& with, Random& random) : key(with.generate(random)) {
    NodeTokenParams params;
    params.issued_at = kNow.wall;
    params.life = 24h;
    params.endpoints = {Endpoint::v4({192, 0, 2, 1}, 3141)};
    node.emplace(issue_node_token(params, key, with, random).value());
  }

  [[nodiscard]] PeerIntent intent(const Fingerprint& subject, IntentRole role,
                                  const crypto::Signatures& with, Random& random,
                                  const Fingerprint& audience = {}) const {
    IntentTokenParams params;
    params.subject = subject;
    params.audience = audience;
    params.issued_at = kNow.wall;
    params.life = 1h;
    params.role = role;
    params.node = node->fingerprint();
    return {issue_intent_token(params, key, with, random).value(), *node, std::nullopt};
  }

  crypto::SigningKeyPair key;
  std::optional<NodeToken> node;
};

/// `held` intents, eight to a subject, half of them receivers; and new senders for these subjects.
struct Load {
  Load(std::size_t held, const crypto::Signatures& with) {
    SeededRandom random(1);
    for (std::size_t i = 0; i < kActors; ++i) actors.emplace_back(with, random);
    for (std::size_t i = 0; i < held / kIntentsPerSubject; ++i)
      subjects.push_back(random_fingerprint(random));
    for (std::size_t i = 0; i < held; ++i) {
      const auto role = i % 2 == 0 ? IntentRole::receive : IntentRole::send;
      // One actor does not declare the same twice: the subject changes with every round of eight.
      const Actor& actor = actors[(i * 31 + i / kIntentsPerSubject) % (kActors / 2)];
      intents.push_back(actor.intent(subjects[i / kIntentsPerSubject], role, with, random));
    }
    for (std::size_t i = 0; i < kDeclares; ++i) {
      const Actor& actor = actors[kActors / 2 + i % (kActors / 2)];
      const PeerIntent peer =
          actor.intent(subjects[random.below(subjects.size())], IntentRole::send, with, random);
      declares.push_back(encode_declare(view_of(peer), 0));
      newcomers.push_back(peer.intent);
    }
  }

  std::vector<Actor> actors;
  std::vector<Fingerprint> subjects;
  std::vector<PeerIntent> intents;
  std::vector<Bytes> declares;
  std::vector<IntentToken> newcomers;
};

/// A coordinator alone in the world, so that every subject is its own.
struct Alone {
  explicit Alone(const crypto::Signatures& with)
      : self(book.intern(Fingerprint{})),
        table(routing_config, book, self, SipKey{}),
        coordinator({}, table, with) {}

  routing::Config routing_config;
  FingerprintBook book{SipKey{}};
  routing::ContactIndex self;
  routing::Table table;
  Coordinator coordinator;
};

/// How many intents a declare was answered with, or pushed.
std::size_t drain(Coordinator& coordinator) {
  std::size_t bytes = 0;
  while (const auto output = coordinator.poll_output()) {
    if (const auto* push = std::get_if<Coordinator::Push>(&*output)) bytes += push->payload.size();
    if (const auto* ask = std::get_if<Coordinator::Ask>(&*output))
      coordinator.on_verdict(ask->question, Verdict::yes, kNow);
  }
  return bytes;
}

void declare_among(benchmark::State& state, const crypto::Signatures& with) {
  const Load load(static_cast<std::size_t>(state.range(0)), with);
  Alone alone(with);
  for (const PeerIntent& peer : load.intents) {
    alone.coordinator.on_declare(RouteId{1}, {}, encode_declare(view_of(peer), 0), kNow);
    drain(alone.coordinator);
  }
  KITH_ASSERT(alone.coordinator.intents_held() == load.intents.size());
  std::size_t next = 0;
  for (auto _ : state) {
    alone.coordinator.on_declare(RouteId{1}, {}, load.declares[next++ % kDeclares], kNow);
    benchmark::DoNotOptimize(drain(alone.coordinator));
  }
}

/// With signatures that cost nearly nothing: what matching itself takes.
void declare_and_match(benchmark::State& state) {
  declare_among(state, *sim::simulated_primitives().signatures);
}

/// With Ed25519.
void declare_verify_and_match(benchmark::State& state) { declare_among(state, crypto::ed25519()); }

/// One subject with `held` intents that send and receive, of as many nodes.  Time stands still, so
/// that what they are told of each other waits for its turn.
struct Crowd {
  Crowd(std::size_t held, const Fingerprint& audience) {
    for (std::size_t i = 0; i < held; ++i) {
      const Actor actor(signatures, random);
      declare(actor.intent(subject, IntentRole::both, signatures, random, audience));
    }
  }
  void declare(const PeerIntent& peer, std::uint64_t known = 0) {
    alone.coordinator.on_declare(RouteId{1}, {}, encode_declare(view_of(peer), known), kNow);
    drain(alone.coordinator);
  }

  const crypto::Signatures& signatures = *sim::simulated_primitives().signatures;
  SeededRandom random{1};
  Fingerprint subject = random_fingerprint(random);
  Alone alone{signatures};
};

/// A declare that is repeated, as all are every few minutes, of one who matches everybody in a hot
/// subject and knows it.
void repeat_in_a_crowd(benchmark::State& state) {
  Crowd crowd(static_cast<std::size_t>(state.range(0)), {});
  const Actor actor(crowd.signatures, crowd.random);
  const PeerIntent peer =
      actor.intent(crowd.subject, IntentRole::both, crowd.signatures, crowd.random);
  crowd.declare(peer);
  const IntentStore& store = crowd.alone.coordinator.store();
  const std::uint64_t known = store.digest_of_counterparts(*store.find(key_of(peer.intent)));
  const Bytes message = encode_declare(view_of(peer), known);
  for (auto _ : state) {
    crowd.alone.coordinator.on_declare(RouteId{1}, {}, message, kNow);
    benchmark::DoNotOptimize(drain(crowd.alone.coordinator));
  }
}

/// A declare among as many that are none of its business: they address somebody else.
void declare_among_foreign_audiences(benchmark::State& state) {
  SeededRandom others(2);
  Crowd crowd(static_cast<std::size_t>(state.range(0)), random_fingerprint(others));
  std::vector<Bytes> declares;
  for (std::size_t i = 0; i < kDeclares; ++i) {
    const Actor actor(crowd.signatures, crowd.random);
    const PeerIntent peer =
        actor.intent(crowd.subject, IntentRole::receive, crowd.signatures, crowd.random);
    declares.push_back(encode_declare(view_of(peer), 0));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    crowd.alone.coordinator.on_declare(RouteId{1}, {}, declares[next++ % kDeclares], kNow);
    benchmark::DoNotOptimize(drain(crowd.alone.coordinator));
  }
}

/// The bare check of the two signatures, which no coordinator can do without.
void bare_verify(benchmark::State& state) {
  SeededRandom random(1);
  const crypto::SigningKeyPair key = crypto::ed25519().generate(random);
  const Bytes statement(300);
  const crypto::Signature signature = crypto::ed25519().sign(key, {statement});
  for (auto _ : state) {
    for (int i = 0; i < 2; ++i)
      KITH_ASSERT(crypto::ed25519().verify(key.public_key, {statement}, signature));
  }
}

/// Tries every intent, as OpenDHT does with the values it holds.
void naive_match(benchmark::State& state) {
  const Load load(static_cast<std::size_t>(state.range(0)),
                  *sim::simulated_primitives().signatures);
  std::size_t next = 0;
  for (auto _ : state) {
    const IntentToken& newcomer = load.newcomers[next++ % kDeclares];
    std::size_t matches = 0;
    for (const PeerIntent& peer : load.intents)
      if (intents_match(newcomer, peer.intent)) ++matches;
    KITH_ASSERT(matches == kIntentsPerSubject / 2);
    benchmark::DoNotOptimize(matches);
  }
}

BENCHMARK(declare_and_match)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Iterations(kDeclares);
BENCHMARK(repeat_in_a_crowd)->Arg(1'000)->Arg(10'000)->Arg(50'000)->Iterations(kDeclares);
BENCHMARK(declare_among_foreign_audiences)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(50'000)
    ->Iterations(kDeclares);
BENCHMARK(declare_verify_and_match)->Arg(10'000)->Iterations(kDeclares);
BENCHMARK(bare_verify);
BENCHMARK(naive_match)->Arg(1'000)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace kith::overlay
