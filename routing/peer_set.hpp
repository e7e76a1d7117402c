#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "routing/config.hpp"
#include "routing/distance_order.hpp"
#include "routing/health.hpp"
#include "routing/network_tag.hpp"

namespace kith::routing {

/// What the table knows of one peer; twelve bytes more in its place in the order.
struct Peer {
  NetworkTag network : 31 = kExemptNetwork;
  /// One of more than its network may have here: it holds no slot.
  std::uint32_t crowded : 1 = 0;
  Health health;
};
static_assert(sizeof(Peer) == 12);

/// The contacts that have a joined session with us, in the order of distance.
///
/// The nearest `neighbourhood` of them are never crowded.  Of the others of one network, counted
/// from the nearest, the first few (`Config::network_per_bucket`, `network_per_table`) are not.
class PeerSet {
 public:
  using Position = DistanceOrder::Position;

  PeerSet(const Config& config, const FingerprintBook& book, ContactIndex self);

  [[nodiscard]] const DistanceOrder& order() const { return peers_.order(); }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] const Peer& operator[](Position at) const { return peers_[at]; }
  [[nodiscard]] Health& health(Position at) { return peers_[at].health; }
  [[nodiscard]] bool is_suspect(Position at) const { return peers_[at].health.is_suspect(); }

  /// Half the smoothed round trip, or of what an unmeasured peer is taken for.
  [[nodiscard]] Duration one_way(Position at) const;

  /// Whether fewer than `neighbourhood` healthy peers are strictly nearer than `id`.
  [[nodiscard]] bool is_neighbour(const Fingerprint& id) const;

  /// Whether a peer outside of the neighbourhood with this id would be crowded.
  [[nodiscard]] bool would_crowd(const Fingerprint& id, NetworkTag network) const;

  void insert(ContactIndex contact, NetworkTag network, const Health& health);
  void erase(Position at);

  /// Asserts the rules above.
  void sanity_check() const;

 private:
  /// Decides anew which of `network` are crowded.
  void settle(NetworkTag network);
  [[nodiscard]] bool is_ordinary(Position at) const {
    return at >= config_->neighbourhood && peers_[at].crowded == 0;
  }

  const Config* config_;
  DistanceMap<Peer> peers_;
};

}  // namespace kith::routing
