#include <algorithm>
#include <cstdint>

#include <benchmark/benchmark.h>

#include "core/assert.hpp"
#include "core/crypto/sodium.hpp"
#include "core/random.hpp"
#include "overlay/session/record.hpp"
#include "overlay/session/session.hpp"
#include "tokens/issue.hpp"
#include "tokens/verify.hpp"

/// Records beside the bare cipher on the same bytes, and whole handshakes beside the operations of
/// cryptography that no implementation of the flow can do without, in one run.  Everything is done
/// by one thread: items a second of a handshake are handshakes a second and core.
namespace kith::overlay {
namespace {

constexpr std::size_t kTagBytes = crypto::Cipher::kTagBytes;

Instant now() {
  return {.time = TimePoint(std::chrono::hours(1)),
          .wall = WallTime(std::chrono::seconds(1'800'000'000))};
}

noise::CipherState cipher() { return {crypto::chacha20_poly1305(), crypto::CipherKey{}}; }

// Records of messages of 64 B to 64 KiB, as many together as fit into a record.

std::int64_t messages_per_record(std::int64_t bytes) {
  return std::max<std::int64_t>(1, 65'000 / (bytes + 3));
}

void account(benchmark::State& state, std::int64_t messages) {
  state.SetItemsProcessed(state.iterations() * messages);
  state.SetBytesProcessed(state.iterations() * messages * state.range(0));
}

void seal_records(benchmark::State& state) {
  const Bytes message(static_cast<std::size_t>(state.range(0)));
  const std::int64_t messages = state.range(1) == 1 ? 1 : messages_per_record(state.range(0));
  BufferPool pool;
  RecordWriter writer(RecordPadding::block256, &pool);
  noise::CipherState sending = cipher();
  Bytes out;
  for (auto _ : state) {
    out.clear();
    for (std::int64_t i = 0; i < messages; ++i) writer.add_message({message});
    KITH_ASSERT(writer.seal_into(sending, out).has_value());
    benchmark::DoNotOptimize(out.data());
  }
  account(state, messages);
}

/// The same payload bytes in one call of the cipher, without any frame or padding.
void seal_bare(benchmark::State& state) {
  const std::int64_t messages = state.range(1) == 1 ? 1 : messages_per_record(state.range(0));
  const auto bytes = static_cast<std::size_t>(messages * state.range(0));
  Bytes buffer(bytes + kTagBytes);
  const crypto::CipherKey key;
  std::uint64_t nonce = 0;
  for (auto _ : state) {
    crypto::chacha20_poly1305().seal(key, nonce++, {}, ByteView(buffer).first(bytes), buffer);
    benchmark::DoNotOptimize(buffer.data());
  }
  account(state, messages);
}

void open_records(benchmark::State& state) {
  const Bytes message(static_cast<std::size_t>(state.range(0)));
  const std::int64_t messages = state.range(1) == 1 ? 1 : messages_per_record(state.range(0));
  RecordWriter writer(RecordPadding::block256, nullptr);
  for (std::int64_t i = 0; i < messages; ++i) writer.add_message({message});
  Bytes stream;
  noise::CipherState sending = cipher();
  KITH_ASSERT(writer.seal_into(sending, stream).has_value());

  BufferPool pool;
  RecordReader reader;
  for (auto _ : state) {
    FrameReader frames;
    frames.feed(stream);
    noise::CipherState receiving = cipher();
    std::int64_t read = 0;
    while (const auto frame = frames.next()) {
      KITH_ASSERT(reader.open(receiving, frame->body, &pool).has_value());
      while (const auto item = reader.next(1U << 20U).value()) {
        benchmark::DoNotOptimize(item->body.data());
        ++read;
      }
      reader.release(&pool);
    }
    KITH_ASSERT(read == messages);
  }
  account(state, messages);
}

void open_bare(benchmark::State& state) {
  const std::int64_t messages = state.range(1) == 1 ? 1 : messages_per_record(state.range(0));
  const auto bytes = static_cast<std::size_t>(messages * state.range(0));
  Bytes sealed(bytes + kTagBytes);
  const crypto::CipherKey key;
  crypto::chacha20_poly1305().seal(key, 0, {}, ByteView(sealed).first(bytes), sealed);
  Bytes opened(bytes);
  for (auto _ : state) {
    KITH_ASSERT(crypto::chacha20_poly1305().open(key, 0, {}, sealed, opened).has_value());
    benchmark::DoNotOptimize(opened.data());
  }
  account(state, messages);
}

/// Message length, and whether each goes alone.
void lengths(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"bytes", "alone"});
  for (const std::int64_t bytes : {64, 256, 1'024, 4'096, 16'384, 65'536}) {
    benchmark->Args({bytes, 1});
    if (messages_per_record(bytes) > 1) benchmark->Args({bytes, 0});
  }
}

BENCHMARK(seal_records)->Apply(lengths);
BENCHMARK(seal_bare)->Apply(lengths);
BENCHMARK(open_records)->Apply(lengths);
BENCHMARK(open_bare)->Apply(lengths);

// Handshakes.

struct BenchNode {
  explicit BenchNode(std::uint64_t seed) : random(seed) {
    const crypto::Primitives& primitives = crypto::sodium_primitives();
    node_key = primitives.signatures->generate(random);
    static_key = primitives.dh->generate(random);
    const auto token = issue_node_token({.issued_at = now().wall,
                                         .life = std::chrono::hours(24),
                                         .endpoints = {Endpoint::v4({127, 0, 0, 1}, 3141)},
                                         .static_key = static_key.public_key},
                                        node_key, *primitives.signatures, random);
    const ByteView raw = token.value().token.raw();
    local.primitives = &primitives;
    local.static_key = &static_key;
    local.node_key = &node_key;
    local.token.assign(raw.begin(), raw.end());
    local.id = token->fingerprint();
  }

  SeededRandom random;
  crypto::SigningKeyPair node_key;
  crypto::DhKeyPair static_key;
  noise::EphemeralPool ephemerals;
  LocalNode local;
};

/// Carries what one says to the other, who says yes to everybody, and deals with `peer`.
void carry(Session& from, Session& to, const BenchNode& peer, Bytes& wire) {
  wire.clear();
  from.take_bytes(wire, now());
  to.on_bytes(wire, now());
  while (const auto event = to.poll_event(now())) {
    if (std::holds_alternative<SessionSeeks>(*event)) {
      to.on_static_key(peer.static_key.public_key, now());
    } else {
      to.on_verdict(true, now());
    }
  }
}

DialTarget target_of(const BenchNode& listening, Flow flow) {
  DialTarget target{.flow = flow,
                    .node = listening.local.id,
                    .static_key = listening.static_key.public_key,
                    .about = RelationshipId{},
                    .site = "home.example@3141"};
  target.ticket.emplace();
  return target;
}

/// Both sides of a flow, up to both being open; with the responder's ephemeral keys made before, or
/// not.
void handshake(benchmark::State& state, Flow flow, bool pooled) {
  BenchNode dialing(1);
  BenchNode listening(2);
  if (pooled) listening.local.ephemerals = &listening.ephemerals;
  SessionConfig config;
  config.accepted_flows = kPublicListener.accepted_flows;
  Bytes wire;
  for (auto _ : state) {
    if (pooled && listening.ephemerals.size() == 0) {
      state.PauseTiming();
      listening.ephemerals.fill(crypto::x25519(), listening.random);
      state.ResumeTiming();
    }
    Session dialer =
        Session::dial(dialing.local, target_of(listening, flow), config, dialing.random, now());
    Session responder = Session::accept(listening.local, config, listening.random, now());
    carry(dialer, responder, dialing, wire);
    carry(responder, dialer, dialing, wire);
    carry(dialer, responder, dialing, wire);
    carry(responder, dialer, dialing, wire);
    KITH_ASSERT(dialer.is_open() && responder.is_open());
  }
  state.SetItemsProcessed(state.iterations());
}

/// What the flows cannot do without.
struct Operations {
  int key_pairs = 0;
  int agreements = 0;
  int verifications = 0;
  /// Of proofs, by each side.
  int proofs = 0;
};

/// Each side makes an ephemeral key and agrees as often as the pattern says: NN has ee, XX and IX
/// have es and se too, IK and KK ss as well, and N adds an ephemeral key and es; each token that is
/// shown is verified, each proof made and verified.
void bare_operations(benchmark::State& state, Operations operations) {
  const crypto::Primitives& primitives = crypto::sodium_primitives();
  BenchNode node(1);
  const Token token = Token::decode(node.local.token).value();
  const crypto::DhKeyPair peer = primitives.dh->generate(node.random);
  for (auto _ : state) {
    for (int i = 0; i < operations.key_pairs; ++i) {
      benchmark::DoNotOptimize(primitives.dh->generate(node.random));
    }
    for (int i = 0; i < operations.agreements; ++i) {
      benchmark::DoNotOptimize(primitives.dh->agree(node.static_key.secret, peer.public_key));
    }
    for (int i = 0; i < operations.verifications; ++i) {
      benchmark::DoNotOptimize(verify(token, *primitives.signatures, now().wall));
    }
    for (int i = 0; i < operations.proofs; ++i) {
      const auto signature = primitives.signatures->sign(node.node_key, {token.raw()});
      benchmark::DoNotOptimize(
          primitives.signatures->verify(node.node_key.public_key, {token.raw()}, signature));
    }
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(handshake, S, Flow::sealed, false);
BENCHMARK_CAPTURE(handshake, S_pooled, Flow::sealed, true);
BENCHMARK_CAPTURE(bare_operations, S,
                  Operations{.key_pairs = 2, .agreements = 2, .verifications = 2, .proofs = 2});
BENCHMARK_CAPTURE(handshake, C, Flow::connection, false);
BENCHMARK_CAPTURE(handshake, C_pooled, Flow::connection, true);
BENCHMARK_CAPTURE(bare_operations, C,
                  Operations{.key_pairs = 2, .agreements = 8, .verifications = 1});
BENCHMARK_CAPTURE(handshake, O, Flow::open, false);
BENCHMARK_CAPTURE(handshake, O_pooled, Flow::open, true);
BENCHMARK_CAPTURE(bare_operations, O,
                  Operations{.key_pairs = 2, .agreements = 6, .verifications = 2});
BENCHMARK_CAPTURE(handshake, H, Flow::hidden, false);
BENCHMARK_CAPTURE(handshake, H_pooled, Flow::hidden, true);
BENCHMARK_CAPTURE(bare_operations, H,
                  Operations{.key_pairs = 2, .agreements = 6, .verifications = 2});
BENCHMARK_CAPTURE(handshake, I, Flow::ticket, false);
BENCHMARK_CAPTURE(handshake, I_pooled, Flow::ticket, true);
BENCHMARK_CAPTURE(bare_operations, I,
                  Operations{.key_pairs = 2, .agreements = 8, .verifications = 1});
BENCHMARK_CAPTURE(handshake, NK, Flow::reconnect, false);
BENCHMARK_CAPTURE(handshake, NK_pooled, Flow::reconnect, true);
BENCHMARK_CAPTURE(bare_operations, NK, Operations{.key_pairs = 3, .agreements = 10});

}  // namespace
}  // namespace kith::overlay
