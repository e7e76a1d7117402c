#pragma once

#include "tests/tidy/rules.hpp"

/// Rules that keep the protocol apart from the world, and every run like the one before it.
namespace kith::tidy {

/// No sockets, clocks, threads, entropy, files or logs in the protocol; files alone in the store.
void check_world(const Subject& subject, Findings& findings);
/// No coroutines below the drivers, no exceptions in the protocol.
void check_control_flow(const Subject& subject, Findings& findings);
/// `shared_ptr` and its like only in overlay/asio and apps.
void check_ownership(const Subject& subject, Findings& findings);
/// No generators or distributions whose numbers differ between libraries.
void check_random_numbers(const Subject& subject, Findings& findings);
/// No walk over an unordered container.
void check_unordered_iteration(const Subject& subject, Findings& findings);
/// No container ordered by pointers.
void check_pointer_order(const Subject& subject, Findings& findings);
/// No sleep, no real time and no luck in a test.
void check_test_time(const Subject& subject, Findings& findings);
/// No test that cannot fail or does not run.
void check_test_teeth(const Subject& subject, Findings& findings);

}  // namespace kith::tidy
