#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <kith/address.hpp>
#include <kith/blocked.hpp>
#include <kith/contacts.hpp>
#include <kith/node.hpp>

#include "overlay/engine.hpp"
#include "overlay/store/store.hpp"
#include "overlay/store/store_lock.hpp"

namespace kith::overlay {

/// Keeps in a store what a node must know after a restart, and gives it back to the next engine.
/// Used in turns of the node alone.  What the store cannot do is logged, and is a no to whoever
/// asked: nothing is confirmed that is not kept.  That it is damaged is logged once.
class Keeper {
 public:
  using Log = std::function<void(LogLevel, std::string_view)>;

  /// Opens the store at `path`, for itself alone.  Throws `StartError`, `StoreDamaged` among them.
  Keeper(const std::string& path, Log log);

  /// From now on complains there.
  void log_to(Log log) { log_ = std::move(log); }

  // At the start.

  /// Whom to have nothing to do with, which nodes were met where, and which times of dialers were
  /// seen.  A node that is named in `entrances` is believed rather than the memory of who was
  /// there.
  void restore(EngineConfig& config, const std::vector<Address>& entrances, WallTime now);
  /// The relationships, and those that were ended.
  void restore(Engine& engine);
  /// Peers of before that are not blocked, the one seen last first.
  [[nodiscard]] std::vector<Address> known_peers(std::size_t most, WallTime now);

  // What the engine tells and asks.

  [[nodiscard]] bool keep(const StoreTicket& ticket, WallTime now);
  [[nodiscard]] std::optional<TicketTerms> check(const Fingerprint& ticket, WallTime now);
  [[nodiscard]] bool spend(const SpendTicket& ticket, WallTime now);
  [[nodiscard]] bool keep(const KeepRelationship& made, WallTime now);
  [[nodiscard]] bool keep(const RelationshipEnded& ended);
  void keep(const EntranceLearned& learned, WallTime now);
  // Strangers make us say these as often as they like, and dials come together: they wait for a
  // `flush`.
  void note(const DialTimeUsed& used);
  void note(const DialTimeSeen& seen);
  void note(const PeerJoined& joined, WallTime now);
  void flush();

  // What the application asks.

  [[nodiscard]] Result<std::vector<TicketStatus>> tickets();
  [[nodiscard]] bool keep(const Blocked& block);
  [[nodiscard]] bool forget_block(const Fingerprint& who);
  [[nodiscard]] Result<void> revoke_ticket(const Fingerprint& hash, WallTime now);
  /// `self` is us in them.
  [[nodiscard]] Result<std::vector<Contact>> contacts(const Fingerprint& self);

 private:
  /// The value, or nothing and a line in the log.
  template <class T>
  std::optional<T> value_of(Stored<T> stored);
  [[nodiscard]] bool is_done(const Stored<void>& done);
  void complain(const StoreFault& fault);

  Log log_;
  Store store_;
  StoreLock lock_;
  bool said_damaged_ = false;
  /// Relationships that the engine did not take, as being of other keys or another realm.
  std::set<Uuid> orphans_;
  // Not written yet.
  std::optional<WallTime> own_time_;
  std::map<crypto::DhPublicKey, WallTime> times_;
  std::map<Fingerprint, KnownPeer> peers_;
};

}  // namespace kith::overlay
