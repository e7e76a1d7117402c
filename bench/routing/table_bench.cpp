#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include <benchmark/benchmark.h>

#include "core/fingerprint_book.hpp"
#include "core/random.hpp"
#include "routing/next_hop.hpp"
#include "routing/table.hpp"

/// Closest and next hop beside the plainest way to find the same, in one run: sorting whole
/// distances, and looking at every peer.
namespace kith::routing {
namespace {

constexpr std::size_t kKeys = 1'024;
constexpr std::size_t kRegion = 16;
constexpr std::size_t kBuckets = 18;

Fingerprint random_id(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

/// A table with as many peers as asked for, spread over the buckets of an overlay of some million
/// nodes.
class Filled {
 public:
  explicit Filled(std::size_t peers) {
    const Fingerprint& own = table_.self_id();
    for (std::size_t i = 0; i < peers; ++i) {
      const auto bucket = static_cast<std::uint16_t>(i % kBuckets);
      const Slot slot{bucket, static_cast<std::uint16_t>(random_.below(16))};
      connect(key_in(slot, own, 4, random_));
    }
    for (std::size_t i = 0; i < kKeys; ++i) keys_.push_back(random_id(random_));
  }

  [[nodiscard]] const Table& table() const { return table_; }
  [[nodiscard]] std::span<const ContactIndex> peers() const { return peers_; }
  [[nodiscard]] const Fingerprint& next_key() { return keys_[at_++ % kKeys]; }

 private:
  void connect(const Fingerprint& id) {
    const ContactIndex contact = book_.intern(id);
    const Duration rtt(static_cast<std::int64_t>(2'000 + random_.below(300'000)));
    table_.on_connected(contact, Endpoint::v4({127, 0, 0, 1}, 1), rtt);
    peers_.push_back(contact);
  }

  SeededRandom random_{1};
  Config config_;
  FingerprintBook book_{SipKey{}};
  Table table_{config_, book_, book_.intern(random_id(random_)), SipKey{}};
  std::vector<ContactIndex> peers_;
  std::vector<Fingerprint> keys_;
  std::size_t at_ = 0;
};

void closest(benchmark::State& state) {
  Filled filled(static_cast<std::size_t>(state.range(0)));
  std::array<ContactIndex, kRegion> out{};
  const auto count = static_cast<std::size_t>(state.range(1));
  for (auto _ : state) {
    auto found = filled.table().closest(filled.next_key(), std::span(out).first(count));
    benchmark::DoNotOptimize(found.data());
  }
}

void closest_by_sorting(benchmark::State& state) {
  Filled filled(static_cast<std::size_t>(state.range(0)));
  const auto count = static_cast<std::ptrdiff_t>(state.range(1));
  std::vector<ContactIndex> all(filled.peers().begin(), filled.peers().end());
  all.push_back(filled.table().self());
  for (auto _ : state) {
    const Fingerprint& key = filled.next_key();
    const FingerprintBook& book = filled.table().book();
    std::ranges::partial_sort(all, all.begin() + count, [&](ContactIndex a, ContactIndex b) {
      return is_closer(key, book[a], book[b]);
    });
    benchmark::DoNotOptimize(all.data());
  }
}

void next_hop(benchmark::State& state) {
  Filled filled(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto hop = next_hop(filled.table(), filled.next_key());
    benchmark::DoNotOptimize(hop);
  }
}

void next_hop_by_looking(benchmark::State& state) {
  Filled filled(static_cast<std::size_t>(state.range(0)));
  const Table& table = filled.table();
  for (auto _ : state) {
    const Fingerprint& key = filled.next_key();
    std::optional<std::tuple<std::uint64_t, Fingerprint, ContactIndex>> best;
    for (ContactIndex peer : filled.peers()) {
      const Fingerprint& id = table.book()[peer];
      if (!is_closer(key, id, table.self_id())) continue;
      const Fingerprint left = distance(id, key);
      const auto rtt = static_cast<std::uint64_t>(table.health(peer)->rtt()->count());
      const std::uint64_t nodes = table.expected_nodes_within(left.top64());
      const std::tuple cost(rtt / 2 + 8'000 * log2_of_one_plus(nodes << 16) / 256, left, peer);
      if (!best || cost < *best) best = cost;
    }
    benchmark::DoNotOptimize(best);
  }
}

void connect_and_disconnect(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  SeededRandom random(1);
  Config config;
  FingerprintBook book(SipKey{});
  Table table(config, book, book.intern(random_id(random)), SipKey{});
  std::vector<ContactIndex> peers;
  const auto endpoint = [&](std::size_t i) {
    return Endpoint::v4({10, static_cast<Byte>(i >> 8), static_cast<Byte>(i), 1}, 1);
  };
  for (std::size_t i = 0; i < count; ++i) {
    peers.push_back(book.intern(random_id(random)));
    table.on_connected(peers.back(), endpoint(i), Duration(10'000));
  }
  std::size_t at = 0;
  for (auto _ : state) {
    const std::size_t which = at++ % count;
    const ContactIndex peer = peers[which];
    table.on_disconnected(peer, Parting::left, TimePoint{});
    while (table.poll_released()) {
    }
    table.on_connected(peer, endpoint(which), Duration(10'000));
  }
}

BENCHMARK(closest)->ArgsProduct({{128, 512, 4'096}, {1, 5, kRegion}});
BENCHMARK(closest_by_sorting)->ArgsProduct({{128, 512, 4'096}, {1, 5, kRegion}});
BENCHMARK(next_hop)->Arg(128)->Arg(512)->Arg(4'096);
BENCHMARK(next_hop_by_looking)->Arg(128)->Arg(512)->Arg(4'096);
BENCHMARK(connect_and_disconnect)->Arg(128)->Arg(512)->Arg(4'096);

}  // namespace
}  // namespace kith::routing
