#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>
#include <kith/time.hpp>

#include "core/fingerprint_book.hpp"
#include "core/siphash.hpp"
#include "routing/config.hpp"
#include "routing/contact_index.hpp"
#include "routing/health.hpp"
#include "routing/peer_set.hpp"
#include "routing/spare_set.hpp"

namespace kith::routing {

/// Whether a query counts the peers that missed their last ping.
enum class Suspects : std::uint8_t { skip, include };

/// How a session ended.
enum class Parting : std::uint8_t {
  orderly,  ///< Closed by one of us for want of need: a good spare.
  lost,     ///< Broke off: a spare, to be dialed again after a while.
  left,     ///< The peer leaves the overlay, or must not be dialed again: forgotten.
};

/// What became of a peer's missed ping.
enum class Pulse : std::uint8_t { suspect, dead };

/// The routing table of one node: the peers it has a session with, and spares to replace them.
///
///     unknown --add_spare--> spare --on_connected--> peer --third missed ping--> unknown
///                              ^                       |
///                              +-----on_disconnected---+
///
/// It decides nothing about sessions by itself.  Whoever owns the sessions tells it what happened,
/// asks the functions of `next_hop.hpp`, `dialing.hpp`, `admission.hpp` and `update.hpp` what to
/// do, and drains `poll_released` after every command and input.
///
/// A contact unknown to the table is ignored by every `on_` method, so that what comes late does
/// no harm.
class Table {
 public:
  /// `config` and `book` must outlive the table.  The book holds `self` and, as long as the table
  /// lists them, all contacts; the table takes no references.  `key` hides which networks collide
  /// in our count of them.
  Table(const Config& config, const FingerprintBook& book, ContactIndex self, const SipKey& key);

  // Commands.

  /// Remembers `contact` as a spare if there is room or it is better than another one; does
  /// nothing if it is known already, or is ourselves.
  void add_spare(ContactIndex contact, const Endpoint& endpoint);

  /// Forgets a peer or spare.
  void forget(ContactIndex contact);

  // Inputs.

  /// A spare is being dialed: until the outcome is told, nobody else is for its place.
  void on_dial_started(ContactIndex contact);
  void on_dial_failed(ContactIndex contact, TimePoint now);

  /// A joined session with `contact` stands; `rtt` is what the handshake took, if it shows that.
  void on_connected(ContactIndex contact, const Endpoint& endpoint, std::optional<Duration> rtt);
  void on_disconnected(ContactIndex contact, Parting parting, TimePoint now);

  void on_rtt(ContactIndex contact, Duration sample);
  /// Anything came from `contact`.
  void on_alive(ContactIndex contact);
  /// After `Config::missed_pings_max` of them in a row the peer is dead and has left the table;
  /// its session is to be closed.  An unknown contact is dead.
  Pulse on_missed_ping(ContactIndex contact);

  // Outputs.

  /// A contact that the table no longer lists, and that may be forgotten; nothing if there is none.
  [[nodiscard]] std::optional<ContactIndex> poll_released();

  // Getters.

  [[nodiscard]] const Config& config() const { return *config_; }
  [[nodiscard]] const FingerprintBook& book() const { return *book_; }
  [[nodiscard]] ContactIndex self() const { return self_; }
  [[nodiscard]] const Fingerprint& self_id() const { return (*book_)[self_]; }
  [[nodiscard]] const PeerSet& peers() const { return peers_; }
  [[nodiscard]] const SpareSet& spares() const { return spares_; }

  [[nodiscard]] bool is_peer(ContactIndex contact) const;
  [[nodiscard]] bool is_spare(ContactIndex contact) const;
  /// Nothing unless it is a peer.
  [[nodiscard]] std::optional<Health> health(ContactIndex contact) const;
  /// What `endpoint` counts as for address diversity.
  [[nodiscard]] NetworkTag network(const Endpoint& endpoint) const;

  // Queries.  All are exact: XOR on whole fingerprints over everything listed.

  /// Writes the closest to `key` of all peers and ourselves, closest first, into `out`, and
  /// returns the part of it that was filled: min(out.size(), how many there are).
  std::span<ContactIndex> closest(const Fingerprint& key, std::span<ContactIndex> out,
                                  Suspects suspects = Suspects::skip) const;

  /// The same over healthy peers, spares and ourselves.
  std::span<ContactIndex> closest_known(const Fingerprint& key, std::span<ContactIndex> out) const;

  /// Whether we are closer to `key` than every peer.
  [[nodiscard]] bool is_closest(const Fingerprint& key, Suspects suspects = Suspects::skip) const;

  /// The `Config::neighbourhood` nearest peers, suspects included, nearest first.
  [[nodiscard]] std::vector<ContactIndex> neighbourhood() const;

  /// Whether, of the nodes that we know to be up (healthy peers and ourselves; `node` and `who`
  /// aside), fewer than a neighbourhood are closer to `node` than `who` is.
  [[nodiscard]] bool is_neighbour_of(const Fingerprint& node, const Fingerprint& who) const;

  /// How many nodes the overlay has, ourselves included, judged by how densely our neighbours lie.
  [[nodiscard]] std::uint64_t estimated_nodes() const;

  /// How many other nodes are expected within a distance whose first 64 bits are these.
  [[nodiscard]] std::uint64_t expected_nodes_within(std::uint64_t distance_top64) const;

  /// Asserts every rule that the table keeps.
  void sanity_check() const;

 private:
  void release(ContactIndex contact) { released_.push_back(contact); }

  const Config* config_;
  const FingerprintBook* book_;
  ContactIndex self_;
  SipKey key_;
  PeerSet peers_;
  SpareSet spares_;
  std::vector<ContactIndex> released_;
};

}  // namespace kith::routing
