#include <benchmark/benchmark.h>

#include <string>

#include "core/crypto/sodium.hpp"
#include "core/noise/handshake_state.hpp"

namespace kith::noise {
namespace {

/// Both sides of one whole handshake, with a token's worth of payload in every message.
void handshake(benchmark::State& state, const Pattern& pattern) {
  SeededRandom random(1);
  const crypto::DhKeyPair initiator_key = crypto::x25519().generate(random);
  const crypto::DhKeyPair responder_key = crypto::x25519().generate(random);
  const auto config = [&](Role role) {
    const bool initiator = role == Role::initiator;
    const auto& known = initiator ? pattern.responder_before : pattern.initiator_before;
    HandshakeState::Config made{.pattern = &pattern,
                                .role = role,
                                .static_key = initiator ? &initiator_key : &responder_key};
    if (!known.empty()) made.remote_static = (initiator ? responder_key : initiator_key).public_key;
    return made;
  };
  const Bytes payload(512);
  for (auto _ : state) {
    HandshakeState initiator(crypto::sodium_primitives(), config(Role::initiator));
    HandshakeState responder(crypto::sodium_primitives(), config(Role::responder));
    while (!initiator.is_finished()) {
      const bool forward = initiator.is_our_turn();
      Bytes message;
      const auto written =
          (forward ? initiator : responder).write_message(payload, random, message);
      const auto read = (forward ? responder : initiator).read_message(message);
      if (!written || !read) return state.SkipWithError("the handshake failed");
    }
    benchmark::DoNotOptimize(initiator.split());
    benchmark::DoNotOptimize(responder.split());
  }
}

/// The patterns that flows on the wire use.
const bool kRegistered = [] {
  for (const char* name : {"N", "NN", "XX", "IX", "IK", "KK"}) {
    benchmark::RegisterBenchmark((std::string("handshake/") + name).c_str(), handshake,
                                 *find_pattern(name));
  }
  return true;
}();

}  // namespace
}  // namespace kith::noise
