#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/overlay/store/store_steps.hpp"

namespace kith::test {
namespace {

bool say(char word) { return ::write(STDOUT_FILENO, &word, 1) == 1; }

/// Takes the steps from `n` on until it is killed.  Says x for each that the store has confirmed.
int write_on(overlay::Store& store, std::uint32_t n) {
  StoreSteps steps;
  while (steps.take(store, n++) && say('x')) continue;
  return 1;
}

/// Waits for the end of its input, and then spends `count` tickets.  Says y for each that it has
/// got, n for each that it has not, and f for a fault.
int spend_all(overlay::Store& store, std::uint32_t count) {
  char nothing = 0;
  if (::read(STDIN_FILENO, &nothing, 1) != 0) return 1;
  for (std::uint32_t n = 0; n < count; ++n) {
    const auto spent = store.spend(numbered(n), numbered(n), kIssuedAt);
    if (!say(!spent ? 'f' : *spent ? 'y' : 'n')) return 1;
  }
  return 0;
}

}  // namespace
}  // namespace kith::test

/// store_writer write PATH FIRST, or store_writer spend PATH COUNT
int main(int count, char** arguments) {
  if (count != 4) return 2;
  const std::string_view task = arguments[1];
  kith::overlay::Store store(arguments[2]);
  const auto number = static_cast<std::uint32_t>(std::strtoul(arguments[3], nullptr, 10));
  return task == "write" ? kith::test::write_on(store, number)
                         : kith::test::spend_all(store, number);
}
