#include "overlay/blocks.hpp"

#include <algorithm>

namespace kith::overlay {

Blocks::Blocks(std::span<const Blocked> kept) {
  for (const Blocked& block : kept.first(std::min(kept.size(), kMax)))
    until_.emplace(block.who, block.until);
}

Result<void> Blocks::add(const Blocked& block, WallTime now) {
  if (const auto known = until_.find(block.who); known != until_.end()) {
    known->second = std::max(known->second, block.until);
    return {};
  }
  if (until_.size() >= kMax)
    std::erase_if(until_, [now](const auto& entry) { return entry.second <= now; });
  if (until_.size() >= kMax) return std::unexpected(Errc::limit_reached);
  until_.emplace(block.who, block.until);
  return {};
}

bool Blocks::remove(const Fingerprint& who) { return until_.erase(who) > 0; }

bool Blocks::contains(const Fingerprint& who, WallTime now) const {
  const auto block = until_.find(who);
  return block != until_.end() && now < block->second;
}

std::vector<Blocked> Blocks::all(WallTime now) const {
  std::vector<Blocked> all;
  for (const auto& [who, until] : until_)
    if (now < until) all.push_back({who, until});
  return all;
}

}  // namespace kith::overlay
