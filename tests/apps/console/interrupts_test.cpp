#include "apps/console/interrupts.hpp"

#include <csignal>
#include <thread>

#include <gtest/gtest.h>

namespace kith::test {
namespace {

/// Whether a hangup that comes is kept for `Interrupts`, if we are started with `disposition`.
bool minds_hangup(void (*disposition)(int)) {
  const auto before = std::signal(SIGHUP, disposition);
  bool minds = false;
  // Which signals are blocked is each thread's own.
  std::thread([&] {
    const apps::Interrupts interrupts;
    std::raise(SIGHUP);
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    minds = sigismember(&pending, SIGHUP) == 1;
  }).join();
  std::signal(SIGHUP, before);
  return minds;
}

TEST(Interrupts, MindAHangupUnlessTheyAreStartedToSurviveIt) {
  EXPECT_TRUE(minds_hangup(SIG_DFL));
  EXPECT_FALSE(minds_hangup(SIG_IGN));
}

}  // namespace
}  // namespace kith::test
