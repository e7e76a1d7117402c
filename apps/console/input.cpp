#include "apps/console/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "apps/console/descriptor.hpp"
#include "apps/failure.hpp"

namespace kith::apps {
namespace {

[[noreturn]] void fail(const std::string& path, std::string_view why) {
  throw Failure(ExitCode::error,
                fmt::format("cannot read {}: {}", path == "-" ? "standard input" : path, why));
}

/// Until its end, or one byte more than it may have.
std::string read_all(const std::string& path, int descriptor, std::size_t bytes_max) {
  std::string content(bytes_max + 1, '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t got = ::read(descriptor, content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path, std::strerror(errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  content.resize(filled);
  return content;
}

}  // namespace

std::string read_input(const std::string& path, std::size_t bytes_max) {
  Descriptor file;
  if (path != "-") {
    file = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) fail(path, std::strerror(errno));
  }
  std::string content = read_all(path, path == "-" ? STDIN_FILENO : file.get(), bytes_max);
  if (content.size() > bytes_max) fail(path, fmt::format("it is longer than {} bytes", bytes_max));
  return content;
}

std::string text_or_input(const std::string& text, std::size_t bytes_max) {
  return trimmed(text == "-" ? read_input(text, bytes_max) : text);
}

std::string trimmed(const std::string& text) {
  constexpr const char* kSpaces = " \t\r\n";
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace kith::apps
