#include "overlay/coordinator/intent_store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/assert.hpp"
#include "core/random.hpp"

namespace kith::overlay {
namespace {

std::size_t list_of(IntentRole role) { return static_cast<std::size_t>(role) - 1; }

}  // namespace

const Withdrawal* IntentStore::Record::withdrawal() const {
  const auto* held = std::get_if<std::unique_ptr<const Withdrawal>>(&what);
  return held == nullptr ? nullptr : held->get();
}

WallTime IntentStore::Record::issued_at() const {
  if (const IntentToken* held = intent()) return held->token.issued_at();
  if (const Withdrawal* held = withdrawal()) return held->issued_at;
  return std::get<Expired>(what).issued_at;
}

Fingerprint IntentStore::Record::audience() const {
  if (const IntentToken* held = intent()) return held->token.audience();
  if (const Withdrawal* held = withdrawal()) return held->audience;
  return std::get<Expired>(what).audience;
}

Result<IntentStore::Id> IntentStore::put(PeerIntent peer, Provenance provenance, TimePoint until) {
  const IntentKey key = key_of(peer.intent);
  const auto held = find(key);
  if (!has_room_for_intent(key, held ? &records_[*held] : nullptr))
    return std::unexpected(Errc::limit_reached);
  const Id id = claim(key);
  set_orphan(records_[id], false);
  set(id, std::move(peer.intent), provenance, until);
  auto& token = nodes_.at(key.node).token;
  if (!token || token->issued_at() < peer.node.token.issued_at())
    token = std::move(peer.node.token);
  if (peer.attachment)
    records_[id].attachment = std::make_unique<const Attachment>(*peer.attachment);
  return id;
}

Result<IntentStore::Id> IntentStore::put(const Withdrawal& withdrawal, Provenance provenance,
                                         TimePoint until) {
  const auto held = find(withdrawal.key);
  if (!has_room_for_withdrawal(withdrawal.key, held ? &records_[*held] : nullptr))
    return std::unexpected(Errc::limit_reached);
  const Id id = claim(withdrawal.key);
  if (!held) set_orphan(records_[id], true);
  set(id, std::make_unique<const Withdrawal>(withdrawal), provenance, until);
  return id;
}

void IntentStore::expire(Id id, TimePoint now, TimePoint until) {
  const Record& record = records_[id];
  set(id, Expired{record.issued_at(), record.audience()}, {now, record.provenance.source}, until);
}

void IntentStore::erase(Id id) {
  Record& record = records_[id];
  const IntentKey key = *record.key;
  const auto subject = subjects_.find(key.subject);
  subject->second.digest -= digest_part(record);
  if (record.intent() != nullptr) delist(id, subject->second);
  set_orphan(record, false);
  record = {};
  deadlines_.cancel(id);
  by_key_.erase(key);
  free_.push_back(id);

  if (--subject->second.records == 0) subjects_.erase(subject);
  const auto identity = identities_.find(key.identity);
  if (--identity->second.records == 0) identities_.erase(identity);
}

std::optional<IntentStore::Id> IntentStore::find(const IntentKey& key) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  return found->second;
}

IntentView IntentStore::view(Id id) const {
  const Record& record = records_[id];
  return {record.intent()->token.raw(), nodes_.at(record.key->node).token->raw(),
          record.attachment.get()};
}

const Token* IntentStore::node_token(const Fingerprint& node) const {
  const auto found = nodes_.find(node);
  return found == nodes_.end() || !found->second.token ? nullptr : &*found->second.token;
}

IntentStore::Subject* IntentStore::subject(const Fingerprint& subject) {
  const auto found = subjects_.find(subject);
  return found == subjects_.end() ? nullptr : &found->second;
}

const IntentStore::Subject* IntentStore::subject(const Fingerprint& subject) const {
  const auto found = subjects_.find(subject);
  return found == subjects_.end() ? nullptr : &found->second;
}

const Fingerprint* IntentStore::subject_after(const Fingerprint& previous) const {
  if (subjects_.empty()) return nullptr;
  auto next = subjects_.upper_bound(previous);
  if (next == subjects_.end()) next = subjects_.begin();
  return &next->first;
}

std::vector<IntentStore::Id> IntentStore::records_of(const Fingerprint& subject) const {
  std::vector<Id> ids;
  const IntentKey first{subject, {}, {}, IntentRole::send};
  for (auto it = by_key_.lower_bound(first); it != by_key_.end() && it->first.subject == subject;
       ++it)
    ids.push_back(it->second);
  return ids;
}

std::optional<IntentStore::Id> IntentStore::record_after(const IntentKey& key) const {
  const auto after = by_key_.upper_bound(key);
  if (after == by_key_.end() || after->first.subject != key.subject) return std::nullopt;
  return after->second;
}

std::optional<IntentStore::Id> IntentStore::next(Id id, Cursor& cursor) const {
  const Record& record = records_[id];
  if (!addressee(record).is_zero()) return next_of_identity(id, cursor);
  const Subject& about = subjects_.at(record.key->subject);
  const std::array<Fingerprint, 2> addressees{Fingerprint{}, record.key->identity};
  for (bool entered = cursor.list < 2 * about.by_audience.size();; entered = false) {
    if (!entered) {
      if (cursor.list == 0) return std::nullopt;
      --cursor.list;
      cursor.left = std::numeric_limits<std::uint32_t>::max();
    }
    const std::size_t role = cursor.list / 2;
    if (!roles_match(record.key->role, static_cast<IntentRole>(role + 1))) continue;
    const auto list = about.by_audience[role].find(addressees[cursor.list % 2]);
    if (list == about.by_audience[role].end()) continue;
    const std::vector<Id>& ids = list->second.ids;
    cursor.left = std::min(cursor.left, static_cast<std::uint32_t>(ids.size()));
    if (cursor.left > 0) return ids[--cursor.left];
  }
}

std::optional<IntentStore::Id> IntentStore::next_of_identity(Id id, Cursor& cursor) const {
  const Record& record = records_[id];
  const Fingerprint identity = addressee(record);
  const IntentKey first{record.key->subject, identity, {}, IntentRole::send};
  auto it = cursor.after ? by_key_.upper_bound(*cursor.after) : by_key_.lower_bound(first);
  for (; it != by_key_.end(); ++it) {
    const IntentKey& key = it->first;
    if (key.subject != first.subject || key.identity != identity) break;
    if (records_[it->second].intent() == nullptr || !roles_match(record.key->role, key.role) ||
        !address_each_other(id, it->second))
      continue;
    cursor.after = key;
    return it->second;
  }
  return std::nullopt;
}

std::uint64_t IntentStore::digest_of_counterparts(Id id) const {
  const Record& record = records_[id];
  std::uint64_t sum = 0;
  if (!addressee(record).is_zero()) {
    Cursor cursor;
    while (const auto other = next_of_identity(id, cursor))
      if (records_[*other].key->node != record.key->node) sum += digest_of(*records_[*other].key);
    return sum;
  }
  const Subject& about = subjects_.at(record.key->subject);
  for (std::size_t role = 0; role < about.by_audience.size(); ++role) {
    if (!roles_match(record.key->role, static_cast<IntentRole>(role + 1))) continue;
    for (const Fingerprint& to : {Fingerprint{}, record.key->identity})
      if (const auto list = about.by_audience[role].find(to); list != about.by_audience[role].end())
        sum += list->second.digest;
  }
  const std::uint64_t node = record.key->node.top64();
  for (auto it = about.by_node.lower_bound({node, 0});
       it != about.by_node.end() && it->first == node; ++it) {
    const IntentKey& key = *records_[it->second].key;
    if (key.node == record.key->node && roles_match(record.key->role, key.role) &&
        address_each_other(id, it->second))
      sum -= digest_of(key);
  }
  return sum;
}

bool IntentStore::address_each_other(Id a, Id b) const {
  const auto addresses = [this](Id from, Id to) {
    const Fingerprint whom = addressee(records_[from]);
    return whom.is_zero() || whom == records_[to].key->identity;
  };
  return addresses(a, b) && addresses(b, a);
}

Fingerprint IntentStore::addressee(const Record& record) const {
  const Fingerprint audience = record.audience();
  return audience == realm_ ? Fingerprint{} : audience;
}

bool IntentStore::has_fair_share(const IntentKey& key) const {
  const std::size_t room = limits_.total - (by_key_.size() - orphans_);
  const std::size_t share = std::max(room / limits_.share_of_room, limits_.least_share);
  const Identity identity = counts_of(key.identity);
  const auto node = nodes_.find(key.node);
  return identity.records - identity.orphans < share &&
         (node == nodes_.end() || node->second.intents < share);
}

bool IntentStore::has_room_for_intent(const IntentKey& key, const Record* held) const {
  if (held != nullptr && held->intent() != nullptr) return true;
  if (held == nullptr && counts_of(key.identity).records >= limits_.per_identity) return false;
  const bool takes_room = held == nullptr || held->orphan;
  if (takes_room && (by_key_.size() - orphans_ >= limits_.total || !has_fair_share(key)))
    return false;
  const auto node = nodes_.find(key.node);
  if (node != nodes_.end() && node->second.intents >= limits_.per_node) return false;
  const Subject* about = subject(key.subject);
  return about == nullptr || about->intents < limits_.per_subject;
}

bool IntentStore::has_room_for_withdrawal(const IntentKey& key, const Record* held) const {
  if (held != nullptr) return true;
  const Identity counts = counts_of(key.identity);
  return orphans_ < limits_.orphans && counts.orphans < limits_.orphans_per_identity &&
         counts.records < limits_.per_identity;
}

IntentStore::Identity IntentStore::counts_of(const Fingerprint& identity) const {
  const auto found = identities_.find(identity);
  return found == identities_.end() ? Identity{} : found->second;
}

IntentStore::Id IntentStore::claim(const IntentKey& key) {
  if (const auto held = find(key)) return *held;
  if (free_.empty()) {
    free_.push_back(static_cast<Id>(records_.size()));
    records_.emplace_back();
  }
  const Id id = free_.back();
  free_.pop_back();
  records_[id].key = &by_key_.emplace(key, id).first->first;
  ++subjects_[key.subject].records;
  ++identities_[key.identity].records;
  return id;
}

void IntentStore::set_orphan(Record& record, bool orphan) {
  if (record.orphan == orphan) return;
  record.orphan = orphan;
  std::size_t& of_identity = identities_.at(record.key->identity).orphans;
  orphans_ = orphan ? orphans_ + 1 : orphans_ - 1;
  of_identity = orphan ? of_identity + 1 : of_identity - 1;
}

void IntentStore::set(Id id, decltype(Record::what) what, Provenance provenance, TimePoint until) {
  Record& record = records_[id];
  Subject& about = subjects_.at(record.key->subject);
  about.digest -= digest_part(record);
  const auto* next = std::get_if<IntentToken>(&what);
  // A renewed intent keeps its place, so that no walk passes it over.
  const bool stays =
      record.intent() != nullptr && next != nullptr && next->token.audience() == record.audience();
  if (record.intent() != nullptr && !stays) delist(id, about);
  record.what = std::move(what);
  record.attachment.reset();
  record.provenance = provenance;
  about.digest += digest_part(record);
  if (record.intent() != nullptr && !stays) enlist(id, about);
  deadlines_.set(id, until);
}

void IntentStore::enlist(Id id, Subject& about) {
  Record& record = records_[id];
  List& list = about.by_audience[list_of(record.key->role)][addressee(record)];
  record.place = static_cast<std::uint32_t>(list.ids.size());
  list.ids.push_back(id);
  list.digest += digest_of(*record.key);
  about.by_node.emplace(record.key->node.top64(), id);
  ++about.intents;
  ++nodes_[record.key->node].intents;
  ++intents_;
}

void IntentStore::delist(Id id, Subject& about) {
  const Record& record = records_[id];
  auto& lists = about.by_audience[list_of(record.key->role)];
  const auto list = lists.find(addressee(record));
  std::vector<Id>& ids = list->second.ids;
  // A walk goes down, so what comes from the end to this place has been visited or is still to be.
  ids[record.place] = ids.back();
  records_[ids.back()].place = record.place;
  ids.pop_back();
  list->second.digest -= digest_of(*record.key);
  if (ids.empty()) lists.erase(list);
  about.by_node.erase({record.key->node.top64(), id});
  --about.intents;
  const auto node = nodes_.find(record.key->node);
  if (--node->second.intents == 0) nodes_.erase(node);
  --intents_;
}

std::uint64_t IntentStore::digest_part(const Record& record) {
  if (std::holds_alternative<Expired>(record.what)) return 0;
  const auto version = static_cast<std::uint64_t>(record.issued_at().time_since_epoch().count());
  return mix64(digest_of(*record.key) ^ (2 * version + (record.intent() != nullptr ? 1 : 0)));
}

void IntentStore::sanity_check() const {
  std::size_t intents = 0;
  std::size_t orphans = 0;
  std::map<Fingerprint, std::size_t> nodes;
  std::map<Fingerprint, Identity> identities;
  std::map<Fingerprint, std::uint64_t> digests;
  std::map<Fingerprint, std::size_t> records;
  for (const auto& [key, id] : by_key_) {
    const Record& record = records_[id];
    KITH_ASSERT(record.key == &key);
    KITH_ASSERT(deadlines_.deadline_of(id).has_value());
    KITH_ASSERT(!record.orphan || record.withdrawal() != nullptr);
    orphans += record.orphan ? 1 : 0;
    identities[key.identity].orphans += record.orphan ? 1 : 0;
    ++identities[key.identity].records;
    ++records[key.subject];
    digests[key.subject] += digest_part(record);
    if (record.intent() == nullptr) continue;
    ++intents;
    ++nodes[key.node];
    KITH_ASSERT(key_of(*record.intent()) == key);
    const Subject& about = subjects_.at(key.subject);
    const List& list = about.by_audience[list_of(key.role)].at(addressee(record));
    KITH_ASSERT(list.ids[record.place] == id);
    KITH_ASSERT(about.by_node.contains({key.node.top64(), id}));
    KITH_ASSERT(node_token(key.node) != nullptr);
  }
  KITH_ASSERT(intents == intents_ && orphans == orphans_ && nodes.size() == nodes_.size());
  KITH_ASSERT(identities == identities_);
  for (const auto& [node, held] : nodes_) KITH_ASSERT(held.intents == nodes[node]);
  KITH_ASSERT(records.size() == subjects_.size());
  for (const auto& [id, about] : subjects_) {
    KITH_ASSERT(about.records == records[id] && about.digest == digests[id]);
    KITH_ASSERT(about.by_node.size() == about.intents);
    std::size_t listed = 0;
    for (const auto& lists : about.by_audience)
      for (const auto& [whom, list] : lists) listed += list.ids.size();
    KITH_ASSERT(listed == about.intents);
    intents -= listed;
  }
  KITH_ASSERT(intents == 0 && records_.size() == by_key_.size() + free_.size());
}

}  // namespace kith::overlay
