#include "overlay/membership/entrance.hpp"

#include <algorithm>

namespace kith::overlay {
namespace {

constexpr Duration kPauseFirst{1'000'000};
constexpr Duration kPauseLast{300'000'000};
constexpr Duration kPauseRefused{60'000'000};
constexpr std::uint32_t kJitterPerMille = 250;

bool same_door(const JoinTarget& a, const JoinTarget& b) {
  return a.endpoint == b.endpoint && a.node == b.node;
}

}  // namespace

void Entrance::add(const JoinTarget& target, TimePoint now) {
  for (const Door& door : doors_)
    if (same_door(door.target, target)) return;
  doors_.push_back({target, now, kPauseFirst});
}

std::optional<JoinTarget> Entrance::next(TimePoint now) {
  for (Door& door : doors_) {
    if (door.dialing || door.due > now) continue;
    door.dialing = true;
    return door.target;
  }
  return std::nullopt;
}

std::optional<TimePoint> Entrance::next_deadline() const {
  std::optional<TimePoint> next;
  for (const Door& door : doors_)
    if (!door.dialing && (!next || door.due < *next)) next = door.due;
  return next;
}

Duration Entrance::on_failed(const JoinTarget& target, Errc why, TimePoint now) {
  for (Door& door : doors_) {
    if (!same_door(door.target, target)) continue;
    if (why == Errc::refused) door.pause = std::max(door.pause, kPauseRefused);
    const Duration pause = random_->jittered(door.pause, kJitterPerMille);
    door.dialing = false;
    door.due = now + pause;
    door.pause = std::min(2 * door.pause, kPauseLast);
    return pause;
  }
  return kPauseFirst;
}

void Entrance::on_entered() {
  for (Door& door : doors_) {
    door.dialing = false;
    door.pause = kPauseFirst;
  }
}

}  // namespace kith::overlay
