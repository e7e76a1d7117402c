#include "apps/line_reader.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "apps/failure.hpp"
#include "overlay/exchange/limits.hpp"

namespace kith::apps {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

Failure too_long(std::string_view what, std::string_view advice) {
  return {ExitCode::error, fmt::format("{} is too long: a message holds {} bytes{}", what,
                                       overlay::kPayloadBytesMax, advice)};
}

}  // namespace

std::optional<std::string_view> LineReader::next() {
  for (;;) {
    const auto at = buffer_.find('\n', searched_);
    const auto end = std::min(at, buffer_.size());
    if (end - begin_ > overlay::kPayloadBytesMax)
      throw too_long(fmt::format("line {} of the input", lines_ + 1), "");
    if (at != std::string::npos) return take(end, end + 1);
    searched_ = end;
    if (fill()) continue;
    if (begin_ == buffer_.size()) return std::nullopt;
    return take(buffer_.size(), buffer_.size());
  }
}

std::string LineReader::rest() {
  do {
    if (buffer_.size() - begin_ > overlay::kPayloadBytesMax)
      throw too_long("the input", "; --lines publishes each line by itself");
  } while (fill());
  return buffer_.substr(begin_);
}

std::optional<double> LineReader::fraction() const {
  struct stat status{};
  if (::fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size <= 0)
    return std::nullopt;
  return static_cast<double>(read_bytes_) / static_cast<double>(status.st_size);
}

/// The line that ends at `end`; the next one begins at `next`.
std::string_view LineReader::take(std::size_t end, std::size_t next) {
  const auto line = std::string_view(buffer_).substr(begin_, end - begin_);
  begin_ = searched_ = next;
  ++lines_;
  return line;
}

/// Whether there is more.
bool LineReader::fill() {
  if (has_ended_) return false;
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  begin_ = 0;
  std::array<pollfd, 2> events{pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                               pollfd{.fd = stop_, .events = POLLIN, .revents = 0}};
  ::poll(events.data(), events.size(), -1);
  if (events[1].revents != 0) has_ended_ = true;
  if (events[1].revents != 0 || events[0].revents == 0) return !has_ended_;

  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const ssize_t read = ::read(STDIN_FILENO, buffer_.data() + before, kReadBytes);
  const int error = errno;
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(read, 0)));
  if (read < 0 && error != EINTR && error != EAGAIN)
    throw Failure(ExitCode::error,
                  fmt::format("cannot read standard input: {}", std::strerror(error)));
  has_ended_ = read == 0;
  read_bytes_ += static_cast<std::uint64_t>(std::max<ssize_t>(read, 0));
  return !has_ended_;
}

}  // namespace kith::apps
