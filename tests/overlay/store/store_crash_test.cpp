#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "core/assert.hpp"
#include "tests/overlay/store/store_steps.hpp"

namespace kith::test {
namespace {

using overlay::Store;

/// A process that does one of the two tasks of `store_writer` on a store.
class Writer {
 public:
  Writer(std::string task, std::string path, std::uint32_t argument, int input = STDIN_FILENO) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = KITH_STORE_WRITER;
    std::string number = std::to_string(argument);
    const std::array<char*, 5> arguments = {program.data(), task.data(), path.data(), number.data(),
                                            nullptr};
    const int failure =
        ::posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments.data(), environ);
    // Without a process, `kill` would mean ourselves and all of our group.
    KITH_ASSERT(failure == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    // Whoever is not listened to for a while stops, before a table is full.
    ::fcntl(ends[0], F_SETPIPE_SZ, 4'096);
    confirmed_ = ends[0];
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() { ::close(confirmed_); }

  /// Waits for the word of `count`.
  void await(std::size_t count) {
    Byte byte = 0;
    for (; count > 0; --count) ASSERT_EQ(::read(confirmed_, &byte, 1), 1);
  }

  /// Kills it in the midst of what it does; how many more it has confirmed until then.
  std::uint32_t kill() {
    ::kill(process_, SIGKILL);
    std::uint32_t more = 0;
    Byte byte = 0;
    while (::read(confirmed_, &byte, 1) == 1) ++more;
    int status = 0;
    EXPECT_EQ(::waitpid(process_, &status, 0), process_);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    return more;
  }

  /// All that it says until it ends by itself.
  std::string finish() {
    std::string said;
    char word = 0;
    while (::read(confirmed_, &word, 1) == 1) said += word;
    int status = 0;
    EXPECT_EQ(::waitpid(process_, &status, 0), process_);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
    return said;
  }

 private:
  pid_t process_ = 0;
  int confirmed_ = -1;
};

int kills() {
  const char* wanted = std::getenv("KITH_STORE_KILLS");
  if (wanted != nullptr) return std::atoi(wanted);
  return KITH_SANITIZED ? 100 : 1'000;
}

/// Does nothing of use for about as long as a step takes at most, so that a kill falls anywhere.
void linger(Random& random) {
  for (std::uint64_t left = random.below(20'000); left > 0; --left)
    static_cast<void>(random.next_u64());
}

TEST(KilledStore, LosesNothingThatItConfirmed) {
  SeededRandom random(1);
  StoreSteps steps;
  for (int round = 0; round < kills();) {
    // A store for some kills in a row, until its tables are well filled.
    const StoreFolder folder(memory());
    std::uint32_t next = 0;
    for (int kill = 0; kill < 20 && next < 2'000 && round < kills(); ++kill, ++round) {
      const std::uint32_t first = next;
      Writer writer("write", folder / "store", first);
      const auto awaited = static_cast<std::uint32_t>(random.below(8));
      writer.await(awaited);
      linger(random);
      const std::uint32_t confirmed = awaited + writer.kill();

      Store store(folder / "store");
      for (std::uint32_t n = first; n < first + confirmed; ++n)
        ASSERT_TRUE(steps.is_kept(store, n)) << "step " << n << " is lost, kill " << round;
      // One more may be there that it had no time to confirm.
      next = first + confirmed + 1;
    }
  }
}

TEST(StoreOfTwoProcesses, LetsOneOfThemSpendATicket) {
  const StoreFolder folder(memory());
  constexpr std::uint32_t kTickets = 1'000;
  {
    Store store(folder / "store");
    for (std::uint32_t n = 0; n < kTickets; ++n)
      ASSERT_TRUE(store.add_ticket(some_ticket(numbered(n)), kIssuedAt));
  }
  std::array<int, 2> gate{};
  ASSERT_EQ(::pipe2(gate.data(), O_CLOEXEC), 0);
  Writer one("spend", folder / "store", kTickets, gate[0]);
  Writer other("spend", folder / "store", kTickets, gate[0]);
  ::close(gate[0]);
  ::close(gate[1]);
  const std::string ones = one.finish();
  const std::string others = other.finish();
  ASSERT_EQ(ones.size(), kTickets);
  ASSERT_EQ(others.size(), kTickets);
  for (std::uint32_t n = 0; n < kTickets; ++n)
    EXPECT_TRUE((ones[n] == 'y' && others[n] == 'n') || (ones[n] == 'n' && others[n] == 'y'))
        << "ticket " << n << ": " << ones[n] << others[n];
}

}  // namespace
}  // namespace kith::test
