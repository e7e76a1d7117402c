#include <chrono>

#include <benchmark/benchmark.h>

#include <kith/subject.hpp>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "core/random.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

/// What it takes to believe a token that comes in: the strict decoding, the dates and the
/// signature, beside the bare check of a signature over as many bytes.
namespace kith {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{1'800'000'000s};

struct Samples {
  SeededRandom random{1};
  crypto::SigningKeyPair key = crypto::ed25519().generate(random);
  Bytes node = raw_of(issue_node().token);
  Bytes intent = raw_of(issue_intent().token);

  static Bytes raw_of(const Token& token) { return {token.raw().begin(), token.raw().end()}; }

  NodeToken issue_node() {
    NodeTokenParams params;
    params.issued_at = kNow;
    params.life = 24h;
    params.endpoints = {Endpoint::v4({192, 0, 2, 1}, 3141)};
    return issue_node_token(params, key, crypto::ed25519(), random).value();
  }
  IntentToken issue_intent() {
    IntentTokenParams params;
    params.subject = subject_id({}, "news/weather").value();
    params.issued_at = kNow;
    params.life = 10min;
    params.role = IntentRole::receive;
    params.node = node_fingerprint(key.public_key);
    return issue_intent_token(params, key, crypto::ed25519(), random).value();
  }
};

void believe_node_token(benchmark::State& state) {
  const Samples samples;
  for (auto _ : state) {
    const auto token = decode_node_token(samples.node);
    KITH_ASSERT(token && verify(token->token, crypto::ed25519(), kNow));
  }
}

void believe_intent_token(benchmark::State& state) {
  const Samples samples;
  for (auto _ : state) {
    const auto token = decode_intent_token(samples.intent);
    KITH_ASSERT(token && verify(token->token, crypto::ed25519(), kNow));
  }
}

/// All but the signature.
void decode_and_check_dates(benchmark::State& state) {
  const Samples samples;
  for (auto _ : state) {
    const auto token = decode_intent_token(samples.intent);
    KITH_ASSERT(token && verify_dates(token->token, kNow));
  }
}

void bare_verify(benchmark::State& state) {
  const Samples samples;
  const crypto::Signature signature = crypto::ed25519().sign(samples.key, {samples.intent});
  for (auto _ : state)
    KITH_ASSERT(crypto::ed25519().verify(samples.key.public_key, {samples.intent}, signature));
}

BENCHMARK(believe_node_token);
BENCHMARK(believe_intent_token);
BENCHMARK(decode_and_check_dates);
BENCHMARK(bare_verify);

}  // namespace
}  // namespace kith
