#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <kith/endpoint.hpp>
#include <kith/fingerprint.hpp>

#include "core/fingerprint_book.hpp"
#include "core/random.hpp"
#include "routing/table.hpp"

namespace kith::routing::test {

/// Under which each law is shown.
inline constexpr std::uint64_t kSeeds = 1'000;

/// `id` with everything after its first `bits` bits drawn anew, and the bit after them flipped.
Fingerprint sharing_bits(const Fingerprint& id, int bits, Random& random);

Fingerprint random_id(Random& random);

/// What the script of a `World` does and remembers of a peer, in the plainest way.
struct ModelPeer {
  Health health;
  Endpoint endpoint;
};

/// A table, a pool of contacts as an attacker would choose them, and a naive model of its peers,
/// driven by random commands.
class World {
 public:
  struct Options {
    std::size_t pool = 48;
    bool ground = true;        ///< Some ids share 60 to 200 bits with us or with each other.
    bool few_networks = true;  ///< Many addresses lie in few networks.
    Config config{};
  };

  World(Random& random, Options options);

  /// One random command or input, to the table and to the model.
  void step();
  /// Many of them.
  void run(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }

  /// A session with one of the pool stands.
  void connect(ContactIndex contact);
  /// Every peer answers.
  void heal();

  /// A key, or a stranger's id: anywhere, or very near to us or to a contact.
  [[nodiscard]] Fingerprint any_key();
  [[nodiscard]] Endpoint any_endpoint();
  [[nodiscard]] ContactIndex any_contact();

  [[nodiscard]] const Fingerprint& id(ContactIndex contact) const { return book[contact]; }

  /// The model's peers in the order of distance to `key`, found by sorting.
  [[nodiscard]] std::vector<ContactIndex> sorted_peers(const Fingerprint& key,
                                                       Suspects suspects) const;
  /// All spares of the table in the order of distance to `key`.
  [[nodiscard]] std::vector<ContactIndex> sorted_spares(const Fingerprint& key) const;

  /// Whether fewer than a neighbourhood of healthy model peers are nearer to us than `id`.
  [[nodiscard]] bool is_neighbour(const Fingerprint& id) const;
  [[nodiscard]] Slot slot(const Fingerprint& id) const;
  /// The peers that exceed what their networks may have.
  [[nodiscard]] std::set<ContactIndex> crowded() const;
  /// The model's idea of who serves a slot.
  [[nodiscard]] std::optional<ContactIndex> holder(Slot slot) const;
  [[nodiscard]] Duration one_way(ContactIndex peer) const;
  [[nodiscard]] const Spare& spare(ContactIndex contact) const;

  Random& random;
  Config config;
  FingerprintBook book{SipKey{}};
  ContactIndex self = 0;
  std::vector<ContactIndex> pool;
  std::vector<Endpoint> endpoints;  ///< Parallel to `pool`.
  std::optional<Table> table;
  std::map<ContactIndex, ModelPeer> peers;
  std::set<ContactIndex> known;  ///< Told to the table and not released by it.
  TimePoint now{};

 private:
  void lose(ContactIndex contact);
  void miss_ping(ContactIndex contact);
  void drain();

  bool few_networks_;
};

}  // namespace kith::routing::test
