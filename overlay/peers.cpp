#include "overlay/peers.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace kith::overlay {

Peer* Peers::find(ContactIndex contact) {
  const auto it = std::ranges::lower_bound(peers_, contact, {}, &Peer::contact);
  return it != peers_.end() && it->contact == contact ? &*it : nullptr;
}

const Peer* Peers::find(ContactIndex contact) const {
  const auto it = std::ranges::lower_bound(peers_, contact, {}, &Peer::contact);
  return it != peers_.end() && it->contact == contact ? &*it : nullptr;
}

Peer& Peers::add(const Peer& peer) {
  const auto it = std::ranges::lower_bound(peers_, peer.contact, {}, &Peer::contact);
  KITH_ASSERT(it == peers_.end() || it->contact != peer.contact);
  if (peer.role == Participation::member) ++members_;
  if (peer.only_exchange) ++only_exchange_;
  return *peers_.insert(it, peer);
}

void Peers::remove(ContactIndex contact) {
  const auto it = std::ranges::lower_bound(peers_, contact, {}, &Peer::contact);
  KITH_ASSERT(it != peers_.end() && it->contact == contact);
  if (it->role == Participation::member) --members_;
  if (it->only_exchange) --only_exchange_;
  peers_.erase(it);
}

void Peers::make_ordinary(Peer& peer) {
  if (std::exchange(peer.only_exchange, false)) --only_exchange_;
}

}  // namespace kith::overlay
