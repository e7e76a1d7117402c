#include "tests/overlay/host.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/crypto/sodium.hpp"
#include "core/overloaded.hpp"
#include "overlay/membership/messages.hpp"

namespace kith::overlay::test {
namespace {

constexpr std::size_t kWriteBytes = 64U << 10;

EngineConfig config(std::uint64_t seed, const Fingerprint& realm,
                    const std::function<void(EngineConfig&)>& change) {
  SeededRandom keys(seed, 1);
  EngineConfig config;
  config.primitives = &crypto::sodium_primitives();
  config.node_key = config.primitives->signatures->generate(keys);
  config.static_key = config.primitives->dh->generate(keys);
  config.realm = realm;
  if (change) change(config);
  return config;
}

}  // namespace

Host::Host(std::uint64_t seed, const Fingerprint& realm,
           const std::function<void(EngineConfig&)>& change)
    : random(seed), engine(config(seed, realm, change), random, now) {
  engine.set_endpoints({Endpoint::v4({127, 0, 0, 1}, 3141)}, now);
  drain();
}

ConnectionId Host::accept() {
  return engine.on_accepted(Endpoint::v4({127, 0, 0, 1}, 4000), now).value();
}

void Host::hear(ConnectionId connection, ByteView bytes) {
  const Bytes held(bytes.begin(), bytes.end());
  engine.on_bytes(connection, held, now);
  drain();
}

void Host::converse(ConnectionId connection, Party& peer) {
  for (bool busy = true; busy;) {
    peer.poll(now);
    const Bytes question = peer.say(now);
    if (!question.empty()) hear(connection, question);
    const Bytes answer = std::exchange(said[connection], {});
    if (!answer.empty()) peer.hear(answer, now);
    busy = !question.empty() || !answer.empty();
  }
}

void Host::wait(Duration span) {
  const TimePoint end = now.time + span;
  while (true) {
    const auto deadline = engine.next_deadline();
    const TimePoint next = deadline ? std::clamp(*deadline, now.time, end) : end;
    now = later(now, next - now.time);
    engine.on_deadline(now);
    drain();
    if (next == end) return;
  }
}

void Host::shift_date(Duration by) {
  now.wall += by;
  engine.on_deadline(now);
  drain();
}

void Host::drain() {
  while (const auto output = engine.poll_output(now)) {
    std::visit(Overloaded{[&](const Dial& dial) { dials.push_back(dial); },
                          [&](const WriteReady& ready) { take(ready.connection); },
                          [&](const CloseConnection& close) {
                            if (close.mode == CloseMode::linger) take(close.connection);
                            closed.push_back(close.connection);
                          },
                          [&](const AskPolicy& ask) {
                            engine.on_verdict(ask.question, Verdict::yes, now);
                          },
                          [](const auto&) {}},
               *output);
  }
}

void Host::take(ConnectionId connection) {
  if (frozen.contains(connection)) return;
  Bytes& bytes = said[connection];
  for (std::size_t before = bytes.size();; before = bytes.size()) {
    engine.take_bytes(connection, kWriteBytes, bytes, now);
    if (bytes.size() == before) return;
  }
}

NodeToken Host::token() const { return decode_node_token(engine.node_token()).value(); }

DialTarget Host::target(WallTime time) const {
  const NodeToken own = token();
  return {.flow = Flow::connection,
          .node = own.fingerprint(),
          .static_key = own.static_key,
          .time = time,
          .first_message = encode(JoinMessage{.entering = true})};
}

}  // namespace kith::overlay::test
