// The turns of a driver, and how it enters the overlay.  Its connections are in
// `driver_connections.cpp`.

#include "overlay/asio/driver.hpp"

#include <algorithm>
#include <string>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/earliest.hpp"
#include "core/overloaded.hpp"
#include "overlay/asio/addresses.hpp"
#include "overlay/asio/clock.hpp"
#include "overlay/asio/driver_turn.hpp"

namespace kith::overlay {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// How often a turn goes on with what came of it before others have their turn.
constexpr int kRoundsPerTurn = 4;
/// What is read at once.
constexpr std::size_t kInputBytes = std::size_t{256} << 10;

constexpr Duration kResolvePauseFirst = std::chrono::seconds(1);
constexpr Duration kResolvePauseMax = std::chrono::seconds(60);
/// How often a node that entered by a name looks whether it is still in the overlay.
constexpr Duration kLookInterval = std::chrono::seconds(5);
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);

bool is_among(const std::vector<JoinTarget>& targets, const JoinTarget& target) {
  return std::ranges::find(targets, target) != targets.end();
}

}  // namespace

Driver::Driver(std::shared_ptr<void> context, asio::any_io_executor executor, EngineConfig config,
               std::vector<Acceptor> acceptors, Resolver resolver)
    : context_(std::move(context)),
      executor_(std::move(executor)),
      resolver_(std::move(resolver)),
      now_(read_clocks()),
      entrance_flow_(config.entrance_flow),
      engine_(std::move(config), random_, now_),
      acceptors_(std::move(acceptors)),
      input_(kInputBytes),
      timer_(executor_) {
  for (const Acceptor& acceptor : acceptors_)
    bound_.push_back(to_endpoint(acceptor.local_endpoint()));
  endpoints_ = reachable_endpoints(bound_, std::nullopt);
}

void Driver::start(std::weak_ptr<Application> application, std::vector<Address> entrances,
                   std::vector<Endpoint> advertised, bool founds) {
  application_ = std::move(application);
  founds_ = founds;
  advertised_ = std::move(advertised);
  std::vector<JoinTarget> targets;
  std::vector<Address> names;
  for (Address& entrance : entrances) {
    if (const auto endpoint = literal_endpoint(entrance)) {
      targets.push_back(target_at(*endpoint, entrance));
    } else {
      names.push_back(std::move(entrance));
    }
  }
  choose_endpoints(targets.empty() ? std::nullopt : std::optional(targets.front().endpoint));
  // Who is to join and knows no endpoint yet must not take itself for the founder.
  if (!targets.empty() || names.empty())
    asio::post(executor_,
               [self = shared_from_this(), targets = std::move(targets)] { self->enter(targets); });
  for (Address& name : names) {
    background_.push_back(std::make_unique<asio::cancellation_signal>());
    asio::co_spawn(executor_, enter_by_name(shared_from_this(), std::move(name)),
                   asio::bind_cancellation_slot(background_.back()->slot(), asio::detached));
  }
}

/// Whoever founds an overlay may be looked for from any side.
void Driver::choose_endpoints(const std::optional<Endpoint>& towards) {
  endpoints_ = advertised_.empty() ? reachable_endpoints(bound_, founds_ ? std::nullopt : towards)
                                   : advertised_;
}

JoinTarget Driver::target_at(const Endpoint& endpoint, const Address& entrance) const {
  return {endpoint, entrance.node, entrance_flow_, !founds_};
}

void Driver::enter(const std::vector<JoinTarget>& targets, const std::vector<JoinTarget>& former) {
  if (leaving_) return;
  turn([&] {
    if (!doors_open_ && !targets.empty()) choose_endpoints(targets.front().endpoint);
    // In this order: an engine without entrances would take itself for the founder.
    for (const JoinTarget& target : targets)
      if (!is_among(former, target)) engine_.join(target, now_);
    for (const JoinTarget& target : former)
      if (!is_among(targets, target)) engine_.forget_entrance(target);
    open_doors();
  });
}

void Driver::open_doors() {
  if (doors_open_) return;
  doors_open_ = true;
  {
    const std::lock_guard lock(inbox_mutex_);
    wake_posted_ = false;
  }
  engine_.set_endpoints(endpoints_, now_);
  for (Acceptor& acceptor : acceptors_)
    asio::co_spawn(executor_, accept_from(shared_from_this(), acceptor), asio::detached);
}

/// Where a name leads may change: whoever does not find the overlay there asks for it anew.
asio::awaitable<void> Driver::enter_by_name(std::shared_ptr<Driver> self, Address entrance) {
  constexpr auto kResult = asio::as_tuple(asio::use_awaitable);
  asio::steady_timer timer(self->executor_);
  std::vector<JoinTarget> targets;
  for (Duration pause = kResolvePauseFirst; !self->leaving_;
       pause = std::min(2 * pause, kResolvePauseMax)) {
    PendingAnswer answer(self->resolver_.ask(entrance));
    while (!answer.is_there()) {
      timer.expires_after(answer.next_pause());
      co_await timer.async_wait(kResult);
      if (self->leaving_) co_return;
    }
    const LookedUp found = answer.get();
    if (found) {
      const auto former = std::exchange(targets, {});
      for (const Endpoint& endpoint : *found)
        targets.push_back(self->target_at(endpoint, entrance));
      self->enter(targets, former);
    } else {
      self->turn_to_log(
          LogLevel::warning,
          "cannot resolve " + entrance.host + " to join through it: " + found.error().message() +
              "; next attempt in " + std::to_string(pause / std::chrono::seconds(1)) + " s");
    }
    timer.expires_after(pause);
    co_await timer.async_wait(kResult);
    for (; self->is_in_overlay(); pause = kResolvePauseFirst) {
      timer.expires_after(kLookInterval);
      co_await timer.async_wait(kResult);
    }
  }
}

asio::awaitable<void> Driver::accept_from(std::shared_ptr<Driver> self, Acceptor& acceptor) {
  constexpr auto kResult = asio::as_tuple(asio::use_awaitable);
  asio::steady_timer timer(self->executor_);
  bool complained = false;
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(kResult);
    if (!acceptor.is_open()) co_return;
    if (!error) {
      complained = false;
      self->on_accepted(std::move(socket));
    } else if (error != asio::error::connection_aborted) {
      // Mostly too many open files.  Whatever it is, to try again at once would not help.
      if (!std::exchange(complained, true))
        self->turn_to_log(LogLevel::error, "cannot accept connections for now: " + error.message());
      timer.expires_after(kAcceptPause);
      co_await timer.async_wait(kResult);
    }
  }
}

void Driver::leave(Command farewell) {
  submit([this, farewell = std::move(farewell)](Engine& engine, Instant now) mutable {
    farewell(engine, now);
    leaving_ = true;
    error_code ignored;
    for (Acceptor& acceptor : acceptors_) acceptor.close(ignored);
    for (const auto& work : background_) work->emit(asio::cancellation_type::terminal);
    waits_.end(Errc::shutting_down);
    engine.leave(now);
  });
  // It may not have entered yet, and until then looks at no command.
  asio::post(executor_, [self = shared_from_this()] { self->turn([&] { self->open_doors(); }); });
}

bool Driver::submit(Command command) {
  {
    const std::lock_guard lock(inbox_mutex_);
    if (ended_) return false;
    inbox_.push_back(std::move(command));
    // A turn looks at the inbox before it ends.
    if (wake_posted_ || is_in_turn()) return true;
    wake_posted_ = true;
  }
  post_wake();
  return true;
}

void Driver::post_wake() {
  asio::post(executor_, [self = shared_from_this()] { self->on_wake(); });
}

void Driver::on_wake() {
  {
    const std::lock_guard lock(inbox_mutex_);
    wake_posted_ = false;
  }
  turn([] {});
}

bool Driver::wait_for(Waits::Check check, Duration timeout, Done<> done) {
  Errc refusal{};
  {
    const std::lock_guard lock(inbox_mutex_);
    if (!ended_ && waiting_ < kWaitsMax) {
      ++waiting_;
      // Not a command: those may have to wait themselves until the doors are open.
      asio::post(executor_, [self = shared_from_this(), timeout, check = std::move(check),
                             done = std::move(done)]() mutable {
        self->add_wait(timeout, std::move(check), std::move(done));
      });
      return true;
    }
    refusal = ended_ ? Errc::shutting_down : Errc::limit_reached;
  }
  done(std::unexpected(refusal));
  return false;
}

void Driver::add_wait(Duration timeout, Waits::Check check, Done<> done) {
  turn([&] {
    waits_.add(now_.time + std::min(timeout, kWaitingMax), std::move(check),
               [this, done = std::move(done)](Result<void> result) mutable {
                 --waiting_;
                 done(result);
               });
  });
}

void Driver::resolve(const Address& address, TimePoint deadline, Done<std::vector<Endpoint>> done) {
  if (const auto literal = literal_endpoint(address)) return done(std::vector{*literal});
  await_answer(std::make_shared<PendingAnswer>(resolver_.ask_minor(address)), deadline,
               std::move(done));
}

void Driver::await_answer(const std::shared_ptr<PendingAnswer>& answer, TimePoint deadline,
                          Done<std::vector<Endpoint>> done) {
  const auto check = [answer]() -> std::optional<Result<void>> {
    return answer->is_there() ? std::optional<Result<void>>(Result<void>{}) : std::nullopt;
  };
  wait_for(check, std::min(answer->next_pause(), deadline - read_clocks().time),
           [this, answer, deadline, done = std::move(done)](Result<void> waited) mutable {
             if (waited) return done(endpoints_of(answer->get()));
             if (waited.error() != Errc::timed_out || deadline <= read_clocks().time)
               return done(std::unexpected(waited.error()));
             await_answer(answer, deadline, std::move(done));
           });
}

std::vector<Endpoint> Driver::endpoints() const {
  return look([this](const Engine&) { return endpoints_; });
}

void Driver::drain() {
  if (!doors_open_) return;
  poll();
  for (int round = 0; round < kRoundsPerTurn; ++round) {
    const bool commanded = run_commands();
    const bool wrote = write_round();
    if (!commanded && !wrote) return;
  }
}

void Driver::poll() {
  while (auto output = engine_.poll_output(now_)) carry_out(*output);
}

void Driver::carry_out(Output& output) {
  std::visit(Overloaded{[&](const Dial& order) { dial(order); },
                        [&](const WriteReady& order) {
                          if (Connection* connection = find(order.connection))
                            line_up(order.connection, *connection);
                        },
                        [&](const CloseConnection& order) { close(order); },
                        [&](const Left&) { left_ = true; },
                        [&](const auto&) {
                          if (listener_) listener_->on_output(output, engine_, now_);
                        }},
             output);
}

/// Runs what waits in the inbox; whether there was anything.
bool Driver::run_commands() {
  {
    const std::lock_guard lock(inbox_mutex_);
    std::swap(inbox_, commands_);
  }
  if (commands_.empty()) return false;
  for (Command& command : commands_) {
    command(engine_, now_);
    poll();
  }
  commands_.clear();
  return true;
}

void Driver::end_turn() {
  waits_.settle(now_.time);
  if (left_ && connections_.empty()) return end();
  set_timer();
  if (!doors_open_) return;
  const std::lock_guard lock(inbox_mutex_);
  if (inbox_.empty() && writable_.empty()) return;
  if (!std::exchange(wake_posted_, true)) post_wake();
}

/// Nothing more comes of it.
void Driver::end() {
  if (ended_) return;
  {
    const std::lock_guard lock(inbox_mutex_);
    ended_ = true;
  }
  run_commands();
  timer_.cancel();
  Output left = Left{};
  if (listener_) listener_->on_output(left, engine_, now_);
}

void Driver::set_timer() {
  // An engine that is told the time before it knows whom to join takes itself for the founder.
  const auto of_engine = doors_open_ ? engine_.next_deadline() : std::nullopt;
  const auto of_closing =
      closing_.empty() ? std::nullopt : std::optional(closing_.front().deadline);
  const auto next = earliest({of_engine, waits_.next_deadline(), of_closing});
  // One that goes off early finds nothing to do; that is cheaper than setting it every time.
  if (!next || (timer_set_to_ && *timer_set_to_ <= *next)) return;
  timer_set_to_ = next;
  timer_.expires_at(to_steady(*next));
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->on_timer();
  });
}

void Driver::on_timer() {
  timer_set_to_.reset();
  turn([&] {
    drop_overdue();
    if (!doors_open_) return;
    const auto deadline = engine_.next_deadline();
    if (deadline && *deadline <= now_.time) engine_.on_deadline(now_);
  });
}

void Driver::log(LogLevel level, std::string_view line) const {
  if (listener_) listener_->log(level, line);
}

void Driver::turn_to_log(LogLevel level, std::string_view line) {
  turn([&] { log(level, line); });
}

}  // namespace kith::overlay
