#include "apps/console/interrupts.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "apps/console/output.hpp"
#include "apps/failure.hpp"

namespace kith::apps {
namespace {

/// What a shell expects of a program that Ctrl-C has ended.
constexpr int kInterruptedExit = 128 + SIGINT;
/// Signals within so long are one interrupt: `timeout`, and a shell that signals both a job and its
/// group, send two at once.
constexpr std::chrono::milliseconds kSameInterrupt{300};

/// Whether whoever started us wants us to go on when the terminal is gone, as `nohup` does.
bool survives_hangup() {
  struct sigaction inherited{};
  return ::sigaction(SIGHUP, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
}

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
  // A signal that is blocked comes also if it is to be ignored.
  if (!survives_hangup()) sigaddset(&signals, SIGHUP);
  return signals;
}

Descriptor checked(int number) {
  if (number < 0)
    throw Failure(ExitCode::error, fmt::format("cannot watch signals: {}", std::strerror(errno)));
  return Descriptor(number);
}

void raise_event(const Descriptor& event) {
  const std::uint64_t one = 1;
  // Cannot fail: the counter is far from its end.
  [[maybe_unused]] const auto written = ::write(event.get(), &one, sizeof(one));
}

}  // namespace

Interrupts::Interrupts() {
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = checked(signalfd(-1, &signals, SFD_CLOEXEC));
  requested_event_ = checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  end_event_ = checked(eventfd(0, EFD_CLOEXEC));
}

Interrupts::~Interrupts() {
  raise_event(end_event_);
  if (thread_.joinable()) thread_.join();
}

void Interrupts::listen(std::function<void()> on_first) {
  on_first_ = std::move(on_first);
  thread_ = std::jthread([this] { run(); });
}

void Interrupts::wait() const {
  pollfd event{.fd = requested_event_.get(), .events = POLLIN, .revents = 0};
  while (!requested_) ::poll(&event, 1, -1);
}

bool Interrupts::wait_for(Duration time) const {
  pollfd event{.fd = requested_event_.get(), .events = POLLIN, .revents = 0};
  ::poll(&event, 1, static_cast<int>(time / std::chrono::milliseconds(1)));
  return requested_;
}

void Interrupts::run() {
  std::array<pollfd, 2> events{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                               pollfd{.fd = end_event_.get(), .events = POLLIN, .revents = 0}};
  std::chrono::steady_clock::time_point first;
  for (;;) {
    if (::poll(events.data(), events.size(), -1) < 0) continue;
    if (events[1].revents != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof(info)) != sizeof(info)) continue;
    const auto now = std::chrono::steady_clock::now();
    if (requested_.exchange(true)) {
      if (now - first < kSameInterrupt) continue;
      complain("interrupted twice: ending at once");
      ::_exit(kInterruptedExit);
    }
    first = now;
    raise_event(requested_event_);
    if (on_first_) on_first_();
  }
}

}  // namespace kith::apps
