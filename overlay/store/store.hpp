#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <kith/bytes.hpp>
#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>
#include <kith/token.hpp>

#include "core/crypto/primitives.hpp"
#include "overlay/store/store_fault.hpp"
#include "tokens/relationship_token.hpp"

namespace kith::overlay {

/// A ticket as its issuer knows it: never the secret.
struct StoredTicket {
  Fingerprint hash;
  TicketPurpose purpose = TicketPurpose::relationship;
  Fingerprint partner;  ///< All zeros: whoever shows it.
  WallTime expires_at;
  std::optional<WallTime> used_at{};
  std::optional<Fingerprint> used_by{};
  std::optional<WallTime> revoked_at{};
  Fingerprint identity{};  ///< Whom it is from; all zeros: whoever the node joins as.

  friend bool operator==(const StoredTicket&, const StoredTicket&) = default;
};

/// When one of the two ended a relationship, and by which signature.
struct StoredEnd {
  WallTime at;
  crypto::Signature signature{};

  friend bool operator==(const StoredEnd&, const StoredEnd&) = default;
};

struct StoredRelationship {
  RelationshipToken token;
  std::vector<Endpoint> endpoints{};  ///< Where the other node may be dialed.
  std::optional<StoredEnd> end{};
};

struct KnownAddress {
  std::string address;
  Fingerprint node;

  friend bool operator==(const KnownAddress&, const KnownAddress&) = default;
};

/// What an address has to do with the key that answered there.
enum class AddressMemory : std::uint8_t { first_seen, as_before, changed };

struct KnownPeer {
  Fingerprint node;
  std::string address;  ///< Where it was reached.
  WallTime last_seen;

  friend bool operator==(const KnownPeer&, const KnownPeer&) = default;
};

struct SeenTime {
  crypto::DhPublicKey static_key{};
  WallTime time;

  friend bool operator==(const SeenTime&, const SeenTime&) = default;
};

struct Block {
  std::string who;
  WallTime until;

  friend bool operator==(const Block&, const Block&) = default;
};

struct StoreOptions {
  std::int64_t pages_max = 65'536;  ///< Of 4,096 bytes.
  Duration wait_max = std::chrono::seconds(5);
};

class Database;

/// What a node must still know after a restart, in one SQLite file that is its owner's alone.
///
/// What a method has confirmed is on the disk.  Several processes may have the file open; each
/// method is one transaction.  Each table has a limit (`schema.cpp`): when it is reached, rows go
/// that are no longer needed, and if there are none, the newcomer is refused.  A file that turns
/// out to be damaged after it was opened is neither read nor written again.
class Store {
 public:
  /// Opens the file at `path`, or makes it; one of an older version becomes one of ours.  Throws
  /// `StoreDamaged` if it is damaged, foreign or of a newer version, and `StoreError` if it cannot
  /// be opened, is a symbolic link, or not ours alone.
  explicit Store(const std::string& path, const StoreOptions& options = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  /// Whether there was none of that hash.
  [[nodiscard]] Stored<bool> add_ticket(const StoredTicket& ticket, WallTime now);
  [[nodiscard]] Stored<std::optional<StoredTicket>> find_ticket(const Fingerprint& hash);
  [[nodiscard]] Stored<std::vector<StoredTicket>> tickets();
  /// True for exactly one caller, if the ticket is there, unused, not revoked and not over.
  [[nodiscard]] Stored<bool> spend(const Fingerprint& hash, const Fingerprint& by, WallTime now);
  /// Whether there was an unused one to revoke.
  [[nodiscard]] Stored<bool> revoke_ticket(const Fingerprint& hash, WallTime now);

  /// One that is there already stays as it is, ended or not.
  [[nodiscard]] Stored<void> add_relationship(const RelationshipToken& token,
                                              std::span<const Endpoint> endpoints, WallTime now);
  /// Whether there was one that had not ended.
  [[nodiscard]] Stored<bool> end_relationship(const Uuid& id, const StoredEnd& end);
  [[nodiscard]] Stored<std::vector<StoredRelationship>> relationships();

  /// Remembers which node answered at `address`.  A changed one is told, and not remembered.
  [[nodiscard]] Stored<AddressMemory> remember_address(std::string_view address,
                                                       const Fingerprint& node, WallTime now);
  [[nodiscard]] Stored<bool> forget_address(std::string_view address);
  [[nodiscard]] Stored<std::vector<KnownAddress>> addresses();

  /// Notes times of first messages; an older one changes nothing.  The oldest are forgotten first.
  [[nodiscard]] Stored<void> raise_times(std::span<const SeenTime> times);
  /// The latest, at most so many.
  [[nodiscard]] Stored<std::vector<SeenTime>> latest_times(std::size_t most);

  /// Our own, as a dialer.
  [[nodiscard]] Stored<void> raise_own_time(WallTime time);
  [[nodiscard]] Stored<WallTime> own_time();

  [[nodiscard]] Stored<void> put_peers(std::span<const KnownPeer> peers);
  /// The one seen last first.
  [[nodiscard]] Stored<std::vector<KnownPeer>> peers();

  /// A longer block stays, and those that end soonest give way to others.
  [[nodiscard]] Stored<void> block(std::string_view who, WallTime until);
  [[nodiscard]] Stored<bool> unblock(std::string_view who);
  /// Those that still hold.
  [[nodiscard]] Stored<std::vector<Block>> blocks(WallTime now);

 private:
  template <class Work>
  auto guarded(Work work) -> Stored<decltype(work())>;
  [[nodiscard]] StoreFault fault_of(const struct DatabaseFailure& failure) const;
  void verify_contents();
  void make_room(std::string_view table, std::size_t rows, WallTime now);
  [[noreturn]] void fail_by_limit(const std::string& table) const;

  std::string path_;
  std::unique_ptr<Database> database_;
  /// What was found to be wrong with the file after it was opened.
  std::optional<StoreFault> damage_{};
};

}  // namespace kith::overlay
