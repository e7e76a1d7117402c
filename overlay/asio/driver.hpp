#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <kith/address.hpp>
#include <kith/node.hpp>

#include "core/crypto/sodium.hpp"
#include "overlay/asio/resolver.hpp"
#include "overlay/asio/waits.hpp"
#include "overlay/engine.hpp"

namespace kith::overlay {

/// Whom a driver tells, within its turns.
struct Application {
  std::function<void(Output&, Engine&, Instant)> on_output;
  std::function<void(LogLevel, std::string_view)> log;
};

/// Runs one engine on real sockets: a loop without decisions.  All it does is one *turn* after
/// another, each on the executor: read the clocks, one input or some commands, carry out what the
/// engine wants, set the timer.
///
/// Whatever comes in is read into one buffer, and whatever goes out is sealed when the socket takes
/// it, so that an idle connection costs no buffer and what waits together is sealed together.
///
/// Pending operations keep it alive; after `leave` it comes to its end by itself.
class Driver : public std::enable_shared_from_this<Driver> {
 public:
  using Command = std::move_only_function<void(Engine&, Instant)>;

  /// `executor` runs one handler at a time; `context` is what it is of, if nobody else keeps that.
  Driver(std::shared_ptr<void> context, boost::asio::any_io_executor executor, EngineConfig config,
         std::vector<boost::asio::ip::tcp::acceptor> acceptors, Resolver resolver = Resolver());

  /// Begins to accept and to join through `entrances`; their names are resolved, again and again
  /// until it succeeds, and later whenever the overlay is out of reach.  `advertised`: where others
  /// reach us, if we do not find out by ourselves.  `founds`: the node is ready, whether or not
  /// somebody answers there.
  void start(std::weak_ptr<Application> application, std::vector<Address> entrances,
             std::vector<Endpoint> advertised, bool founds = false);
  /// Takes leave after `farewell`; `Left` is told when every connection is closed.
  void leave(Command farewell);

  /// Runs `command` in a turn, in the order of the calls; from any thread.  Not if `Left` was told,
  /// and not before one of the names to enter through is resolved, or we leave: the engine would
  /// act as a founder.
  bool submit(Command command);
  /// So many wait at once: each turn looks at all of them.
  static constexpr std::size_t kWaitsMax = 1024;
  /// Answers `done` when `check` does, after `timeout`, or when the node leaves.  If it cannot be
  /// waited for, false, and `done` is answered at once: `Errc::limit_reached`, `shutting_down`.
  bool wait_for(Waits::Check check, Duration timeout, Done<> done);
  /// Answers `done` with where `address` leads to, or with what `endpoints_of` says; with
  /// `Errc::timed_out` after `deadline`, or `shutting_down` when the node leaves.  From any thread,
  /// and holds up none; at once if there is nothing to be asked.
  void resolve(const Address& address, TimePoint deadline, Done<std::vector<Endpoint>> done);

  /// Whether the calling thread is in a callback of the node, where nothing can wait.
  [[nodiscard]] bool is_in_turn() const {
    return turn_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }
  /// What `look(const Engine&)` sees between two turns; from any thread.
  template <class Look>
  auto look(const Look& look) const {
    if (is_in_turn()) return look(engine_);
    const std::lock_guard lock(mutex_);
    return look(engine_);
  }
  /// Waits for the end of the turn that goes on, if it is another thread's.
  void wait_for_turn() const {
    look([](const Engine&) {});
  }

  /// Where others reach us.
  [[nodiscard]] std::vector<Endpoint> endpoints() const;
  [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Acceptor = boost::asio::ip::tcp::acceptor;

  struct Connection {
    explicit Connection(Socket its_socket) : socket(std::move(its_socket)) {}

    Socket socket;
    /// What the socket has not taken of the last that was sealed.
    Bytes unsent;
    std::size_t sent_bytes = 0;
    bool in_line = false;  ///< Stands in `writable_`.
    bool stream_ended = false;
    bool closing = false;  ///< The engine has closed it: write the rest, then discard.
    bool shut_down = false;
    bool broken = false;  ///< Nothing can be written any more; there may be something to read.
    std::size_t discarded_bytes = 0;
  };

  struct Closing {
    TimePoint deadline{};
    ConnectionId connection{};
  };

  // Turns.
  template <class Input>
  void turn(Input&& input);
  void drain();
  void poll();
  void carry_out(Output& output);
  bool run_commands();
  void end_turn();
  void end();
  void post_wake();
  void on_wake();
  void set_timer();
  void on_timer();
  void log(LogLevel level, std::string_view line) const;
  void turn_to_log(LogLevel level, std::string_view line);
  void add_wait(Duration timeout, Waits::Check check, Done<> done);
  void await_answer(const std::shared_ptr<PendingAnswer>& answer, TimePoint deadline,
                    Done<std::vector<Endpoint>> done);

  // Entering.
  static boost::asio::awaitable<void> enter_by_name(std::shared_ptr<Driver> self, Address entrance);
  static boost::asio::awaitable<void> accept_from(std::shared_ptr<Driver> self, Acceptor& acceptor);
  [[nodiscard]] JoinTarget target_at(const Endpoint& endpoint, const Address& entrance) const;
  /// Through `targets`, and no longer through those of `former` that are not among them.
  void enter(const std::vector<JoinTarget>& targets, const std::vector<JoinTarget>& former = {});
  [[nodiscard]] bool is_in_overlay() const { return !leaving_ && engine_.is_ready(); }
  void open_doors();
  void choose_endpoints(const std::optional<Endpoint>& towards);

  // Connections.
  void on_accepted(Socket socket);
  void dial(const Dial& order);
  void on_connected(ConnectionId id, const boost::system::error_code& error);
  void await_readable(ConnectionId id, Connection& connection);
  void on_readable(ConnectionId id);
  bool read_once(ConnectionId id, Connection& connection);
  void on_end_of_stream(ConnectionId id, Connection& connection);
  void line_up(ConnectionId id, Connection& connection);
  bool write_round();
  void write_once(ConnectionId id, Connection& connection);
  void await_writable(ConnectionId id, Connection& connection);
  void lose(ConnectionId id, Connection& connection);
  void close(const CloseConnection& order);
  void shut_down(ConnectionId id, Connection& connection);
  void drop_overdue();
  [[nodiscard]] Connection* find(ConnectionId id);

  const std::shared_ptr<void> context_;
  const boost::asio::any_io_executor executor_;
  const Resolver resolver_;
  std::weak_ptr<Application> application_;
  std::vector<Endpoint> bound_;
  std::vector<Endpoint> advertised_;

  /// Held for the length of a turn, and by whoever looks at the engine in between.
  mutable std::mutex mutex_;
  std::atomic<std::thread::id> turn_thread_;
  Instant now_;
  const Flow entrance_flow_;
  bool founds_ = false;
  Application* listener_ = nullptr;  ///< `application_` during a turn.
  crypto::SystemRandom random_;
  Engine engine_;
  std::vector<Endpoint> endpoints_;

  std::mutex inbox_mutex_;
  std::vector<Command> inbox_;
  bool wake_posted_ = true;  ///< Until the doors are open nobody is woken.
  bool ended_ = false;

  /// How many wait, those included whom no turn has seen yet.
  std::atomic<std::size_t> waiting_ = 0;

  // On the executor alone.
  std::vector<Command> commands_;
  Waits waits_;
  std::vector<Acceptor> acceptors_;
  std::map<ConnectionId, Connection> connections_;
  std::deque<ConnectionId> writable_;
  std::deque<Closing> closing_;  ///< In the order of their deadlines.
  Bytes input_;
  Bytes output_;
  boost::asio::steady_timer timer_;
  std::optional<TimePoint> timer_set_to_;
  std::vector<std::unique_ptr<boost::asio::cancellation_signal>> background_;
  bool doors_open_ = false;
  bool leaving_ = false;
  bool left_ = false;
};

}  // namespace kith::overlay
