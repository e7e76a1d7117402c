#include "overlay/peers.hpp"

#include <algorithm>

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
  return *peers_.insert(it, peer);
}

void Peers::remove(ContactIndex contact) {
  const auto it = std::ranges::lower_bound(peers_, contact, {}, &Peer::contact);
  KITH_ASSERT(it != peers_.end() && it->contact == contact);
  if (it->role == Participation::member) --members_;
  peers_.erase(it);
}

}  // namespace kith::overlay
