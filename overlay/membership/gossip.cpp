// The part of `Membership` that speaks of third nodes: update, piggy, announcements, look-ups.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "overlay/membership/membership.hpp"
#include "routing/dialing.hpp"
#include "routing/slot.hpp"
#include "routing/update.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kNearTokens = 16;
constexpr std::size_t kLookupTokens = 8;
constexpr std::size_t kRelaysHeardOfMax = 32;
/// A token that expires sooner is handed to nobody: it would be refused, or of no use.
constexpr Duration kTokenLifeMin{60'000'000};

}  // namespace

Result<void> Membership::on_update(ContactIndex from, ByteView message, Instant now) {
  const auto token = decode_token_message(message, MessageKind::update);
  if (!token) return std::unexpected(token.error());
  const auto newcomer = learn(*token, now);
  // Of itself a peer sends what is newer than what we know, and all its peers have heard it.
  if (!newcomer || *newcomer == from) return {};
  consider(*newcomer, now.time);
  spread(*newcomer, from);
  return {};
}

Result<void> Membership::on_piggy(ByteView message, Instant now) {
  const auto piggy = decode_piggy(message);
  if (!piggy) return std::unexpected(piggy.error());
  for (const ByteView token : piggy->tokens)
    if (const auto contact = learn(token, now)) consider(*contact, now.time);
  if (piggy->complete) {
    introduced_ = true;
    timers_.cancel(Timer::introduction);
  }
  return {};
}

void Membership::on_lookup(RouteId route, const Fingerprint& key, ByteView payload, Instant now) {
  if (!decode_bare(payload, MessageKind::lookup)) return;
  outputs_.emplace_back(AnswerRoute{route, AnswerStatus::final, piggy_near(key, key, now.wall)});
}

void Membership::on_announce(RouteId route, bool arrived, ByteView payload, Instant now) {
  const auto token = decode_token_message(payload, MessageKind::announce);
  if (!token) return;
  const auto newcomer = learn(*token, now);
  if (!newcomer) return;
  const Fingerprint id = book_->id(*newcomer);
  outputs_.emplace_back(AnswerRoute{route, arrived ? AnswerStatus::final : AnswerStatus::partial,
                                    piggy_for({.node = id, .complete = arrived}, now.wall)});
  consider(*newcomer, now.time);
  spread(*newcomer, std::nullopt);
}

void Membership::on_requested(RequestId request) {
  requests_.emplace(request, requested_.front());
  requested_.pop_front();
}

void Membership::on_answered(RequestId request, AnswerStatus status, ByteView payload,
                             Instant now) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return;
  if (status == AnswerStatus::unreachable) return on_unanswered(request, now);
  if (const auto newcomer = it->second.on_behalf_of) {
    const Peer* peer = peers_->find(*newcomer);
    if (peer && decode_piggy(payload))
      outputs_.emplace_back(SendOn{peer->connection, Bytes(payload.begin(), payload.end())});
  } else {
    const bool was_introduced = introduced_;
    // A malformed answer is no better than none.
    static_cast<void>(on_piggy(payload, now));
    if (introduced_ != was_introduced) timers_.set(Timer::dial, now.time);
    if (it->second.nearer_in) note_nearer(*it->second.nearer_in, payload);
  }
  if (status == AnswerStatus::final) requests_.erase(request);
}

void Membership::on_unanswered(RequestId request, Instant now) {
  const auto it = requests_.find(request);
  if (it == requests_.end()) return;
  // Nobody closer could be asked; what we know must do for the newcomer.
  const auto newcomer = it->second.on_behalf_of;
  if (const Peer* peer = newcomer ? peers_->find(*newcomer) : nullptr) {
    outputs_.emplace_back(SendOn{
        peer->connection, piggy_for({.node = book_->id(*newcomer), .complete = true}, now.wall)});
  }
  requests_.erase(it);
}

std::optional<ContactIndex> Membership::learn(ByteView token, Instant now) {
  const auto contact = book_->learn(token, config_.realm, *config_.signatures, now.wall);
  if (!contact || *contact == table_->self()) return std::nullopt;
  return *contact;
}

void Membership::consider(ContactIndex contact, TimePoint now) {
  if (leaving_ || book_->token(contact).reachability != Reachability::direct) return;
  if (config_.role == Participation::client) {
    if (peers_->find(contact) || dialing_.contains(contact)) return;
    if (std::ranges::find(relays_heard_of_, contact) != relays_heard_of_.end()) return;
    relays_heard_of_.push_back(contact);
    if (relays_heard_of_.size() > kRelaysHeardOfMax) relays_heard_of_.pop_front();
    timers_.set(Timer::dial, now);
    return;
  }
  if (const Peer* peer = peers_->find(contact); peer && peer->only_exchange)
    return take_in_if_admitted(*peer);
  if (refused_by_.deadline_of(book_->id(contact))) return;
  const Endpoint& endpoint = book_->endpoint(contact);
  const auto wish = routing::wants(*table_, book_->id(contact), endpoint);
  if (wish == routing::Wish::connect && table_->peers().is_neighbour(book_->id(contact)))
    learned_neighbour_ = true;
  if (wish == routing::Wish::ignore) return;
  table_->add_spare(contact, endpoint);
  if (wish != routing::Wish::connect) return;
  learned_ = true;
  timers_.set(Timer::dial, now);
}

void Membership::spread(ContactIndex newcomer, std::optional<ContactIndex> told_by) {
  if (config_.role == Participation::client || leaving_) return;
  // Those to whom the newcomer is close are close to us if it is, and otherwise not for us to tell.
  if (!table_->is_neighbour_of(config_.self, book_->id(newcomer))) return;
  const Token& token = book_->token(newcomer).token;
  if (!forwarded_.add(token.fingerprint(), token.uuid())) return;
  const Bytes update = encode_update(token.raw());
  for (const ContactIndex contact : routing::peers_to_tell(*table_, token.fingerprint())) {
    const Peer* peer = peers_->find(contact);
    if (peer && contact != newcomer && contact != told_by)
      outputs_.emplace_back(SendOn{peer->connection, update});
  }
}

/// The closest to `node`, who become its neighbours; and, for a newcomer, one for each slot of its
/// table, first those as far from it as we are: nearer ones are told by nodes nearer to it, and
/// farther ones it was told by others on the way.
Bytes Membership::piggy_for(const Introduction& what, WallTime now) const {
  const Fingerprint& node = what.node;
  std::array<ContactIndex, kNearTokens + 1> near{};
  std::vector<ContactIndex> chosen;
  for (const ContactIndex contact : table_->closest(node, near))
    if (book_->id(contact) != node) chosen.push_back(contact);
  if (!what.whole_table) return piggy_of(chosen, what.complete, now);

  struct Offer {
    int remoteness;
    routing::Slot slot;
    ContactIndex contact;
  };
  const int spread_bits = table_->config().spread_bits;
  const int ours = shared_prefix_bits(config_.self, node);
  std::vector<Offer> offers;
  for (const Peer& peer : peers_->all()) {
    const Fingerprint& id = book_->id(peer.contact);
    if (id == node || peer.role != Participation::member || peer.health.is_suspect()) continue;
    if (std::ranges::find(chosen, peer.contact) != chosen.end()) continue;
    const routing::Slot slot = routing::slot_of(distance(node, id), spread_bits);
    offers.push_back({std::abs(static_cast<int>(slot.bucket) - ours), slot, peer.contact});
  }
  std::ranges::sort(offers, [](const Offer& a, const Offer& b) {
    return std::tuple(a.remoteness, a.slot.bucket, a.slot.part, a.contact) <
           std::tuple(b.remoteness, b.slot.bucket, b.slot.part, b.contact);
  });
  std::optional<routing::Slot> last;
  for (const Offer& offer : offers) {
    if (chosen.size() == kPiggyTokensMax) break;
    if (last != offer.slot) chosen.push_back(offer.contact);
    last = offer.slot;
  }
  return piggy_of(chosen, what.complete, now);
}

Bytes Membership::piggy_near(const Fingerprint& key, const Fingerprint& asker, WallTime now) const {
  // Who asks for its own place, and not to fill a slot, wants all of its neighbours.
  const std::size_t wanted = book_->find(key) ? kNearTokens : kLookupTokens;
  std::array<ContactIndex, kNearTokens + 1> near{};
  std::vector<ContactIndex> chosen;
  for (const ContactIndex contact : table_->closest(key, near))
    if (book_->id(contact) != asker && chosen.size() < wanted) chosen.push_back(contact);
  return piggy_of(chosen, false, now);
}

Bytes Membership::piggy_of(std::span<const ContactIndex> contacts, bool complete,
                           WallTime now) const {
  PiggyMessage piggy{.complete = complete, .tokens = {}};
  for (const ContactIndex contact : contacts) {
    const Token& token = book_->token(contact).token;
    if (token.expires_at() - kTokenLifeMin > now) piggy.tokens.push_back(token.raw());
  }
  return encode(piggy);
}

void Membership::look_up(const Fingerprint& key, std::optional<ContactIndex> first_hop) {
  route(key, first_hop, encode_bare(MessageKind::lookup));
}

void Membership::route(const Fingerprint& key, std::optional<ContactIndex> first_hop,
                       Bytes payload) {
  RouteRequest request;
  request.key = key;
  request.avoid = config_.self;
  request.payload = std::move(payload);
  request.first_hop = first_hop;
  requested_.emplace_back();
  outputs_.emplace_back(RouteForMembership{std::move(request)});
}

}  // namespace kith::overlay
