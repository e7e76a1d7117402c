#include "tests/routing/world.hpp"

#include <gtest/gtest.h>

namespace kith::routing::test {
namespace {

using Bits = std::array<Byte, Fingerprint::kBytes>;

void sort_by_distance(std::vector<ContactIndex>& contacts, const FingerprintBook& book,
                      const Fingerprint& key) {
  std::ranges::sort(contacts, [&](ContactIndex a, ContactIndex b) {
    return distance(book[a], key) < distance(book[b], key);
  });
}

}  // namespace

Fingerprint random_id(Random& random) {
  Bits bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

Fingerprint sharing_bits(const Fingerprint& id, int bits, Random& random) {
  Bits bytes = random_id(random).bytes();
  for (int i = 0; i <= bits && i < Fingerprint::kBits; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const auto mask = static_cast<Byte>(0x80U >> at % 8);
    const bool wanted = id.bit(i) != (i == bits);
    bytes[at / 8] = static_cast<Byte>(wanted ? bytes[at / 8] | mask : bytes[at / 8] & ~mask);
  }
  return Fingerprint(bytes);
}

World::World(Random& source, Options options)
    : random(source), config(options.config), few_networks_(options.few_networks) {
  const Fingerprint own = random_id(random);
  self = book.intern(own);
  while (pool.size() < options.pool) {
    Fingerprint id = random_id(random);
    const auto kind = options.ground ? random.below(6) : 6;
    const auto deep = static_cast<int>(60 + random.below(141));
    const auto shallow = static_cast<int>(random.below(12));
    if (kind == 0) id = sharing_bits(own, deep, random);
    if (kind == 1) id = sharing_bits(own, shallow, random);
    if (kind == 2 && !pool.empty()) id = sharing_bits(book[any_contact()], deep, random);
    if (kind == 3 && !pool.empty()) id = sharing_bits(book[any_contact()], shallow, random);
    if (kind == 4 && !pool.empty() && random.below(4) == 0)
      id = sharing_bits(own, Fingerprint::kBits - 1, random);
    if (book.find(id)) continue;
    pool.push_back(book.intern(id));
    endpoints.push_back(any_endpoint());
  }
  table.emplace(config, book, self, SipKey{1});
}

void World::step() {
  const auto which = static_cast<std::size_t>(random.below(pool.size()));
  const ContactIndex contact = pool[which];
  now += Duration(static_cast<std::int64_t>(random.below(2'000'000)));
  switch (random.below(9)) {
    case 0:
    case 1:
    case 2:
      connect(contact);
      break;
    case 3:
    case 4:
      table->add_spare(contact, endpoints[which]);
      known.insert(contact);
      break;
    case 5:
      lose(contact);
      break;
    case 6:
      miss_ping(contact);
      break;
    case 7:
      table->on_dial_started(contact);
      if (random.below(3) > 0) table->on_dial_failed(contact, now);
      break;
    default:
      if (auto peer = peers.find(contact); peer != peers.end()) {
        const Duration rtt(static_cast<std::int64_t>(random.below(400'000)));
        table->on_rtt(contact, rtt);
        peer->second.health.on_rtt(rtt);
      } else {
        table->on_rtt(contact, Duration(1));
      }
  }
  drain();
}

void World::connect(ContactIndex contact) {
  const auto which = static_cast<std::size_t>(std::ranges::find(pool, contact) - pool.begin());
  std::optional<Duration> rtt;
  if (random.below(4) > 0)
    rtt = Duration(static_cast<std::int64_t>(1'000 + random.below(20) * 16'000));
  Health health;
  if (table->is_spare(contact) && spare(contact).rtt()) health.on_rtt(*spare(contact).rtt());
  const auto [peer, added] = peers.try_emplace(contact, ModelPeer{health, endpoints[which]});
  if (rtt) peer->second.health.on_rtt(*rtt);
  table->on_connected(contact, endpoints[which], rtt);
  known.insert(contact);
}

void World::heal() {
  for (auto& [contact, peer] : peers) {
    table->on_alive(contact);
    peer.health.on_alive();
  }
}

void World::lose(ContactIndex contact) {
  switch (random.below(4)) {
    case 0:
      table->forget(contact);
      break;
    case 1:
      table->on_disconnected(contact, Parting::left, now);
      break;
    case 2:
      table->on_disconnected(contact, Parting::lost, now);
      break;
    default:
      table->on_disconnected(contact, Parting::orderly, now);
  }
  peers.erase(contact);
}

void World::miss_ping(ContactIndex contact) {
  const auto peer = peers.find(contact);
  const Pulse pulse = table->on_missed_ping(contact);
  if (peer == peers.end()) {
    EXPECT_EQ(pulse, Pulse::dead);
    return;
  }
  peer->second.health.on_missed_ping();
  const bool dead = peer->second.health.missed_pings() == config.missed_pings_max;
  EXPECT_EQ(pulse == Pulse::dead, dead);
  if (dead) peers.erase(peer);
}

void World::drain() {
  while (auto released = table->poll_released()) EXPECT_EQ(known.erase(*released), 1U);
}

Fingerprint World::any_key() {
  const Fingerprint& near = random.below(3) == 0 ? book[self] : book[any_contact()];
  switch (random.below(5)) {
    case 0:
      return near;
    case 1:
      return sharing_bits(near, static_cast<int>(random.below(256)), random);
    case 2:
      return sharing_bits(near, static_cast<int>(random.below(10)), random);
    default:
      return random_id(random);
  }
}

Endpoint World::any_endpoint() {
  const auto byte = [this] { return static_cast<Byte>(random.below(256)); };
  if (random.below(8) == 0) return Endpoint::v4({127, 0, 0, 1}, 1);
  if (few_networks_ && random.below(2) == 0)
    return Endpoint::v4({10, 0, static_cast<Byte>(random.below(3)), byte()}, 1);
  return Endpoint::v4({byte(), byte(), byte(), byte()}, 1);
}

ContactIndex World::any_contact() { return pool[random.below(pool.size())]; }

std::vector<ContactIndex> World::sorted_peers(const Fingerprint& key, Suspects suspects) const {
  std::vector<ContactIndex> sorted;
  for (const auto& [contact, peer] : peers)
    if (suspects == Suspects::include || !peer.health.is_suspect()) sorted.push_back(contact);
  sort_by_distance(sorted, book, key);
  return sorted;
}

std::vector<ContactIndex> World::sorted_spares(const Fingerprint& key) const {
  std::vector<ContactIndex> sorted;
  for (ContactIndex contact : known)
    if (!peers.contains(contact)) sorted.push_back(contact);
  sort_by_distance(sorted, book, key);
  return sorted;
}

bool World::is_neighbour(const Fingerprint& id) const {
  std::size_t nearer = 0;
  for (const auto& [contact, peer] : peers)
    if (!peer.health.is_suspect() && is_closer(book[self], book[contact], id)) ++nearer;
  return nearer < config.neighbourhood;
}

Slot World::slot(const Fingerprint& id) const {
  return slot_of(distance(id, book[self]), config.spread_bits);
}

std::set<ContactIndex> World::crowded() const {
  const auto sorted = sorted_peers(book[self], Suspects::include);
  std::map<std::array<Byte, 16>, std::map<int, std::size_t>> ordinary;  // Network, bucket.
  std::set<ContactIndex> crowded;
  for (std::size_t rank = config.neighbourhood; rank < sorted.size(); ++rank) {
    const Endpoint& endpoint = peers.at(sorted[rank]).endpoint;
    if (endpoint.is_loopback()) continue;
    auto& buckets = ordinary[endpoint.network()];
    std::size_t in_table = 0;
    for (const auto& [bucket, count] : buckets) in_table += count;
    std::size_t& in_bucket = buckets[slot(book[sorted[rank]]).bucket];
    if (in_bucket >= config.network_per_bucket || in_table >= config.network_per_table) {
      crowded.insert(sorted[rank]);
    } else {
      ++in_bucket;
    }
  }
  return crowded;
}

std::optional<ContactIndex> World::holder(Slot where) const {
  const auto excluded = crowded();
  std::optional<ContactIndex> best;
  const auto burden = [&](ContactIndex peer) {
    return std::tuple(peers.at(peer).health.is_suspect(), one_way(peer),
                      distance(book[peer], book[self]));
  };
  for (const auto& [contact, peer] : peers) {
    if (slot(book[contact]) != where || excluded.contains(contact)) continue;
    if (!best || burden(contact) < burden(*best)) best = contact;
  }
  return best;
}

Duration World::one_way(ContactIndex peer) const {
  return peers.at(peer).health.rtt().value_or(config.unmeasured_rtt) / 2;
}

const Spare& World::spare(ContactIndex contact) const {
  return table->spares()[*table->spares().order().find(contact)];
}

}  // namespace kith::routing::test
