#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kith::test {

/// A folder that goes away with all that is in it.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder();

  [[nodiscard]] std::string operator/(std::string_view name) const;
  /// The path of a new file that holds `text`.
  std::string file(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

[[nodiscard]] std::string read_file(const std::string& path);

/// What `kith` is run with.
struct Invocation {
  std::vector<std::string> arguments;
  std::string input{};  ///< What it reads.
  bool input_ends = true;
  std::map<std::string, std::string> environment{};
  /// Standard output, if it is not to be watched.
  std::optional<std::string> output_file{};
  std::vector<int> closed{};  ///< Standard streams that it is started without.
};

/// The program `kith` at work, seen from outside: lines, exit codes, signals.  Whatever is waited
/// for has a deadline, after which the test fails.  Ends with it.
class Program {
 public:
  explicit Program(const Invocation& run);
  explicit Program(std::vector<std::string> arguments)
      : Program(Invocation{.arguments = arguments}) {}
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  /// Waits for a line on standard output that holds `part`, and returns it; empty if none comes.
  std::string wait_for_output(std::string_view part = "");
  /// The same on standard error.
  std::string wait_for_error(std::string_view part);
  /// Waits for its end.  The exit code; minus the signal if that ended it; -1000 if it does not
  /// end.
  int wait();

  void signal(int number) const;
  /// No file that it writes can grow from now on.
  void forbid_growing_files() const;
  /// How large a core of it may be.
  [[nodiscard]] std::uint64_t core_bytes_most() const;
  /// Nobody reads its output from now on.
  void close_output();
  /// Gives it more to read; the end of it with `end_input`.
  void write_input(std::string_view text) const;
  void end_input();

  [[nodiscard]] const std::string& output() const { return output_.text; }
  [[nodiscard]] const std::string& error() const { return error_.text; }

 private:
  struct Stream {
    int descriptor = -1;
    std::string text;
    std::size_t seen = 0;  ///< Lines before here were returned.
  };

  std::string wait_for_line(Stream& stream, std::string_view part);
  bool read_some(std::chrono::steady_clock::time_point deadline);

  pid_t process_ = -1;
  int input_ = -1;
  Stream output_;
  Stream error_;
  std::optional<int> code_;
};

/// Runs `kith` to its end.
struct Finished {
  int code = 0;
  std::string output;
  std::string error;
};
[[nodiscard]] Finished run_kith(const Invocation& run);
[[nodiscard]] Finished run_kith(std::vector<std::string> arguments);

/// A running `kith up` on a free port of loopback, with a socket of its own.
class UpNode {
 public:
  UpNode(const Folder& folder, std::string_view name, std::vector<std::string> arguments = {});

  /// Waits until the overlay has confirmed it.
  void wait_until_ready();

  Program program;
  const std::string control;
  const std::string address;
};

}  // namespace kith::test
