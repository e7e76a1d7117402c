#include <kith/block_list.hpp>

#include "overlay/asio/block_list_state.hpp"

namespace kith {
namespace {

using overlay::Done;

}  // namespace

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

void BlockList::State::add(const Fingerprint& who, Duration life, Duration timeout, Done<> done) {
  const auto command = [self = shared_from_this(), who, life](
                           const overlay::Slot<void>& slot, overlay::Engine& engine, Instant now) {
    *slot = self->add(who, life, engine, now);
  };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void BlockList::State::remove(const Fingerprint& who, Duration timeout, Done<> done) {
  const auto command = [self = shared_from_this(), who](const overlay::Slot<void>& slot,
                                                        overlay::Engine& engine, Instant) {
    *slot = self->remove(who, engine);
  };
  overlay::ask(driver(), timeout, command, std::move(done));
}

void BlockList::State::list(Duration timeout, Done<std::vector<Blocked>> done) const {
  const auto command = [](const overlay::Slot<std::vector<Blocked>>& slot, overlay::Engine& engine,
                          Instant now) { *slot = engine.blocked(now.wall); };
  overlay::ask(driver(), timeout, command, std::move(done));
}

Result<void> BlockList::add(const Fingerprint& who, Duration life, Duration timeout) {
  return overlay::wait(state_->driver(), timeout,
                       [&](Done<> done) { state_->add(who, life, timeout, std::move(done)); });
}

Result<void> BlockList::remove(const Fingerprint& who, Duration timeout) {
  return overlay::wait(state_->driver(), timeout,
                       [&](Done<> done) { state_->remove(who, timeout, std::move(done)); });
}

Result<std::vector<Blocked>> BlockList::list(Duration timeout) {
  using List = std::vector<Blocked>;
  return overlay::wait<List>(state_->driver(), timeout,
                             [&](Done<List> done) { state_->list(timeout, std::move(done)); });
}

}  // namespace kith
