// The connections of a driver.

#include <utility>

#include "overlay/asio/addresses.hpp"
#include "overlay/asio/driver.hpp"
#include "overlay/asio/driver_turn.hpp"

namespace kith::overlay {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// How often one connection is read before others have their turn.
constexpr int kReadsPerTurn = 4;
/// What is sealed and written at once.
constexpr std::size_t kOutputBytes = std::size_t{256} << 10;

/// What a closed connection is given to end in order (docs/protocol.md §4.5).
constexpr Duration kLingerTime = std::chrono::seconds(1);
constexpr std::size_t kLingerBytes = std::size_t{64} << 10;

bool is_not_now(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again ||
         error == asio::error::interrupted;
}

/// Why nobody was to be reached.
Errc cause_of(const error_code& error) {
  namespace errc = boost::system::errc;
  if (error == errc::connection_refused) return Errc::connection_refused;
  if (error == errc::timed_out) return Errc::timed_out;
  if (error == errc::too_many_files_open || error == errc::too_many_files_open_in_system)
    return Errc::limit_reached;
  for (const auto no_way : {errc::host_unreachable, errc::network_unreachable, errc::network_down,
                            errc::address_not_available, errc::address_family_not_supported,
                            errc::operation_not_permitted, errc::permission_denied})
    if (error == no_way) return Errc::unreachable;
  return Errc::connection_lost;
}

/// Nothing about a connection depends on whether these are granted.
void prepare(tcp::socket& socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
}

}  // namespace

Driver::Connection* Driver::find(ConnectionId id) {
  const auto it = connections_.find(id);
  return it == connections_.end() ? nullptr : &it->second;
}

void Driver::on_accepted(Socket socket) {
  error_code error;
  const tcp::endpoint from = socket.remote_endpoint(error);
  if (error || leaving_) return;
  turn([&] {
    const auto id = engine_.on_accepted(to_endpoint(from), now_);
    if (!id) return;
    prepare(socket);
    Connection& connection = connections_.try_emplace(*id, std::move(socket)).first->second;
    await_readable(*id, connection);
  });
}

void Driver::dial(const Dial& order) {
  const tcp::endpoint to = to_tcp(order.to);
  Socket socket(executor_);
  error_code error;
  socket.open(to.protocol(), error);
  if (error) {
    submit([id = order.connection, why = cause_of(error)](Engine& engine, Instant now) {
      engine.on_connect_failed(id, now, why);
    });
    return;
  }
  Connection& connection =
      connections_.try_emplace(order.connection, std::move(socket)).first->second;
  connection.socket.async_connect(
      to, [self = shared_from_this(), id = order.connection](const error_code& refused) {
        self->on_connected(id, refused);
      });
}

void Driver::on_connected(ConnectionId id, const error_code& error) {
  if (!find(id)) return;
  turn([&] {
    if (error) {
      connections_.erase(id);
      engine_.on_connect_failed(id, now_, cause_of(error));
      return;
    }
    Connection& connection = *find(id);
    prepare(connection.socket);
    await_readable(id, connection);
    engine_.on_connected(id, now_);
  });
}

void Driver::await_readable(ConnectionId id, Connection& connection) {
  connection.socket.async_wait(Socket::wait_read,
                               [self = shared_from_this(), id](const error_code&) {
                                 if (self->find(id)) self->on_readable(id);
                               });
}

void Driver::on_readable(ConnectionId id) {
  turn([&] {
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
      Connection* connection = find(id);
      if (!connection || connection->stream_ended) return;
      if (!read_once(id, *connection)) break;
      // What the engine was given lies in the buffer of the next read.
      drain();
      now_ = read_clocks();
    }
    Connection* connection = find(id);
    if (connection && !connection->stream_ended) await_readable(id, *connection);
  });
}

/// Whether there may be more to read.
bool Driver::read_once(ConnectionId id, Connection& connection) {
  error_code error;
  const std::size_t count = connection.socket.read_some(asio::buffer(input_), error);
  if (is_not_now(error)) return false;
  if (error == asio::error::eof) {
    on_end_of_stream(id, connection);
    return false;
  }
  if (error) {
    const bool known_to_engine = !connection.closing;
    connections_.erase(id);
    if (known_to_engine) engine_.on_connection_lost(id, now_);
    return false;
  }
  if (connection.closing) {
    connection.discarded_bytes += count;
    if (connection.discarded_bytes > kLingerBytes) connections_.erase(id);
  } else {
    engine_.on_bytes(id, ByteView(input_).first(count), now_);
  }
  return count == input_.size();
}

void Driver::on_end_of_stream(ConnectionId id, Connection& connection) {
  connection.stream_ended = true;
  if (!connection.closing) {
    engine_.on_end_of_stream(id, now_);
  } else if (connection.shut_down) {
    connections_.erase(id);
  }
}

void Driver::line_up(ConnectionId id, Connection& connection) {
  if (!std::exchange(connection.in_line, true)) writable_.push_back(id);
}

/// Lets each connection that stands in line write once; whether there was any.
bool Driver::write_round() {
  const std::size_t in_line = writable_.size();
  for (std::size_t i = 0; i < in_line; ++i) {
    const ConnectionId id = writable_.front();
    writable_.pop_front();
    Connection* connection = find(id);
    if (!connection) continue;
    connection->in_line = false;
    write_once(id, *connection);
    poll();
  }
  return in_line > 0;
}

void Driver::write_once(ConnectionId id, Connection& connection) {
  if (connection.broken) {
    if (connection.closing) connections_.erase(id);
    return;
  }
  const bool resumes = !connection.unsent.empty();
  if (!resumes) {
    output_.clear();
    connection.sent_bytes = 0;
    engine_.take_bytes(id, kOutputBytes, output_, now_);
    if (output_.empty()) {
      if (connection.closing) shut_down(id, connection);
      return;
    }
  }
  Bytes& bytes = resumes ? connection.unsent : output_;
  const ByteView rest = ByteView(bytes).subspan(connection.sent_bytes);
  error_code error;
  const std::size_t sent =
      connection.socket.write_some(asio::buffer(rest.data(), rest.size()), error);
  if (error && !is_not_now(error)) return lose(id, connection);
  connection.sent_bytes += sent;
  if (sent < rest.size()) {
    if (!resumes) std::swap(connection.unsent, output_);
    return await_writable(id, connection);
  }
  if (resumes) {
    // Back to where all connections share it.
    if (output_.capacity() < bytes.capacity()) std::swap(connection.unsent, output_);
    connection.unsent = Bytes();
  }
  line_up(id, connection);
}

void Driver::await_writable(ConnectionId id, Connection& connection) {
  connection.in_line = true;
  connection.socket.async_wait(Socket::wait_write,
                               [self = shared_from_this(), id](const error_code&) {
                                 if (!self->find(id)) return;
                                 self->turn([&] {
                                   Connection& writable = *self->find(id);
                                   writable.in_line = false;
                                   self->line_up(id, writable);
                                 });
                               });
}

/// The connection broke while it was written to.  What the other side said before, its last
/// acknowledgements and its farewell, may still lie there: the end of that is the end of it.
void Driver::lose(ConnectionId id, Connection& connection) {
  if (!connection.closing && !connection.stream_ended) {
    connection.broken = true;
    connection.unsent = Bytes();
    return;
  }
  const bool known_to_engine = !connection.closing;
  connections_.erase(id);
  if (!known_to_engine) return;
  submit([id](Engine& engine, Instant now) { engine.on_connection_lost(id, now); });
}

void Driver::close(const CloseConnection& order) {
  Connection* connection = find(order.connection);
  if (!connection) return;
  if (order.mode == CloseMode::drop) {
    connections_.erase(order.connection);
    return;
  }
  connection->closing = true;
  closing_.push_back({now_.time + kLingerTime, order.connection});
  line_up(order.connection, *connection);
}

void Driver::shut_down(ConnectionId id, Connection& connection) {
  error_code ignored;
  connection.socket.shutdown(Socket::shutdown_send, ignored);
  connection.shut_down = true;
  if (connection.stream_ended) connections_.erase(id);
}

void Driver::drop_overdue() {
  while (!closing_.empty() && closing_.front().deadline <= now_.time) {
    connections_.erase(closing_.front().connection);
    closing_.pop_front();
  }
}

}  // namespace kith::overlay
