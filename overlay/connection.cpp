#include "overlay/connection.hpp"

#include <algorithm>
#include <functional>

#include "core/assert.hpp"
#include "overlay/look_step.hpp"

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

void Connections::look_by(Connection& connection, std::optional<TimePoint> time) {
  if (!time) return;
  // A joined session waits for nothing but its age, its idleness, or the rest of a frame.
  const TimePoint at = connection.joined ? at_step(*time) : *time;
  if (at >= connection.look_at) return;
  connection.look_at = at;
  looks_.push_back({at, connection.id});
  std::ranges::push_heap(looks_, std::greater{});
}

void Connections::end_by(Connection& connection, TimePoint deadline) {
  connection.deadline = deadline;
  look_by(connection, deadline);
}

Connection* Connections::pop_look(TimePoint now) {
  while (!looks_.empty() && looks_.front().at <= now) {
    const Look due = looks_.front();
    std::ranges::pop_heap(looks_, std::greater{});
    looks_.pop_back();
    Connection* connection = find(due.connection);
    if (!connection || connection->look_at != due.at) continue;
    connection->look_at = TimePoint::max();
    return connection;
  }
  return nullptr;
}

std::optional<TimePoint> Connections::next_look() const {
  if (looks_.empty()) return std::nullopt;
  return looks_.front().at;
}

std::optional<std::size_t> Connections::place(ConnectionId id) const {
  const auto it = std::ranges::lower_bound(ids_, id);
  if (it == ids_.end() || *it != id) return std::nullopt;
  return static_cast<std::size_t>(it - ids_.begin());
}

}  // namespace kith::overlay
