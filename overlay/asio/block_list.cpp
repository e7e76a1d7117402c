#include <kith/block_list.hpp>

#include "overlay/asio/block_list_state.hpp"

namespace kith {

Result<void> BlockList::State::add(const Fingerprint& who, Duration life, overlay::Engine& engine,
                                   Instant now) {
  if (life <= Duration(0) || life > kBlockLifeMax) return std::unexpected(Errc::out_of_range);
  const Blocked block{who, now.wall + life};
  if (const auto blocked = engine.block(block.who, block.until, now); !blocked) return blocked;
  const auto keeper = keeper_.lock();
  if (keeper && !keeper->keep(block)) return std::unexpected(Errc::store_failed);
  return {};
}

Result<void> BlockList::State::remove(const Fingerprint& who, overlay::Engine& engine) {
  const bool was_blocked = engine.unblock(who);
  const auto keeper = keeper_.lock();
  if (keeper && !keeper->forget_block(who)) return std::unexpected(Errc::store_failed);
  if (!was_blocked) return std::unexpected(Errc::not_found);
  return {};
}

Result<void> BlockList::add(const Fingerprint& who, Duration life, Duration timeout) {
  return overlay::ask<void>(
      state_->driver(), timeout,
      [state = state_, who, life](const overlay::Slot<void>& slot, overlay::Engine& engine,
                                  Instant now) { *slot = state->add(who, life, engine, now); });
}

Result<void> BlockList::remove(const Fingerprint& who, Duration timeout) {
  return overlay::ask<void>(
      state_->driver(), timeout,
      [state = state_, who](const overlay::Slot<void>& slot, overlay::Engine& engine, Instant) {
        *slot = state->remove(who, engine);
      });
}

Result<std::vector<Blocked>> BlockList::list(Duration timeout) {
  return overlay::ask<std::vector<Blocked>>(
      state_->driver(), timeout,
      [](const overlay::Slot<std::vector<Blocked>>& slot, overlay::Engine& engine, Instant now) {
        *slot = engine.blocked(now.wall);
      });
}

}  // namespace kith
