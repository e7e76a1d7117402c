#include "overlay/connection.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace kith::overlay {
namespace {

constexpr auto kById = [](const std::unique_ptr<Connection>& connection) { return connection->id; };

}  // namespace

Connection& Connections::add(const Endpoint& endpoint, bool dialed) {
  auto connection = std::make_unique<Connection>();
  connection->id = static_cast<ConnectionId>(next_++);
  connection->endpoint = endpoint;
  connection->dialed = dialed;
  return *connections_.emplace_back(std::move(connection));
}

void Connections::remove(ConnectionId id) {
  const auto it = std::ranges::lower_bound(connections_, id, {}, kById);
  KITH_ASSERT(it != connections_.end() && (*it)->id == id);
  connections_.erase(it);
}

Connection* Connections::find(ConnectionId id) {
  const auto it = std::ranges::lower_bound(connections_, id, {}, kById);
  return it != connections_.end() && (*it)->id == id ? it->get() : nullptr;
}

const Connection* Connections::find(ConnectionId id) const {
  const auto it = std::ranges::lower_bound(connections_, id, {}, kById);
  return it != connections_.end() && (*it)->id == id ? it->get() : nullptr;
}

}  // namespace kith::overlay
