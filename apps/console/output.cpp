#include "apps/console/output.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "apps/failure.hpp"

namespace kith::apps {
namespace {

/// How much `descriptor` took of `bytes`; -1 with `errno` if nothing.
ssize_t write_some(int descriptor, std::string_view bytes) {
  for (;;) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) return written;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return -1;
    // Somebody else made the terminal or pipe non-blocking.
    pollfd writable{.fd = descriptor, .events = POLLOUT, .revents = 0};
    ::poll(&writable, 1, -1);
  }
}

}  // namespace

void write_output(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write_some(STDOUT_FILENO, bytes);
    if (written < 0 && errno == EPIPE) throw ReaderGone();
    if (written < 0)
      throw Failure(ExitCode::error,
                    fmt::format("cannot write to standard output: {}", std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_line(std::string_view line) {
  std::string with_break(line);
  with_break += '\n';
  write_output(with_break);
}

void write_error(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write_some(STDERR_FILENO, bytes);
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void complain(std::string_view line) { write_error(fmt::format("kith: {}\n", line)); }

bool is_terminal_for_progress() {
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr &&
         std::string_view(terminal) != "dumb";
}

std::optional<int> error_columns() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

std::string without_controls(std::string_view text) {
  std::string clean(text);
  std::ranges::replace_if(clean, [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; }, '?');
  return clean;
}

}  // namespace kith::apps
