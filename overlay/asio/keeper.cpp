#include "overlay/asio/keeper.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "overlay/asio/addresses.hpp"

namespace kith::overlay {
namespace {

/// As many as an engine remembers.
constexpr std::size_t kTimesMax = 16'384;
/// As many peers as wait to be written; others are noted when they come again.
constexpr std::size_t kPeersMax = 256;

template <class Opened>
Opened open_at(const std::string& path) {
  try {
    return Opened(path);
  } catch (const overlay::StoreDamaged& damaged) {
    throw kith::StoreDamaged(damaged.what());
  } catch (const StoreError& error) {
    throw StartError(error.what());
  }
}

/// Whether the engine's `why` says that a relationship is of other keys or another realm.
bool is_orphaned_by(Errc why) {
  return why == Errc::wrong_key || why == Errc::wrong_realm || why == Errc::not_found;
}

std::string why_not_ours(const StoredRelationship& relationship, const Fingerprint& self,
                         Errc why) {
  const RelationshipParty* party = relationship.token.terms().party(self);
  if (why != Errc::not_found || !party) return std::string(describe(why));
  return "it is of " + party->identity.to_string() +
         ", which is not one of its identities any more";
}

}  // namespace

Keeper::Keeper(const std::string& path, Log log)
    : log_(std::move(log)), store_(open_at<Store>(path)), lock_(open_at<StoreLock>(path)) {}

void Keeper::restore(EngineConfig& config, const std::vector<Address>& entrances, WallTime now) {
  for (const Block& block : value_of(store_.blocks(now)).value_or(std::vector<Block>()))
    if (const auto who = Fingerprint::parse(block.who))
      config.blocked.push_back({*who, block.until});
  for (const Address& entrance : entrances) {
    const auto endpoint = literal_endpoint(entrance);
    if (!endpoint || !entrance.node) continue;
    const auto memory =
        value_of(store_.remember_address(endpoint->to_string(), *entrance.node, {}));
    if (memory == AddressMemory::changed)
      (void)value_of(store_.forget_address(endpoint->to_string()));
  }
  for (const KnownAddress& known :
       value_of(store_.addresses()).value_or(std::vector<KnownAddress>()))
    if (const auto endpoint = Endpoint::parse(known.address))
      config.known_entrances.emplace(*endpoint, known.node);
  for (const SeenTime& seen :
       value_of(store_.latest_times(kTimesMax)).value_or(std::vector<SeenTime>()))
    config.known_dial_times.emplace_back(seen.static_key, seen.time);
  config.last_dial_time = value_of(store_.own_time()).value_or(WallTime());
}

void Keeper::restore(Engine& engine) {
  const auto kept = value_of(store_.relationships());
  if (!kept) return;
  for (const StoredRelationship& relationship : *kept) {
    const auto added = engine.add_relationship(relationship.token, relationship.endpoints);
    if (!added) {
      const bool is_orphaned = is_orphaned_by(added.error());
      if (is_orphaned) orphans_.insert(relationship.token.terms().id);
      log_(LogLevel::warning, (is_orphaned ? "a relationship in the store is none of this node's: "
                                           : "a relationship in the store cannot be used: ") +
                                  why_not_ours(relationship, engine.id(), added.error()));
      continue;
    }
    if (!relationship.end) continue;
    const RelationEnd end{*added, relationship.end->at, relationship.end->signature};
    if (const auto ended = engine.add_relation_end(end); !ended)
      log_(LogLevel::warning,
           "a relationship in the store cannot be ended: " + std::string(describe(ended.error())));
  }
}

std::vector<Address> Keeper::known_peers(std::size_t most, WallTime now) {
  std::set<std::string> blocked;
  for (const Block& block : value_of(store_.blocks(now)).value_or(std::vector<Block>()))
    blocked.insert(block.who);
  std::vector<Address> known;
  for (const KnownPeer& peer : value_of(store_.peers()).value_or(std::vector<KnownPeer>())) {
    if (known.size() == most) break;
    if (blocked.contains(peer.node.to_string())) continue;
    const auto address = Address::parse("kith://" + peer.node.to_string() + "@" + peer.address);
    if (address) known.push_back(*address);
  }
  return known;
}

bool Keeper::keep(const StoreTicket& ticket, WallTime now) {
  const StoredTicket stored{.hash = ticket.hash,
                            .purpose = ticket.terms.purpose,
                            .partner = ticket.terms.partner,
                            .expires_at = ticket.expires_at,
                            .identity = ticket.terms.identity.value_or(Fingerprint())};
  return value_of(store_.add_ticket(stored, now)).value_or(false);
}

std::optional<TicketTerms> Keeper::check(const Fingerprint& hash, WallTime now) {
  const auto found = value_of(store_.find_ticket(hash));
  if (!found || !*found) return std::nullopt;
  const StoredTicket& ticket = **found;
  if (ticket.used_at || ticket.revoked_at || ticket.expires_at <= now) return std::nullopt;
  TicketTerms terms{.partner = ticket.partner, .purpose = ticket.purpose};
  if (!ticket.identity.is_zero()) terms.identity = ticket.identity;
  return terms;
}

bool Keeper::spend(const SpendTicket& ticket, WallTime now) {
  return value_of(store_.spend(ticket.hash, ticket.by, now)).value_or(false);
}

bool Keeper::keep(const KeepRelationship& made, WallTime now) {
  return is_done(store_.add_relationship(made.relationship, made.endpoints, now));
}

bool Keeper::keep(const RelationshipEnded& ended) {
  const StoredEnd end{ended.statement.at, ended.statement.signature};
  return value_of(store_.end_relationship(ended.statement.relationship, end)).has_value();
}

void Keeper::keep(const EntranceLearned& learned, WallTime now) {
  (void)value_of(store_.remember_address(learned.endpoint.to_string(), learned.node, now));
}

void Keeper::note(const DialTimeUsed& used) { own_time_ = used.time; }

void Keeper::note(const DialTimeSeen& seen) {
  if (times_.size() >= kTimesMax && !times_.contains(seen.static_key)) return;
  WallTime& time = times_[seen.static_key];
  time = std::max(time, seen.time);
}

void Keeper::note(const PeerJoined& joined, WallTime now) {
  if (joined.home.empty() || (peers_.size() >= kPeersMax && !peers_.contains(joined.node))) return;
  peers_.insert_or_assign(joined.node,
                          KnownPeer{joined.node, joined.home.front().to_string(), now});
}

void Keeper::flush() {
  std::vector<SeenTime> times;
  times.reserve(times_.size());
  for (const auto& [key, time] : times_) times.push_back({key, time});
  std::vector<KnownPeer> peers;
  peers.reserve(peers_.size());
  for (const auto& [node, peer] : peers_) peers.push_back(peer);
  // What the store does not take, as when its disk is full, is there for the next time.
  if (!times.empty() && is_done(store_.raise_times(times))) times_.clear();
  if (!peers.empty() && is_done(store_.put_peers(peers))) peers_.clear();
  if (own_time_ && is_done(store_.raise_own_time(*own_time_))) own_time_.reset();
}

Result<std::vector<TicketStatus>> Keeper::tickets() {
  const auto kept = value_of(store_.tickets());
  if (!kept) return std::unexpected(Errc::store_failed);
  std::vector<TicketStatus> tickets;
  tickets.reserve(kept->size());
  for (const StoredTicket& ticket : *kept)
    tickets.push_back({ticket.hash, ticket.partner, ticket.expires_at, ticket.used_at,
                       ticket.used_by, ticket.revoked_at, ticket.identity});
  return tickets;
}

Result<void> Keeper::revoke_ticket(const Fingerprint& hash, WallTime now) {
  const auto revoked = value_of(store_.revoke_ticket(hash, now));
  if (!revoked) return std::unexpected(Errc::store_failed);
  if (!*revoked) return std::unexpected(Errc::not_found);
  return {};
}

bool Keeper::keep(const Blocked& block) {
  return is_done(store_.block(block.who.to_string(), block.until));
}

bool Keeper::forget_block(const Fingerprint& who) {
  return value_of(store_.unblock(who.to_string())).has_value();
}

Result<std::vector<Contact>> Keeper::contacts(const Fingerprint& self) {
  const auto kept = value_of(store_.relationships());
  if (!kept) return std::unexpected(Errc::store_failed);
  std::vector<Contact> contacts;
  contacts.reserve(kept->size());
  for (const StoredRelationship& relationship : *kept) {
    const RelationshipTerms& terms = relationship.token.terms();
    Contact& contact = contacts.emplace_back();
    contact.id = terms.id;
    contact.since = terms.issued_at;
    contact.expires_at = terms.expires_at;
    contact.is_orphaned = orphans_.contains(terms.id);
    if (const RelationshipParty* own = terms.party(self)) {
      const RelationshipParty& other = own == &terms.proposer ? terms.partner : terms.proposer;
      contact.identity = other.identity;
      contact.node = other.node;
      contact.own_identity = own->identity;
    }
    for (const Endpoint& endpoint : relationship.endpoints)
      contact.addresses.push_back("tcp://" + endpoint.to_string());
    if (relationship.end) contact.ended_at = relationship.end->at;
  }
  return contacts;
}

template <class T>
std::optional<T> Keeper::value_of(Stored<T> stored) {
  if (stored) return std::move(*stored);
  complain(stored.error());
  return std::nullopt;
}

bool Keeper::is_done(const Stored<void>& done) {
  if (!done) complain(done.error());
  return done.has_value();
}

void Keeper::complain(const StoreFault& fault) {
  // Nothing is believed from now on: strangers could have us repeat it as often as they ask.
  const bool is_damaged = fault.kind == StoreFault::Kind::damaged;
  if (is_damaged && std::exchange(said_damaged_, true)) return;
  log_(LogLevel::error, fault.what);
}

}  // namespace kith::overlay
