#include "overlay/membership/lost_peers.hpp"

#include <algorithm>

#include "overlay/backoff.hpp"

namespace kith::overlay {
namespace {

constexpr std::size_t kLostMax = 64;
constexpr Duration kPauseFirst{5'000'000};
constexpr Duration kPauseLast{60'000'000};
/// A session that broke is mostly back sooner; then nothing has happened to the network.
constexpr Duration kAwayForLong{30'000'000};

}  // namespace

void LostPeers::on_lost(ContactIndex contact, TimePoint now) {
  if (std::ranges::find(lost_, contact, &Lost::contact) != lost_.end()) return;
  if (lost_.empty()) {
    pause_ = kPauseFirst;
    due_ = now + random_->jittered(pause_, kPauseJitterPerMille);
  }
  if (lost_.size() < kLostMax) {
    lost_.push_back({contact, now});
  } else {
    lost_[random_->below(kLostMax)] = {contact, now};
  }
}

bool LostPeers::on_found(ContactIndex contact, TimePoint now) {
  const auto found = std::ranges::find(lost_, contact, &Lost::contact);
  if (found == lost_.end()) return false;
  const bool was_long = now - found->since >= kAwayForLong;
  if (found - lost_.begin() < static_cast<std::ptrdiff_t>(urgent_)) --urgent_;
  lost_.erase(found);
  if (was_long && urgent_ == 0) urgent_ = lost_.size();
  return was_long;
}

std::optional<ContactIndex> LostPeers::next(TimePoint now) {
  if (lost_.empty() || (urgent_ == 0 && now < due_)) return std::nullopt;
  if (urgent_ > 0) {
    --urgent_;
  } else {
    pause_ = std::min(2 * pause_, kPauseLast);
  }
  due_ = now + random_->jittered(pause_, kPauseJitterPerMille);
  std::ranges::rotate(lost_, lost_.begin() + 1);
  return lost_.back().contact;
}

std::optional<TimePoint> LostPeers::next_deadline() const {
  if (lost_.empty()) return std::nullopt;
  return due_;
}

void LostPeers::append_to(std::vector<ContactIndex>& contacts) const {
  for (const Lost& lost : lost_) contacts.push_back(lost.contact);
}

}  // namespace kith::overlay
