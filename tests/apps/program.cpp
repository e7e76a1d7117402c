#include "tests/apps/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <gtest/gtest.h>

namespace kith::test {
namespace {

using Clock = std::chrono::steady_clock;

/// Far beyond what anything here takes, also under sanitizers on a busy machine.
constexpr std::chrono::seconds kPatience{60};
constexpr int kDoesNotEnd = -1000;

struct Pipe {
  int read = -1;
  int write = -1;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    read = ends[0];
    write = ends[1];
  }
};

/// Our own environment without anything that kith would obey.
std::vector<std::string> environment_of(const Invocation& run) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool is_kept = !text.starts_with("KITH_") && !text.starts_with("XDG_RUNTIME_DIR=") &&
                         !text.starts_with("TERM=") &&
                         !run.environment.contains(std::string(text.substr(0, text.find('='))));
    if (is_kept) entries.emplace_back(text);
  }
  for (const auto& [name, value] : run.environment) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int output_of(const Invocation& run, const Pipe& pipe) {
  if (!run.output_file) return pipe.write;
  return ::open(run.output_file->c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

}  // namespace

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kith-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::operator/(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

std::string Folder::file(std::string_view name, std::string_view text) const {
  std::ofstream(*this / name, std::ios::binary) << text;
  return *this / name;
}

std::string read_file(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

Program::Program(const Invocation& run) {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> arguments = run.arguments;
  arguments.insert(arguments.begin(), KITH_PROGRAM);
  std::vector<std::string> environment = environment_of(run);
  const auto argument_pointers = pointers_to(arguments);
  const auto environment_pointers = pointers_to(environment);
  const Pipe input;
  const Pipe output;
  const Pipe error;
  const int sink = output_of(run, output);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(input.read, STDIN_FILENO);
    ::dup2(sink, STDOUT_FILENO);
    ::dup2(error.write, STDERR_FILENO);
    std::signal(SIGPIPE, SIG_DFL);
    for (const int stream : run.closed) ::close(stream);
    ::execve(KITH_PROGRAM, argument_pointers.data(), environment_pointers.data());
    ::_exit(127);
  }
  for (const int end : {input.read, output.write, error.write}) ::close(end);
  if (sink != output.write) ::close(sink);
  input_ = input.write;
  output_.descriptor = output.read;
  error_.descriptor = error.read;
  write_input(run.input);
  if (run.input_ends) end_input();
}

Program::~Program() {
  if (!code_) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  end_input();
  for (const int descriptor : {output_.descriptor, error_.descriptor})
    if (descriptor >= 0) ::close(descriptor);
}

void Program::write_input(std::string_view text) const {
  while (!text.empty()) {
    const auto written = ::write(input_, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Program::end_input() {
  if (input_ >= 0) ::close(std::exchange(input_, -1));
}

void Program::signal(int number) const { ::kill(process_, number); }

void Program::forbid_growing_files() const {
  const rlimit nothing{};
  EXPECT_EQ(::prlimit(process_, RLIMIT_FSIZE, &nothing, nullptr), 0);
}

std::uint64_t Program::core_bytes_most() const {
  rlimit limit{};
  EXPECT_EQ(::prlimit(process_, RLIMIT_CORE, nullptr, &limit), 0);
  return limit.rlim_cur;
}

void Program::close_output() { ::close(std::exchange(output_.descriptor, -1)); }

/// Reads what there is; false at the deadline, or when nothing more can come.
bool Program::read_some(Clock::time_point deadline) {
  std::array<pollfd, 2> events{pollfd{.fd = output_.descriptor, .events = POLLIN, .revents = 0},
                               pollfd{.fd = error_.descriptor, .events = POLLIN, .revents = 0}};
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  if (left.count() <= 0 || (events[0].fd < 0 && events[1].fd < 0)) return false;
  ::poll(events.data(), events.size(), static_cast<int>(left.count()));
  for (Stream* stream : {&output_, &error_}) {
    if (events[stream == &error_ ? 1 : 0].revents == 0) continue;
    std::array<char, 65'536> part{};
    const auto read = ::read(stream->descriptor, part.data(), part.size());
    if (read > 0)
      stream->text.append(part.data(), static_cast<std::size_t>(read));
    else
      ::close(std::exchange(stream->descriptor, -1));
  }
  return true;
}

std::string Program::wait_for_line(Stream& stream, std::string_view part) {
  const auto deadline = Clock::now() + kPatience;
  do {
    for (std::size_t end = 0; (end = stream.text.find('\n', stream.seen)) != std::string::npos;) {
      const std::string line = stream.text.substr(stream.seen, end - stream.seen);
      stream.seen = end + 1;
      if (line.contains(part)) return line;
    }
  } while (read_some(deadline));
  ADD_FAILURE() << "no line with '" << part << "'; output:\n"
                << output_.text << "\nerror:\n"
                << error_.text;
  return {};
}

std::string Program::wait_for_output(std::string_view part) { return wait_for_line(output_, part); }

std::string Program::wait_for_error(std::string_view part) { return wait_for_line(error_, part); }

int Program::wait() {
  if (code_) return *code_;
  const auto deadline = Clock::now() + kPatience;
  // Its streams end when it does: nobody else has them.
  while (error_.descriptor >= 0 && read_some(deadline)) {
  }
  if (error_.descriptor >= 0) {
    ADD_FAILURE() << "does not end; output:\n" << output_.text << "\nerror:\n" << error_.text;
    return kDoesNotEnd;
  }
  while (output_.descriptor >= 0 && read_some(deadline)) {
  }
  int status = 0;
  ::waitpid(process_, &status, 0);
  code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  return *code_;
}

Finished run_kith(const Invocation& run) {
  Program program(run);
  const int code = program.wait();
  return {.code = code, .output = program.output(), .error = program.error()};
}

Finished run_kith(std::vector<std::string> arguments) {
  return run_kith(Invocation{.arguments = std::move(arguments)});
}

namespace {

std::vector<std::string> up_arguments(const std::string& control,
                                      std::vector<std::string> arguments) {
  std::vector<std::string> all{"up",        "--json", "--listen",    "tcp://127.0.0.1:0",
                               "--control", control,  "--log-level", "warning"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

/// The text of a member of a line of flat JSON.
std::string member(const std::string& line, const std::string& name) {
  const std::string before = "\"" + name + "\":\"";
  const auto begin = line.find(before);
  if (begin == std::string::npos) return {};
  const auto end = line.find('"', begin + before.size());
  return line.substr(begin + before.size(), end - begin - before.size());
}

}  // namespace

UpNode::UpNode(const Folder& folder, std::string_view name, std::vector<std::string> arguments)
    : program(up_arguments(folder / name, std::move(arguments))),
      control(folder / name),
      address(member(program.wait_for_output("\"address\""), "address")) {}

void UpNode::wait_until_ready() { program.wait_for_output("\"ready\""); }

}  // namespace kith::test
