#include "overlay/connection.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::overlay {

Connection& Connections::add(const Endpoint& endpoint, bool dialed) {
  auto connection = std::make_unique<Connection>();
  connection->id = static_cast<ConnectionId>(next_++);
  connection->endpoint = endpoint;
  connection->dialed = dialed;
  connection->opening = std::make_unique<Opening>();
  ids_.push_back(connection->id);
  return *connections_.emplace_back(std::move(connection));
}

void Connections::remove(ConnectionId id) {
  const auto at = place(id);
  KITH_ASSERT(at.has_value());
  connections_.erase(connections_.begin() + static_cast<std::ptrdiff_t>(*at));
  ids_.erase(ids_.begin() + static_cast<std::ptrdiff_t>(*at));
}

Connection* Connections::find(ConnectionId id) {
  const auto at = place(id);
  return at ? connections_[*at].get() : nullptr;
}

const Connection* Connections::find(ConnectionId id) const {
  const auto at = place(id);
  return at ? connections_[*at].get() : nullptr;
}

std::optional<std::size_t> Connections::place(ConnectionId id) const {
  const auto it = std::ranges::lower_bound(ids_, id);
  if (it == ids_.end() || *it != id) return std::nullopt;
  return static_cast<std::size_t>(it - ids_.begin());
}

}  // namespace kith::overlay
