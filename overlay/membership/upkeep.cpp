// The part of `Membership` that keeps the table filled and says when the node is ready.

#include <algorithm>
#include <utility>

#include "overlay/membership/membership.hpp"
#include "routing/dialling.hpp"
#include "routing/slot.hpp"

namespace kith::overlay {
namespace {

constexpr std::uint32_t kJitterPerMille = 250;
constexpr Duration kRefusedPause{60'000'000};
constexpr std::size_t kRefusedMost = 1024;
/// How often a spare is tried only to see whether it is nearer than who holds its slot.
constexpr Duration kExploreInterval{4'000'000};

}  // namespace

void Membership::on_peer_lost(ContactIndex contact, Errc why, TimePoint now) {
  const auto neighbours = table_->neighbourhood();
  const bool was_neighbour = std::ranges::find(neighbours, contact) != neighbours.end();
  table_->on_disconnected(
      contact, why == Errc::closed ? routing::Parting::orderly : routing::Parting::lost, now);
  if (leaving_) return;
  if (config_.role == Participation::client) {
    consider(contact, now);
  } else if (was_neighbour) {
    refresh_interval_ = config_.refresh_first;
    timers_.set(Timer::refresh, now + refresh_interval_);
    timers_.set(Timer::neighbourhood, now + random_->jittered(config_.refresh_first, 500));
  }
  timers_.set(Timer::dial, now);
  if (relays() == 0) timers_.set(Timer::entrance, now);
}

void Membership::on_dial_failed(ContactIndex contact, Errc why, TimePoint now) {
  dialing_.erase(contact);
  if (why == Errc::refused) {
    // It is well and has no use for us: another one will do (docs/protocol.md §6, redial).
    table_->forget(contact);
    refused_by_.set(contact, now + random_->jittered(kRefusedPause, kJitterPerMille));
    if (refused_by_.size() > kRefusedMost) static_cast<void>(refused_by_.pop_due(TimePoint::max()));
  } else {
    table_->on_dial_failed(contact, now);
  }
  if (!leaving_) timers_.set(Timer::dial, now);
}

void Membership::on_entrance_failed(const JoinTarget& target, Errc why, TimePoint now) {
  const Duration pause = entrance_.on_failed(target, why, now);
  if (leaving_) return;
  outputs_.emplace_back(JoinFailed{target.endpoint, why, pause});
  timers_.set(Timer::entrance, now + pause);
}

void Membership::on_deadline(TimePoint now) {
  while (const auto timer = timers_.pop_due(now)) {
    switch (*timer) {
      case Timer::start:
        break;
      case Timer::entrance:
        if (relays() > 0) break;
        while (const auto target = entrance_.next(now))
          outputs_.emplace_back(DialEntrance{*target});
        if (const auto next = entrance_.next_deadline()) timers_.set(Timer::entrance, *next);
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
    }
  }
  settle(now);
}

std::optional<TimePoint> Membership::next_deadline() const { return timers_.next(); }

std::size_t Membership::relays() const { return peers_->members(); }

/// Asks one of the neighbours whom it knows near us.
void Membership::look_around(TimePoint now) {
  timers_.set(Timer::neighbourhood,
              now + random_->jittered(config_.neighbourhood_interval, kJitterPerMille));
  const auto neighbours = table_->neighbourhood();
  if (neighbours.empty()) return;
  look_up(config_.self, neighbours[random_->below(neighbours.size())]);
}

/// Looks for nodes for empty slots: often while that brings something, rarely afterwards.
void Membership::refresh(TimePoint now) {
  while (refused_by_.pop_due(now)) {
    // May be asked again from now on.
  }
  refresh_interval_ = std::exchange(learned_, false)
                          ? config_.refresh_first
                          : std::min(2 * refresh_interval_, config_.refresh_last);
  timers_.set(Timer::refresh, now + random_->jittered(refresh_interval_, kJitterPerMille));
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
  const bool explore = ready_ && now >= explore_at_;
  while (dialing_.size() < config_.dials_most) {
    const auto candidate = routing::next_candidate(
        *table_, now, explore ? routing::Need::explore : routing::Need::empty_slot);
    if (!candidate) break;
    table_->on_dial_started(candidate->contact);
    dialing_.insert(candidate->contact);
    outputs_.emplace_back(DialContact{candidate->contact});
    if (candidate->need < routing::Need::nearer) continue;
    explore_at_ = now + random_->jittered(kExploreInterval, kJitterPerMille);
    break;
  }
  if (table_->spares().size() > 0)
    timers_.set(Timer::dial, now + random_->jittered(kExploreInterval, kJitterPerMille));
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
  if (alone && !entrance_.is_empty()) introduced_ = false;
  // A node that was ready stays so while it has any peer: its neighbourhood mends behind the scene.
  if (ready_ ? !alone || entrance_.is_empty() : !is_settled(now)) return;
  ready_ = !ready_;
  outputs_.emplace_back(ReadyChanged{ready_});
  if (ready_ && config_.role == Participation::member)
    timers_.set(Timer::neighbourhood,
                now + random_->jittered(config_.neighbourhood_interval, kJitterPerMille));
}

bool Membership::is_settled(TimePoint now) const {
  if (relays() == 0) return entrance_.is_empty();
  if (config_.role == Participation::client || entrance_.is_empty()) return true;
  return introduced_ && neighbourhood_is_complete(now);
}

bool Membership::neighbourhood_is_complete(TimePoint now) const {
  if (routing::next_candidate(*table_, now, routing::Need::neighbour)) return false;
  return std::ranges::none_of(dialing_, [&](ContactIndex contact) {
    return table_->peers().is_neighbour(book_->id(contact));
  });
}

}  // namespace kith::overlay
