#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <kith/fingerprint.hpp>
#include <kith/result.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/deadline_queue.hpp"
#include "overlay/coordinator/messages.hpp"
#include "overlay/coordinator/peer_intent.hpp"

namespace kith::overlay {

struct IntentLimits {
  std::size_t total = 100'000;        ///< Intents, and what is left of them.
  std::size_t per_subject = 65'536;   ///< Intents alone.
  std::size_t per_identity = 16'384;  ///< Records of every sort: it has signed them all.
  std::size_t per_node = 16'384;      ///< Intents alone: only those has the node agreed to.
  /// An identity, or a node, gets more only while it has less than this part of the room that is
  /// left, an eighth: whoever takes all it gets leaves 8 / 9 of the room to the others.
  std::size_t share_of_room = 8;
  std::size_t least_share = 64;  ///< No less than that, as long as there is room at all.
  std::size_t orphans = 16'384;  ///< Withdrawals of what was not held, beside `total`.
  std::size_t orphans_per_identity = 256;
};

/// What a coordinator holds: for each key the newest intent, its withdrawal, or for a while the
/// memory that it ran out.  Found by key, and by who may match it; whose time is over is popped.
/// The tokens of nodes are kept once for all their intents.
///
/// A withdrawal may come before its intent.  No policy has been asked about it, so such orphans
/// have a limit of their own and take no room from intents.
class IntentStore {
 public:
  /// Names a record as long as it is held, whatever replaces what is under its key.
  using Id = std::uint32_t;

  /// Where a record comes from.
  struct Provenance {
    TimePoint since;           ///< When a coordinator first stored it, as far as we know.
    std::uint64_t source = 0;  ///< Who handed it over, as `top64`; 0: it was declared to us.
  };

  /// An intent that ran out.
  struct Expired {
    WallTime issued_at;
    Fingerprint audience;
  };

  struct Record {
    const IntentKey* key = nullptr;  ///< Nothing: free.
    std::variant<Expired, IntentToken, std::unique_ptr<const Withdrawal>> what;
    std::unique_ptr<const Attachment> attachment;
    Provenance provenance;
    std::uint32_t place = 0;  ///< Of an intent, in its list.
    bool orphan = false;      ///< A withdrawal; no intent was held under its key.

    [[nodiscard]] const IntentToken* intent() const { return std::get_if<IntentToken>(&what); }
    [[nodiscard]] const Withdrawal* withdrawal() const;
    /// Of whatever is held: the greater one replaces the lesser.
    [[nodiscard]] WallTime issued_at() const;
    [[nodiscard]] Fingerprint audience() const;
  };

  /// Intents of one subject and role that address the same.
  struct List {
    std::vector<Id> ids;
    std::uint64_t digest = 0;  ///< The sum of `digest_of` over their keys.
  };

  struct Subject {
    /// Intents alone, at role - 1, by the identity that they address; zeros: everybody.
    std::array<std::map<Fingerprint, List>, 3> by_audience;
    /// Intents alone, by `top64` of their nodes.
    std::set<std::pair<std::uint64_t, Id>> by_node;
    std::size_t intents = 0;
    std::size_t records = 0;  ///< Of every sort.
    /// A sum over keys and versions, equal where the same is held.
    std::uint64_t digest = 0;
    /// The other nodes of its region when last seen, closest first, and whether we were closer.
    std::vector<Fingerprint> region;
    bool closest = false;
  };

  /// A walk over the counterparts of a record: intents of its subject whose role fits and that
  /// address its identity.  For a record that addresses everybody, newest first of each role; for
  /// one that addresses an identity, those of that identity alone.  What is removed meanwhile is
  /// not visited, what is added may be, nothing else is passed over.
  struct Cursor {
    std::uint8_t list = 6;
    std::uint32_t left = 0;
    std::optional<IntentKey> after;
  };

  /// An intent that addresses `realm` addresses everybody.
  explicit IntentStore(const IntentLimits& limits, const Fingerprint& realm = {})
      : limits_(limits), realm_(realm) {}

  // Commands.

  /// Replaces what is under the key; `Errc::limit_reached`, and nothing is changed, where a new
  /// key would go beyond a limit.  The newer one of two node tokens stays.
  [[nodiscard]] Result<Id> put(PeerIntent peer, Provenance provenance, TimePoint until);
  [[nodiscard]] Result<Id> put(const Withdrawal& withdrawal, Provenance provenance,
                               TimePoint until);
  /// The intent ran out; its memory stays until `until`.
  void expire(Id id, TimePoint now, TimePoint until);
  void erase(Id id);

  /// A record whose time is over, or nothing; the caller expires or erases it.
  [[nodiscard]] std::optional<Id> pop_due(TimePoint now) { return deadlines_.pop_due(now); }
  [[nodiscard]] std::optional<TimePoint> next_deadline() const { return deadlines_.next(); }

  // Getters.

  [[nodiscard]] std::optional<Id> find(const IntentKey& key) const;
  [[nodiscard]] const Record& operator[](Id id) const { return records_[id]; }
  /// @pre The record is an intent.
  [[nodiscard]] IntentView view(Id id) const;
  /// The newest token of a node whose intents are held, or nothing.
  [[nodiscard]] const Token* node_token(const Fingerprint& node) const;

  [[nodiscard]] Subject* subject(const Fingerprint& subject);
  [[nodiscard]] const Subject* subject(const Fingerprint& subject) const;
  /// The first subject after `previous`, from the beginning after the last; nothing if none.
  [[nodiscard]] const Fingerprint* subject_after(const Fingerprint& previous) const;
  [[nodiscard]] std::vector<Id> records_of(const Fingerprint& subject) const;
  /// The next record of the same subject in the order of keys; `key` need not be held.
  [[nodiscard]] std::optional<Id> record_after(const IntentKey& key) const;
  [[nodiscard]] std::optional<Id> next(Id id, Cursor& cursor) const;
  /// The sum of `digest_of` over the counterparts at other nodes, whose number does not matter.
  [[nodiscard]] std::uint64_t digest_of_counterparts(Id id) const;
  /// Whether two records of one subject address each other.
  [[nodiscard]] bool address_each_other(Id a, Id b) const;

  [[nodiscard]] std::size_t subjects() const { return subjects_.size(); }
  [[nodiscard]] std::size_t records() const { return by_key_.size(); }
  [[nodiscard]] std::size_t intents() const { return intents_; }
  [[nodiscard]] std::size_t orphans() const { return orphans_; }
  [[nodiscard]] const std::map<Fingerprint, Subject>& all_subjects() const { return subjects_; }

  void sanity_check() const;

 private:
  struct Node {
    std::optional<Token> token;
    std::size_t intents = 0;
  };
  struct Identity {
    std::size_t records = 0;
    std::size_t orphans = 0;

    friend bool operator==(const Identity&, const Identity&) = default;
  };

  [[nodiscard]] bool has_fair_share(const IntentKey& key) const;
  [[nodiscard]] bool has_room_for_intent(const IntentKey& key, const Record* held) const;
  [[nodiscard]] bool has_room_for_withdrawal(const IntentKey& key, const Record* held) const;
  [[nodiscard]] Identity counts_of(const Fingerprint& identity) const;
  /// The record of a key, a new one where there is none.
  [[nodiscard]] Id claim(const IntentKey& key);
  void set_orphan(Record& record, bool orphan);
  void set(Id id, decltype(Record::what) what, Provenance provenance, TimePoint until);
  /// Whom an intent addresses; zeros: everybody.
  [[nodiscard]] Fingerprint addressee(const Record& record) const;
  [[nodiscard]] std::optional<Id> next_of_identity(Id id, Cursor& cursor) const;
  void enlist(Id id, Subject& about);
  void delist(Id id, Subject& about);
  [[nodiscard]] static std::uint64_t digest_part(const Record& record);

  IntentLimits limits_;
  Fingerprint realm_;
  std::vector<Record> records_;
  std::vector<Id> free_;
  std::map<IntentKey, Id> by_key_;
  std::map<Fingerprint, Subject> subjects_;
  std::map<Fingerprint, Node> nodes_;
  std::map<Fingerprint, Identity> identities_;
  DeadlineQueue<Id> deadlines_;
  std::size_t intents_ = 0;
  std::size_t orphans_ = 0;
};

}  // namespace kith::overlay
