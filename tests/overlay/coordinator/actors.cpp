#include "tests/overlay/coordinator/actors.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tokens/verify.hpp"

namespace kith::overlay::test {

Fingerprint random_fingerprint(Random& random) {
  std::array<Byte, Fingerprint::kBytes> bytes{};
  random.fill(bytes);
  return Fingerprint(bytes);
}

Actor::Actor(Random& source, bool own_identity)
    : random(&source),
      node_key(signatures().generate(source)),
      identity_key(own_identity ? signatures().generate(source) : node_key.clone()),
      node(node_fingerprint(node_key.public_key)),
      identity(identity_fingerprint(identity_key.public_key)) {}

NodeToken Actor::node_token(WallTime at, Duration life) const {
  NodeTokenParams params;
  params.realm = realm;
  params.issued_at = at;
  params.life = life;
  params.endpoints = {Endpoint::v4({192, 0, 2, 1}, 3141)};
  return issue_node_token(params, node_key, signatures(), *random).value();
}

IntentToken Actor::intent(const Wish& wish) const {
  IntentTokenParams params;
  params.realm = wish.realm;
  params.subject = wish.subject;
  params.audience = wish.audience;
  params.issued_at = wish.at;
  params.life = wish.life;
  params.role = wish.role;
  params.threshold = 16;
  params.node = node;
  return issue_intent_token(params, identity_key, signatures(), *random).value();
}

PeerIntent Actor::peer_intent(const Wish& wish, const Relays& relays) const {
  PeerIntent peer{intent(wish), node_token(), std::nullopt};
  if (!relays.empty() || identity_key.public_key != node_key.public_key)
    peer.attachment = sign_attachment(identity, wish.at, relays, node_key, signatures());
  return peer;
}

Withdrawal Actor::withdrawal(const IntentToken& last) const {
  return sign_withdrawal(last, identity_key, signatures());
}

Neighbours::Neighbours(const Fingerprint& self)
    : self_(book_.intern(self)), table_(config_, book_, self_, SipKey{}) {}

void Neighbours::join(const Fingerprint& node) {
  if (has(node)) return;
  const auto contact = contacts_.try_emplace(node, book_.intern(node)).first->second;
  const Endpoint endpoint = Endpoint::v4({127, 0, 0, 1}, 3141);
  table_.add_spare(contact, endpoint);
  table_.on_connected(contact, endpoint, std::nullopt);
}

void Neighbours::leave(const Fingerprint& node) {
  if (contacts_.contains(node)) table_.forget(contacts_.at(node));
}

void Neighbours::suspect(const Fingerprint& node) {
  if (contacts_.contains(node)) (void)table_.on_missed_ping(contacts_.at(node));
}

void Neighbours::recover(const Fingerprint& node) {
  if (contacts_.contains(node)) table_.on_alive(contacts_.at(node));
}

bool Neighbours::has(const Fingerprint& node) const {
  const auto contact = contacts_.find(node);
  return contact != contacts_.end() && table_.is_peer(contact->second);
}

std::vector<Fingerprint> closest_of(std::vector<Fingerprint> nodes, const Fingerprint& subject,
                                    std::size_t count) {
  std::ranges::sort(nodes, [&](const Fingerprint& a, const Fingerprint& b) {
    return distance(a, subject) < distance(b, subject);
  });
  nodes.resize(std::min(nodes.size(), count));
  return nodes;
}

}  // namespace kith::overlay::test
