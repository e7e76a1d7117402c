#include "overlay/membership/entrance.hpp"

namespace kith::overlay {
namespace {

bool same_door(const JoinTarget& a, const JoinTarget& b) {
  return a.endpoint == b.endpoint && a.node == b.node;
}

}  // namespace

void Entrance::add(const JoinTarget& target, TimePoint now) {
  for (const Door& door : doors_)
    if (same_door(door.target, target)) return;
  doors_.push_back({target, now, {}});
}

std::optional<JoinTarget> Entrance::next(bool is_alone, TimePoint now) {
  for (Door& door : doors_) {
    if (door.dialing || door.due > now || (door.led_in && !is_alone)) continue;
    door.dialing = true;
    return door.target;
  }
  return std::nullopt;
}

std::optional<TimePoint> Entrance::next_deadline(bool is_alone) const {
  std::optional<TimePoint> next;
  for (const Door& door : doors_) {
    if (door.dialing || (door.led_in && !is_alone)) continue;
    if (!next || door.due < *next) next = door.due;
  }
  return next;
}

Duration Entrance::on_failed(const JoinTarget& target, Errc why, TimePoint now) {
  for (Door& door : doors_) {
    if (!same_door(door.target, target)) continue;
    const Duration pause = door.backoff.on_failed(why, *random_);
    door.dialing = false;
    door.due = now + pause;
    return pause;
  }
  return Backoff::kFirst;
}

void Entrance::on_entered(const JoinTarget& target) {
  for (Door& door : doors_) {
    if (!same_door(door.target, target)) continue;
    door.dialing = false;
    door.led_in = true;
    door.backoff.on_succeeded();
  }
}

void Entrance::on_alone(TimePoint now) {
  for (Door& door : doors_) {
    door.due = std::min(door.due, now);
    door.backoff.on_succeeded();
  }
}

}  // namespace kith::overlay
