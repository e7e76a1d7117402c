#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include <kith/time.hpp>

#include "apps/console/descriptor.hpp"

namespace kith::apps {

/// Ctrl-C, and the signals by which a system ends a program, as an event.  The first, and what
/// comes together with it, asks for an orderly end; a later one ends the program at once.
///
/// To be made before any other thread: those made later leave the signals alone.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  ~Interrupts();

  /// Calls `on_first` at the first signal, on a thread of its own.  May be called once.
  void listen(std::function<void()> on_first);

  [[nodiscard]] bool requested() const { return requested_; }
  /// Readable from the first signal on, for `poll`.
  [[nodiscard]] int descriptor() const { return requested_event_.get(); }
  /// Waits for the first signal.
  void wait() const;
  /// The same, for a time; whether it came.
  [[nodiscard]] bool wait_for(Duration time) const;

 private:
  void run();

  Descriptor signals_;
  Descriptor requested_event_;
  Descriptor end_event_;
  std::atomic<bool> requested_ = false;
  std::function<void()> on_first_;
  std::jthread thread_;
};

}  // namespace kith::apps
