#include "overlay/membership/entrance.hpp"

#include <algorithm>

namespace kith::overlay {
namespace {

bool same_door(const JoinTarget& a, const JoinTarget& b) {
  return a.endpoint == b.endpoint && a.node == b.node;
}

}  // namespace

Entrance::Door* Entrance::find(const JoinTarget& target) {
  const auto door = std::ranges::find_if(
      doors_, [&](const Door& known) { return same_door(known.target, target); });
  return door == doors_.end() ? nullptr : &*door;
}

void Entrance::add(const JoinTarget& target, TimePoint now) {
  Door* door = find(target);
  if (!door) return doors_.push_back({target, now, {}});
  ++door->added;
  door->target.is_needed = door->target.is_needed || target.is_needed;
}

void Entrance::remove(const JoinTarget& target) {
  Door* door = find(target);
  if (door && --door->added == 0) doors_.erase(doors_.begin() + (door - doors_.data()));
}

bool Entrance::is_needed() const {
  return std::ranges::any_of(doors_, [](const Door& door) { return door.target.is_needed; });
}

std::optional<JoinTarget> Entrance::next(bool is_alone, TimePoint now) {
  for (Door& door : doors_) {
    if (!door.is_tried(is_alone) || door.due > now) continue;
    door.dialing = true;
    return door.target;
  }
  return std::nullopt;
}

std::optional<TimePoint> Entrance::next_deadline(bool is_alone) const {
  std::optional<TimePoint> next;
  for (const Door& door : doors_) {
    if (!door.is_tried(is_alone)) continue;
    if (!next || door.due < *next) next = door.due;
  }
  return next;
}

std::optional<Duration> Entrance::on_failed(const JoinTarget& target, Errc why, TimePoint now) {
  Door* door = find(target);
  if (!door) return std::nullopt;
  const Duration pause = door->backoff.on_failed(why, *random_);
  door->dialing = false;
  door->due = now + pause;
  return pause;
}

void Entrance::on_entered(const JoinTarget& target) {
  Door* door = find(target);
  if (!door) return;
  door->dialing = false;
  door->led_in = true;
  door->backoff.on_succeeded();
}

void Entrance::on_alone(TimePoint now) {
  for (Door& door : doors_) {
    door.due = std::min(door.due, now);
    door.backoff.on_succeeded();
  }
}

}  // namespace kith::overlay
