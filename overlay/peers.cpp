#include "overlay/peers.hpp"

#include <algorithm>
#include <utility>

#include "core/assert.hpp"

namespace kith::overlay {

Peer* Peers::find(ContactIndex contact) {
  const std::size_t at = place(contact);
  return at < contacts_.size() && contacts_[at] == contact ? &peers_[at] : nullptr;
}

const Peer* Peers::find(ContactIndex contact) const {
  const std::size_t at = place(contact);
  return at < contacts_.size() && contacts_[at] == contact ? &peers_[at] : nullptr;
}

Peer& Peers::add(const Peer& peer) {
  const std::size_t at = place(peer.contact);
  KITH_ASSERT(at == contacts_.size() || contacts_[at] != peer.contact);
  if (peer.role == Participation::member) ++members_;
  if (peer.only_exchange) ++only_exchange_;
  const auto offset = static_cast<std::ptrdiff_t>(at);
  contacts_.insert(contacts_.begin() + offset, peer.contact);
  return *peers_.insert(peers_.begin() + offset, peer);
}

void Peers::remove(ContactIndex contact) {
  const std::size_t at = place(contact);
  KITH_ASSERT(at < contacts_.size() && contacts_[at] == contact);
  if (peers_[at].role == Participation::member) --members_;
  if (peers_[at].only_exchange) --only_exchange_;
  const auto offset = static_cast<std::ptrdiff_t>(at);
  peers_.erase(peers_.begin() + offset);
  contacts_.erase(contacts_.begin() + offset);
}

std::size_t Peers::place(ContactIndex contact) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(contacts_, contact) - contacts_.begin());
}

void Peers::make_ordinary(Peer& peer) {
  if (std::exchange(peer.only_exchange, false)) --only_exchange_;
}

}  // namespace kith::overlay
