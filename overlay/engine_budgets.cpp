// The part of the engine that bounds what one peer may take from us, and so from the others.

#include <algorithm>

#include "overlay/engine_impl.hpp"

namespace kith::overlay {
namespace {

/// Messages of others, and answers to them, are let into a queue that is not half full.
constexpr std::size_t kRoutedShare = 2;

/// How long it takes until a peer may have so many more signatures checked.
Duration cost_of_checks(std::uint64_t checks, const EngineConfig& config) {
  return Duration(static_cast<Duration::rep>(checks * 1'000'000 / config.checks_per_second));
}

}  // namespace

/// What is on its way to others never takes more than its share of a session's queue: a session
/// that takes nothing more is dropped, and must not be for what a third node sends through us.
void Engine::Impl::send_routed(const RouterSend& order, Instant now) {
  const Peer* peer = peers_.find(order.peer);
  if (!peer) return;
  const Connection& connection = *connections_.find(peer->connection);
  if (connection.session->queued_bytes() >= session_config_.queued_bytes_max / kRoutedShare) {
    if (order.under_way) router_.on_congested(*order.under_way, now.time);
    return;
  }
  send(peer->connection, order.message, now);
  if (order.under_way) liveness_.confirm(order.peer, now.time);
}

bool Engine::Impl::has_overspent(ContactIndex contact, ChecksBudget budget, Instant now) const {
  const Peer* peer = peers_.find(contact);
  if (peer == nullptr) return false;
  return peer->*budget - now.time > cost_of_checks(config_.checks_at_once, config_);
}

void Engine::Impl::charge(ContactIndex contact, ChecksBudget budget, std::uint64_t before,
                          Instant now) {
  const std::uint64_t checked = signatures_.checked() - before;
  Peer* peer = checked == 0 ? nullptr : peers_.find(contact);
  if (peer == nullptr) return;
  peer->*budget = std::max(peer->*budget, now.time) + cost_of_checks(checked, config_);
}

}  // namespace kith::overlay
