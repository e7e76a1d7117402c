#include <algorithm>

#include "overlay/store/guarded.hpp"
#include "overlay/store/schema.hpp"
#include "overlay/store/store.hpp"

namespace kith::overlay {
namespace {

constexpr std::string_view kOwnTime = "own_time";

/// Writes a row of a key and a time, and never an earlier time than is there.
std::string raise(std::string_view table_name, const std::string& key, const std::string& value) {
  const TableRules& table = table_named(table_name);
  return "INSERT INTO " + std::string(table_name) + " VALUES (?1, ?2, " + seal_of(table, "?1, ?2") +
         ") ON CONFLICT (" + key + ") DO UPDATE SET " + value + " = excluded." + value +
         ", seal = excluded.seal WHERE excluded." + value + " > " + value;
}

}  // namespace

Stored<AddressMemory> Store::remember_address(std::string_view address, const Fingerprint& node,
                                              WallTime now) {
  return guarded([&] {
    const TableRules& table = table_named("addresses");
    Transaction transaction(*database_, Transaction::Kind::writing);
    AddressMemory memory = AddressMemory::first_seen;
    {
      Statement row = database_->prepare(select_from(table) + "WHERE address = ?");
      row.bind(address);
      if (row.step()) {
        expect_sound(row, 4);
        memory = row.fingerprint(1) == node ? AddressMemory::as_before : AddressMemory::changed;
      }
    }
    if (memory == AddressMemory::changed) return memory;
    if (memory == AddressMemory::first_seen) {
      make_room("addresses", 1, now);
      database_->run(
          "INSERT INTO addresses VALUES (?1, ?2, ?3, ?3, " + seal_of(table, "?1, ?2, ?3, ?3") + ")",
          address, node, now);
    } else {
      database_->run("UPDATE addresses SET last_seen = ?2, seal = " +
                         seal_of(table, "address, node, first_seen, ?2") +
                         " WHERE address = ?1 AND last_seen < ?2",
                     address, now);
    }
    transaction.commit();
    return memory;
  });
}

Stored<bool> Store::forget_address(std::string_view address) {
  return guarded(
      [&] { return database_->run("DELETE FROM addresses WHERE address = ?", address) == 1; });
}

Stored<std::vector<KnownAddress>> Store::addresses() {
  return guarded([&] {
    std::vector<KnownAddress> addresses;
    Statement row = database_->prepare(select_from(table_named("addresses")) + "ORDER BY address");
    while (row.step()) {
      expect_sound(row, 4);
      addresses.push_back({row.text(0), row.fingerprint(1)});
    }
    return addresses;
  });
}

Stored<void> Store::raise_times(std::span<const SeenTime> times) {
  return guarded([&] {
    Transaction transaction(*database_, Transaction::Kind::writing);
    for (const SeenTime& seen : times)
      database_->run(raise("times", "static_key", "time"), ByteView(seen.static_key), seen.time);
    make_room("times", 0, {});
    transaction.commit();
  });
}

Stored<std::vector<SeenTime>> Store::latest_times(std::size_t most) {
  return guarded([&] {
    std::vector<SeenTime> times;
    Statement row = database_->prepare(select_from(table_named("times")) +
                                       "ORDER BY time DESC, static_key LIMIT ?");
    row.bind(static_cast<std::int64_t>(most));
    while (row.step()) {
      expect_sound(row, 2);
      SeenTime& seen = times.emplace_back(SeenTime{.time = row.time(1)});
      const ByteView key = row.blob(0);
      if (key.size() != seen.static_key.size())
        throw DatabaseFailure::damage("a key cannot be read");
      std::ranges::copy(key, seen.static_key.begin());
    }
    return times;
  });
}

Stored<void> Store::raise_own_time(WallTime time) {
  return guarded([&] { database_->run(raise("own", "name", "value"), kOwnTime, time); });
}

Stored<WallTime> Store::own_time() {
  return guarded([&]() -> WallTime {
    Statement row = database_->prepare(select_from(table_named("own")) + "WHERE name = ?");
    row.bind(kOwnTime);
    if (!row.step()) return {};
    expect_sound(row, 2);
    return row.time(1);
  });
}

Stored<void> Store::put_peers(std::span<const KnownPeer> peers) {
  return guarded([&] {
    Transaction transaction(*database_, Transaction::Kind::writing);
    for (const KnownPeer& peer : peers) {
      database_->run(
          "INSERT INTO peers VALUES (?1, ?2, ?3, " + seal_of(table_named("peers"), "?1, ?2, ?3") +
              ") ON CONFLICT (node) DO UPDATE SET address = excluded.address, last_seen = "
              "excluded.last_seen, seal = excluded.seal WHERE excluded.last_seen >= "
              "last_seen",
          peer.node, std::string_view(peer.address), peer.last_seen);
    }
    make_room("peers", 0, {});
    transaction.commit();
  });
}

Stored<std::vector<KnownPeer>> Store::peers() {
  return guarded([&] {
    std::vector<KnownPeer> peers;
    Statement row =
        database_->prepare(select_from(table_named("peers")) + "ORDER BY last_seen DESC, node");
    while (row.step()) {
      expect_sound(row, 3);
      peers.push_back({row.fingerprint(0), row.text(1), row.time(2)});
    }
    return peers;
  });
}

Stored<void> Store::block(std::string_view who, WallTime until) {
  return guarded([&] {
    Transaction transaction(*database_, Transaction::Kind::writing);
    database_->run(raise("blocks", "who", "until"), who, until);
    make_room("blocks", 0, {});
    // Of those that end soonest, the newcomer may be one.
    if (!database_->prepare("SELECT 1 FROM blocks WHERE who = ?").bind(who).step())
      fail_by_limit("blocks");
    transaction.commit();
  });
}

Stored<bool> Store::unblock(std::string_view who) {
  return guarded([&] { return database_->run("DELETE FROM blocks WHERE who = ?", who) == 1; });
}

Stored<std::vector<Block>> Store::blocks(WallTime now) {
  return guarded([&] {
    std::vector<Block> blocks;
    Statement row =
        database_->prepare(select_from(table_named("blocks")) + "WHERE until > ? ORDER BY who");
    row.bind(now);
    while (row.step()) {
      expect_sound(row, 2);
      blocks.push_back({row.text(0), row.time(1)});
    }
    return blocks;
  });
}

}  // namespace kith::overlay
