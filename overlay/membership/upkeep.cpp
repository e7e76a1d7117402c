// The part of `Membership` that keeps the table filled and says when the node is ready.

#include <algorithm>
#include <utility>

#include "overlay/backoff.hpp"
#include "overlay/membership/membership.hpp"
#include "routing/admission.hpp"
#include "routing/dialing.hpp"
#include "routing/slot.hpp"

namespace kith::overlay {
namespace {

constexpr Duration kRefusedPause{60'000'000};
/// After which a client tries those again that could not judge it.
constexpr Duration kDeferredPause{5'000'000};
constexpr std::size_t kRefusedMax = 1024;
/// How often a spare is tried only to see whether it is nearer than who holds its slot: often
/// while that brings something, then ever more rarely.
constexpr Duration kExploreFirst{2'000'000};
constexpr Duration kExploreLast{120'000'000};
constexpr std::size_t kPerhapsNearMax = 8;
/// How often spares are looked through whose back-off may be over.
constexpr Duration kDialLast{15'000'000};
/// How often at most we look for those who were cut off with one who is found.
constexpr Duration kLookBeyondInterval{1'000'000};

}  // namespace

void Membership::on_peer_lost(ContactIndex contact, Errc why, TimePoint now) {
  const bool was_in_table = table_->is_peer(contact);
  leave_table(contact, why == Errc::closed ? routing::Parting::orderly : routing::Parting::lost,
              now);
  if (leaving_) return;
  if (config_.role == Participation::client) {
    // Who has left in order is dialed once it is heard of anew.
    if (why != Errc::closed) consider(contact, now);
  } else if (was_in_table && why != Errc::closed) {
    lost_.on_lost(contact, now);
    timers_.set(Timer::lost, *lost_.next_deadline());
    // If it comes back, that is news again.
    forwarded_.forget(book_->id(contact), book_->token(contact).token.uuid());
  }
  timers_.set(Timer::dial, now);
  if (relays() > 0) return;
  entrance_.on_alone(now);
  timers_.set(Timer::entrance, now);
}

/// The table is without a peer from now on; if that was a neighbour, others are looked for.
void Membership::leave_table(ContactIndex contact, routing::Parting parting, TimePoint now) {
  const auto neighbours = table_->neighbourhood();
  const bool was_neighbour = std::ranges::find(neighbours, contact) != neighbours.end();
  table_->on_disconnected(contact, parting, now);
  if (leaving_) return;
  take_in_neighbours();
  if (config_.role == Participation::client || !was_neighbour) return;
  refresh_interval_ = config_.refresh_first;
  timers_.set(Timer::refresh, now + refresh_interval_);
  look_around_in(config_.refresh_first, now);
}

void Membership::on_dial_failed(ContactIndex contact, Errc why, TimePoint now) {
  end_dial(contact, now);
  // One session more was not to be had with a peer.
  if (peers_->find(contact)) return;
  if (why == Errc::deferred && config_.role == Participation::client && !leaving_) {
    consider(contact, now);
    timers_.set(Timer::dial, now + random_->jittered(kDeferredPause, kPauseJitterPerMille));
    return;
  }
  if (why == Errc::refused) {
    // It is there again, whatever it thinks of us, and has told us of others.
    if (lost_.on_found(contact, now) && lost_.is_urgent()) timers_.set(Timer::lost, now);
    // It is well and has no use for us: another one will do (docs/protocol.md §6, redial).
    table_->forget(contact);
    refused_by_.set(book_->id(contact),
                    now + random_->jittered(kRefusedPause, kPauseJitterPerMille));
    if (refused_by_.size() > kRefusedMax) static_cast<void>(refused_by_.pop_due(TimePoint::max()));
  } else {
    table_->on_dial_failed(contact, now);
  }
  if (!leaving_) timers_.set(Timer::dial, now);
}

void Membership::on_entrance_failed(const JoinTarget& target, JoinStep step, Errc why,
                                    TimePoint now) {
  const auto pause = entrance_.on_failed(target, why, now);
  if (leaving_ || !pause) return;
  outputs_.emplace_back(
      JoinFailed{target.endpoint, why, *pause, std::nullopt, step, target.is_needed});
  // Another one may be due before it.
  if (const auto next = entrance_.next_deadline(relays() == 0)) timers_.set(Timer::entrance, *next);
}

void Membership::on_deadline(TimePoint now) {
  while (const auto timer = timers_.pop_due(now)) {
    switch (*timer) {
      case Timer::start:
        break;
      case Timer::entrance:
        dial_entrances(now);
        break;
      case Timer::refresh:
        refresh(now);
        break;
      case Timer::neighbourhood:
        look_around(now);
        break;
      case Timer::dial:
        dial_more(now);
        break;
      case Timer::lost:
        dial_lost(now);
        break;
      case Timer::introduction:
        announce_ourselves(now);
        break;
    }
  }
  settle(now);
}

std::optional<TimePoint> Membership::next_deadline() const { return timers_.next(); }

std::size_t Membership::relays() const { return peers_->members(); }

/// Asks one of the neighbours whom it knows near us.
void Membership::look_around(TimePoint now) {
  const Duration longer =
      std::min(2 * neighbourhood_interval_, config_.neighbourhood_interval_last);
  look_around_in(std::exchange(learned_neighbour_, false)
                     ? std::min(neighbourhood_interval_, config_.neighbourhood_interval)
                     : longer,
                 now);
  const auto neighbours = table_->neighbourhood();
  if (neighbours.empty()) return;
  look_up(config_.self, neighbours[random_->below(neighbours.size())]);
}

void Membership::look_around_in(Duration pause, TimePoint now) {
  neighbourhood_interval_ = pause;
  timers_.set(Timer::neighbourhood, now + random_->jittered(pause, kPauseJitterPerMille));
}

/// There may be many whom we do not know behind `contact`: another overlay, or the part of ours
/// that was cut off.  Asks it who is near us there, and tries whoever was lost with it.
void Membership::look_beyond(ContactIndex contact, TimePoint now) {
  if (config_.role == Participation::client || leaving_) return;
  if (lost_.is_urgent()) timers_.set(Timer::lost, now);
  if (now < looked_beyond_at_) return;
  looked_beyond_at_ = now + kLookBeyondInterval;
  look_up(config_.self, contact);
  refresh_interval_ = config_.refresh_first;
  timers_.set(Timer::refresh, now + refresh_interval_);
  look_around_in(kLookBeyondInterval, now);
}

/// Looks for nodes for empty slots: often while that brings something, rarely afterwards.
void Membership::refresh(TimePoint now) {
  while (refused_by_.pop_due(now)) {
    // May be asked again from now on.
  }
  refresh_interval_ = std::exchange(learned_, false)
                          ? config_.refresh_first
                          : std::min(2 * refresh_interval_, config_.refresh_last);
  timers_.set(Timer::refresh, now + random_->jittered(refresh_interval_, kPauseJitterPerMille));
  const auto slots = routing::empty_slots(*table_);
  if (slots.empty() || relays() == 0) return;
  for (std::size_t i = 0; i < std::min(config_.lookups_at_once, slots.size()); ++i) {
    const auto slot = slots[random_->below(slots.size())];
    look_up(routing::key_in(slot, config_.self, table_->config().spread_bits, *random_),
            std::nullopt);
  }
}

void Membership::dial_more(TimePoint now) {
  if (leaving_) return;
  if (config_.role == Participation::client) return dial_for_client();
  while (dialing_.size() - dialing_lost_.size() < config_.dials_max) {
    const auto candidate = routing::next_candidate(*table_, now, routing::Need::nearer);
    if (!candidate) break;
    dial(candidate->contact);
  }
  if (ready_ && now >= explore_at_) explore(now);
  if (table_->spares().size() > 0 || ready_)
    timers_.set(Timer::dial, now + std::clamp(explore_interval_, kExploreFirst, kDialLast));
}

void Membership::dial(ContactIndex contact) {
  table_->on_dial_started(contact);
  dialing_.insert(contact);
  outputs_.emplace_back(DialContact{contact});
}

/// Tries one node to see whether it is nearer than who holds its slot, and asks for others.
void Membership::explore(TimePoint now) {
  const bool gained = explored_ && routing::is_needed(*table_, *explored_);
  explore_interval_ =
      gained ? kExploreFirst : std::clamp(explore_interval_ * 9 / 8, kExploreFirst, kExploreLast);
  explore_at_ = now + random_->jittered(explore_interval_, kPauseJitterPerMille);
  if (relays() == 0 || dialing_.size() >= config_.dials_max) return;
  explored_ = next_to_explore(now);
  if (explored_) dial(*explored_);
  ask_for_nearer();
}

std::optional<ContactIndex> Membership::next_to_explore(TimePoint now) {
  while (!perhaps_near_.empty()) {
    const ContactIndex contact = perhaps_near_.front();
    perhaps_near_.pop_front();
    const bool is_useless =
        peers_->find(contact) || dialing_.contains(contact) ||
        refused_by_.deadline_of(book_->id(contact)) ||
        table_->peers().would_crowd(book_->id(contact), table_->network(book_->endpoint(contact)));
    if (!is_useless) return contact;
  }
  const auto candidate = routing::next_candidate(*table_, now, routing::Need::explore);
  if (!candidate) return std::nullopt;
  return candidate->contact;
}

/// Whom a node near us chose for its slot because it is near to it, is near to us as well.
void Membership::ask_for_nearer() {
  const routing::Slot slot = routing::random_slot(*table_, *random_);
  RouteRequest request;
  request.key = routing::key_in(slot, config_.self, table_->config().spread_bits, *random_);
  request.avoid = config_.self;
  request.payload = encode_bare(MessageKind::lookup);
  if (const auto peer = routing::informant(*table_, slot, *random_)) {
    request.target = book_->id(*peer);
    request.first_hop = peer;
  }
  requested_.push_back({.on_behalf_of = {}, .nearer_in = slot});
  outputs_.emplace_back(RouteForMembership{std::move(request)});
}

void Membership::note_nearer(routing::Slot slot, ByteView message) {
  const auto piggy = decode_piggy(message);
  if (!piggy) return;
  for (const ByteView encoded : piggy->tokens) {
    const auto token = decode_node_token(encoded);
    const auto contact = token ? book_->find(token->fingerprint()) : std::nullopt;
    if (!contact || *contact == table_->self() || peers_->find(*contact)) continue;
    const Fingerprint way = distance(config_.self, book_->id(*contact));
    if (routing::slot_of(way, table_->config().spread_bits) != slot) continue;
    perhaps_near_.push_back(*contact);
    if (perhaps_near_.size() > kPerhapsNearMax) perhaps_near_.pop_front();
  }
}

void Membership::dial_lost(TimePoint now) {
  while (dialing_lost_.size() < config_.dials_max) {
    const auto contact = lost_.next(now);
    if (!contact) break;
    if (peers_->find(*contact) || dialing_.contains(*contact)) continue;
    dialing_lost_.insert(*contact);
    dial(*contact);
  }
  if (const auto next = lost_.next_deadline()) timers_.set(Timer::lost, *next);
}

void Membership::dial_entrances(TimePoint now) {
  const bool is_alone = relays() == 0;
  while (const auto target = entrance_.next(is_alone, now))
    outputs_.emplace_back(DialEntrance{*target});
  if (const auto next = entrance_.next_deadline(is_alone)) timers_.set(Timer::entrance, *next);
}

void Membership::end_dial(ContactIndex contact, TimePoint now) {
  dialing_.erase(contact);
  if (dialing_lost_.erase(contact) > 0 && lost_.is_urgent() && !leaving_)
    timers_.set(Timer::lost, now);
}

void Membership::dial_for_client() {
  while (!relays_heard_of_.empty() && relays() + dialing_.size() < config_.peers_wanted_by_client) {
    const ContactIndex contact = relays_heard_of_.front();
    relays_heard_of_.pop_front();
    if (peers_->find(contact)) continue;
    dialing_.insert(contact);
    outputs_.emplace_back(DialContact{contact});
  }
}

void Membership::settle(TimePoint now) {
  if (leaving_) return;
  const bool alone = relays() == 0;
  if (alone && entrance_.is_needed()) introduced_ = false;
  // A node that was ready stays so while it has any peer: its neighbourhood mends behind the scene.
  if (ready_ ? !alone || !entrance_.is_needed() : !is_settled(now)) return;
  ready_ = !ready_;
  outputs_.emplace_back(ReadyChanged{ready_});
  if (ready_ && config_.role == Participation::member)
    look_around_in(config_.neighbourhood_interval, now);
}

bool Membership::is_settled(TimePoint now) const {
  if (relays() == 0) return !entrance_.is_needed();
  if (config_.role == Participation::client || !entrance_.is_needed()) return true;
  return introduced_ && neighbourhood_is_complete(now);
}

bool Membership::neighbourhood_is_complete(TimePoint now) const {
  if (routing::next_candidate(*table_, now, routing::Need::neighbour)) return false;
  return std::ranges::none_of(dialing_, [&](ContactIndex contact) {
    return table_->peers().is_neighbour(book_->id(contact));
  });
}

}  // namespace kith::overlay
