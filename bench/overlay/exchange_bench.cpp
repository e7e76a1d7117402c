#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>
#include <kith/subject.hpp>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "overlay/exchange/exchange.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

/// What the exchange costs by itself: from `publish` through `fill` and `on_message` to the last
/// `Delivered` and its acknowledgement, beside the two copies that any implementation has to make.
namespace kith::overlay {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{TimePoint(1h), WallTime(1'767'225'600s)};
constexpr std::size_t kBatch = 4'096;

/// Messages of one direction, one behind the other, as a session would keep them.
struct Wire {
  Bytes buffer = Bytes(16 << 20);
  std::vector<std::size_t> ends;
  std::size_t used = 0;

  Result<void> send(std::initializer_list<ByteView> parts) {
    for (ByteView part : parts) {
      std::memcpy(buffer.data() + used, part.data(), part.size());
      used += part.size();
    }
    ends.push_back(used);
    return {};
  }
};

struct Node {
  Node(Random& random, IntentRole role)
      : key(crypto::ed25519().generate(random)),
        intent(issue_intent(random, role)),
        exchange(config(), random) {}

  [[nodiscard]] ExchangeConfig config() const {
    ExchangeConfig config;
    config.signatures = &crypto::ed25519();
    config.node = node_fingerprint(key.public_key);
    return config;
  }

  [[nodiscard]] IntentToken issue_intent(Random& random, IntentRole role) const {
    IntentTokenParams params;
    params.subject = *subject_id({}, "bench");
    params.issued_at = kNow.wall;
    params.life = 1h;
    params.role = role;
    params.node = node_fingerprint(key.public_key);
    return issue_intent_token(params, key, crypto::ed25519(), random).value();
  }

  [[nodiscard]] PeerIntent as_peer(Random& random) const {
    NodeTokenParams params;
    params.issued_at = kNow.wall;
    params.life = 24h;
    params.endpoints = {Endpoint::v4({192, 0, 2, 1}, 1)};
    return {intent, issue_node_token(params, key, crypto::ed25519(), random).value(), std::nullopt};
  }

  crypto::SigningKeyPair key;
  IntentToken intent;
  Exchange exchange;
  std::vector<PeerIndex> peers;
};

/// One publisher, its receivers, and the wires between them.
class Fan {
 public:
  explicit Fan(std::size_t receivers) : sender_(random_, IntentRole::send) {
    (void)sender_.exchange.add_publisher(PublisherId{1}, sender_.intent, {});
    for (std::size_t i = 0; i < receivers; ++i) {
      Node& receiver =
          *receivers_.emplace_back(std::make_unique<Node>(random_, IntentRole::receive));
      receiver.exchange.add_subscription(SubscriptionId{1}, receiver.intent, {});
      receiver.exchange.on_matched(SubscriptionId{1}, sender_.as_peer(random_), kNow);
      drain(receiver.exchange);
      receiver.peers.push_back(receiver.exchange.on_session_open(sender_.config().node, kNow));
      sender_.peers.push_back(sender_.exchange.on_session_open(receiver.config().node, kNow));
    }
    for (int i = 0; i < 3; ++i) exchange_all();
    KITH_ASSERT(sender_.exchange.publisher(PublisherId{1}).receivers == receivers);
  }

  /// Accepts `count` payloads and moves them to all receivers; how many were delivered.
  std::size_t round(ByteView payload, std::size_t count) {
    const std::size_t before = delivered_;
    for (std::size_t left = count; left > 0;) {
      const auto accepted = sender_.exchange.publish(PublisherId{1}, payload, kNow);
      if (accepted) --left;
      if (!accepted || left == 0) {
        drain(sender_.exchange);
        exchange_all();
      }
    }
    while (sender_.exchange.ledger(PublisherId{1}).in_flight() > 0) exchange_all();
    return delivered_ - before;
  }

 private:
  void exchange_all() {
    for (std::size_t i = 0; i < receivers_.size(); ++i) {
      Node& receiver = *receivers_[i];
      move(sender_.exchange, sender_.peers[i], receiver.exchange, receiver.peers[0]);
      move(receiver.exchange, receiver.peers[0], sender_.exchange, sender_.peers[i]);
    }
  }

  void move(Exchange& from, PeerIndex to_peer, Exchange& to, PeerIndex from_peer) {
    wire_.used = 0;
    wire_.ends.clear();
    (void)from.fill(to_peer, 1 << 20, MessageSink(wire_), kNow);
    std::size_t begin = 0;
    for (const std::size_t end : wire_.ends) {
      const auto heard =
          to.on_message(from_peer, ByteView(wire_.buffer).subspan(begin, end - begin), kNow);
      KITH_ASSERT(heard.has_value());
      drain(to);
      begin = end;
    }
  }

  void drain(Exchange& exchange) {
    while (const auto output = exchange.poll_output(kNow)) {
      if (const auto* delivered = std::get_if<Delivered>(&*output)) {
        benchmark::DoNotOptimize(delivered->payload.data());
        ++delivered_;
      } else if (const auto* ask = std::get_if<Ask>(&*output)) {
        exchange.on_verdict(ask->question, true, kNow);
      }
    }
  }

  SeededRandom random_{1};
  Node sender_;
  std::vector<std::unique_ptr<Node>> receivers_;
  Wire wire_;
  std::size_t delivered_ = 0;
};

void exchange(benchmark::State& state) {
  Fan fan(static_cast<std::size_t>(state.range(1)));
  const Bytes payload(static_cast<std::size_t>(state.range(0)), 7);
  std::size_t delivered = 0;
  for (auto _ : state) delivered += fan.round(payload, kBatch);
  state.SetItemsProcessed(static_cast<std::int64_t>(delivered));
  state.SetBytesProcessed(static_cast<std::int64_t>(delivered * payload.size()));
}

/// Into the queue, onto the wire, and a look at each message there: nothing else.
void two_copies(benchmark::State& state) {
  const Bytes payload(static_cast<std::size_t>(state.range(0)), 7);
  const auto receivers = static_cast<std::size_t>(state.range(1));
  Bytes queue((payload.size() + 4) * kBatch);
  Bytes wire(queue.size());
  for (auto _ : state) {
    Byte* to = queue.data();
    for (std::size_t i = 0; i < kBatch; ++i, to += 4 + payload.size()) {
      const auto length = static_cast<std::uint32_t>(payload.size());
      std::memcpy(to, &length, 4);
      std::memcpy(to + 4, payload.data(), payload.size());
    }
    for (std::size_t r = 0; r < receivers; ++r) {
      std::memcpy(wire.data(), queue.data(), queue.size());
      const Byte* at = wire.data();
      for (std::size_t i = 0; i < kBatch; ++i) {
        std::uint32_t length = 0;
        std::memcpy(&length, at, 4);
        benchmark::DoNotOptimize(at);
        at += 4 + length;
      }
    }
  }
  const auto items = state.iterations() * static_cast<std::int64_t>(kBatch * receivers);
  state.SetItemsProcessed(items);
  state.SetBytesProcessed(items * state.range(0));
}

/// One message at a time, there and acknowledged: what a round trip pays.
void exchange_one(benchmark::State& state) {
  Fan fan(1);
  const Bytes payload(static_cast<std::size_t>(state.range(0)), 7);
  for (auto _ : state) fan.round(payload, 1);
  state.SetItemsProcessed(state.iterations());
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"bytes", "receivers"});
  for (const std::int64_t bytes : {16, 64, 1'024, 16'384}) bench->Args({bytes, 1});
  bench->Args({64, 8});
}

BENCHMARK(exchange)->Apply(sizes);
BENCHMARK(two_copies)->Apply(sizes);
BENCHMARK(exchange_one)->Arg(64);

}  // namespace
}  // namespace kith::overlay
