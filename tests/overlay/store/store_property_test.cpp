#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "tests/overlay/store/store_samples.hpp"
#include "tests/support/for_each_seed.hpp"

namespace kith::test {
namespace {

using namespace std::chrono_literals;
using overlay::AddressMemory;
using overlay::SeenTime;
using overlay::Store;
using overlay::StoredTicket;

/// The store as somebody would write it who never restarts.
struct Model {
  std::map<Fingerprint, StoredTicket> tickets;
  std::map<std::string, Fingerprint> addresses;
  std::map<Byte, WallTime> times;
  WallTime own_time{};

  bool spend(const Fingerprint& hash, const Fingerprint& by, WallTime now) {
    const auto found = tickets.find(hash);
    if (found == tickets.end()) return false;
    StoredTicket& ticket = found->second;
    if (ticket.used_at || ticket.revoked_at || ticket.expires_at <= now) return false;
    ticket.used_at = now;
    ticket.used_by = by;
    return true;
  }

  bool revoke(const Fingerprint& hash, WallTime now) {
    const auto found = tickets.find(hash);
    if (found == tickets.end() || found->second.used_at || found->second.revoked_at) return false;
    found->second.revoked_at = now;
    return true;
  }

  AddressMemory remember(const std::string& address, const Fingerprint& node) {
    const auto [at, is_new] = addresses.emplace(address, node);
    if (is_new) return AddressMemory::first_seen;
    return at->second == node ? AddressMemory::as_before : AddressMemory::changed;
  }
};

/// One of few, so that they meet.
Fingerprint one_of_few(Random& random) {
  return numbered(static_cast<std::uint32_t>(random.below(6)));
}

void step(Store& store, Model& model, Random& random) {
  const WallTime now = kIssuedAt + Duration(static_cast<std::int64_t>(random.below(100)));
  const Fingerprint hash = one_of_few(random);
  const Fingerprint by = one_of_few(random);
  const auto key = static_cast<Byte>(random.below(4));
  const std::string address = "host:" + std::to_string(random.below(3));
  switch (random.below(6)) {
    case 0: {
      StoredTicket ticket = some_ticket(hash);
      ticket.expires_at = kIssuedAt + Duration(static_cast<std::int64_t>(random.below(100)));
      ticket.partner = by;
      const bool is_new = model.tickets.emplace(hash, ticket).second;
      EXPECT_EQ(store.add_ticket(ticket, now).value(), is_new);
      return;
    }
    case 1:
      EXPECT_EQ(store.spend(hash, by, now).value(), model.spend(hash, by, now));
      return;
    case 2:
      EXPECT_EQ(store.revoke_ticket(hash, now).value(), model.revoke(hash, now));
      return;
    case 3:
      EXPECT_EQ(store.remember_address(address, by, now).value(), model.remember(address, by));
      return;
    case 4: {
      const std::vector<SeenTime> times = {{{key}, now}};
      EXPECT_TRUE(store.raise_times(times));
      model.times[key] = std::max(model.times[key], now);
      return;
    }
    default:
      EXPECT_TRUE(store.raise_own_time(now));
      model.own_time = std::max(model.own_time, now);
  }
}

void expect_same(Store& store, const Model& model) {
  for (const auto& [hash, ticket] : model.tickets)
    EXPECT_EQ(store.find_ticket(hash).value(), ticket);
  EXPECT_EQ(store.tickets()->size(), model.tickets.size());
  std::map<Byte, WallTime> times;
  const auto latest = store.latest_times(100).value();
  for (const SeenTime& seen : latest) times.emplace(seen.static_key.front(), seen.time);
  EXPECT_EQ(times, model.times);
  EXPECT_EQ(store.own_time().value(), model.own_time);
}

TEST(StoreLaws, IsWhatAModelSaysAlsoAfterARestart) {
  for_each_seed(20, [](Random& random) {
    const StoreFolder folder(memory());
    Model model;
    for (int restarts = 0; restarts < 3; ++restarts) {
      Store store(folder / "store");
      expect_same(store, model);
      for (int left = 20; left > 0; --left) step(store, model, random);
      expect_same(store, model);
    }
  });
}

}  // namespace
}  // namespace kith::test
